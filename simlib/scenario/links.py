"""The ways between hosts, and what every message on them costs beside its content."""

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from simlib.scenario.distributions import Distribution, NonNegative
from simlib.scenario.values import FrozenModel


class Link(FrozenModel):
    """The way between two hosts, and the connections kept open on it.

    A new connection takes ``connect_round_trips`` more round trips (TCP and TLS 1.3: 2) and the profile's
    http.connect_out and http.connect_in at its two ends.
    """

    round_trip: Distribution
    bandwidth: PositiveFloat | None = Field(default=None, description="bytes per second; none means unlimited")
    connections: PositiveInt | None = Field(default=None, description="most connections of one caller replica")
    keep_alive_s: PositiveFloat | None = Field(default=None, description="idle seconds before a connection closes")
    connect_round_trips: NonNegative = 2.0


class Network(FrozenModel):
    """The links of the world, and what every HTTP message costs beside its token and body."""

    client_to_service: Link
    client_to_authorization_server: Link
    service_to_authorization_server: Link
    between_services: Link | None = Field(
        default=None,
        description="gateway to service, service to service, and what the authorization server pushes; "
        "by default as service_to_authorization_server",
    )
    request_head_bytes: Annotated[int, Field(ge=1, le=1_000_000)]
    reply_head_bytes: Annotated[int, Field(ge=1, le=1_000_000)]

    @property
    def inside(self) -> Link:
        """The way between two hosts that are neither the client nor the called authorization server."""
        return self.between_services or self.service_to_authorization_server

"""Hosts of a world: links between them, servers with their stores, and the names of hosts in networks and records.

A name consists of the kind, the name of an inner service, and the region.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, model_validator

from simlib.scenario.base import FrozenModel
from simlib.scenario.distributions import Distribution, NonNegative


class Link(FrozenModel):
    """Link between two hosts, and the connections kept open on it.

    A new connection takes ``connect_round_trips`` more round trips (TCP and TLS 1.3: 2) and the profile's
    http.connect_out and http.connect_in at its two ends.
    """

    round_trip: Distribution
    bandwidth: PositiveFloat | None = Field(default=None, description="bytes per second; none means unlimited")
    connections: PositiveInt | None = Field(default=None, description="most connections of one caller replica")
    keep_alive_s: PositiveFloat | None = Field(default=None, description="idle seconds before a connection closes")
    connect_round_trips: NonNegative = 2.0


class Network(FrozenModel):
    """Links of the world, and the size of every HTTP message beside its token and body."""

    client_to_service: Link
    client_to_authorization_server: Link
    service_to_authorization_server: Link
    between_services: Link | None = Field(
        default=None,
        description="gateway to service, service to service, and pushes of the authorization server; "
        "by default as service_to_authorization_server",
    )
    request_head_bytes: Annotated[int, Field(ge=1, le=1_000_000)]
    reply_head_bytes: Annotated[int, Field(ge=1, le=1_000_000)]

    @property
    def internal_link(self) -> Link:
        """The link between two hosts that are neither the client nor the called authorization server."""
        return self.between_services or self.service_to_authorization_server


Share = Annotated[float, Field(ge=0, le=1)]
Discipline = Annotated[str, Field(pattern=r"[a-z][a-z0-9_]{0,39}$", examples=["fifo", "processor_sharing"])]
"""A queueing discipline of `simlib.engine.stations`; which ones there are is checked when a scenario is loaded."""


class HttpServer(FrozenModel):
    """HTTP server of the world: its own work per request and the workers of each replica."""

    work: Distribution
    workers: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=1, description="event loops, or cores when there are threads"
    )
    threads: PositiveInt | None = Field(
        default=None, description="a thread per request, also while it waits for other hosts; none means an event loop"
    )
    discipline: Discipline = "fifo"
    header_limit_bytes: Annotated[int, Field(ge=256, le=100_000_000)] | None = Field(
        default=None, description="a request with more bytes of headers is refused with 431; none means no limit"
    )


class Gateway(HttpServer):
    """A reverse proxy in front of the first service, for the designs that use one."""


class Backend(HttpServer):
    """The backend of single-page apps (BFF): it stores their tokens and sets a cookie for browsers."""


def _check_scope(scope: str) -> str:
    if not re.fullmatch(r"[!#-\[\]-~]+( [!#-\[\]-~]+)*", scope):
        raise ValueError('must be words of ASCII letters and signs, without " and \\, and one space between them')
    return scope


Scope = Annotated[str, AfterValidator(_check_scope)]
"""Words of RFC 6749 section 3.3."""


class InnerService(HttpServer):
    """A resource server that other services call. ``calls`` are the inner services that it calls for every request."""

    audience: str = Field(min_length=1)
    scope: Scope
    reply_bytes: Annotated[int, Field(ge=0, le=100_000_000)]
    calls: tuple[str, ...] = Field(default=(), strict=False)


class Service(InnerService):
    """The resource server (RS) that clients call: one API, its own work and the workers of each replica."""

    user_information_share: Share = Field(description="share of the requests that need claims about the user")
    sensitive_share: Share = Field(
        default=0.0, description="share of the requests for routes where a stale answer would be costly"
    )


class RateLimit(FrozenModel):
    """Limit on requests of one caller at each replica of the AS; further ones are answered 429 (a token bucket)."""

    requests_per_s: PositiveFloat
    burst: Annotated[int, Field(ge=1, le=1_000_000)]


ServerKind = Literal["built", "product"]
"""An authorization server that the organisation builds, or a product that it installs or rents."""


class AuthorizationServer(FrozenModel):
    """The authorization server (AS): its name, the workers of each replica and its other costs."""

    issuer: str = Field(min_length=1)
    kind: ServerKind = Field(
        default="built",
        description="of effort alone: with a product come its token store, endpoints and keys (data/effort/items.csv)",
    )
    workers: Annotated[int, Field(ge=1, le=100_000)] = 1
    discipline: Discipline = "fifo"
    rate_limit: RateLimit | None = None


class Database(FrozenModel):
    """A token store on a host of its own. ``call`` is the AS's CPU time per request, ``work`` the database's."""

    link: Link
    call: Distribution
    work: Distribution
    workers: Annotated[int, Field(ge=1, le=100_000)] = 1


class Store(FrozenModel):
    """The token store behind the AS: in its process (dict, sqlite), so its time is time of the AS's workers, or beyond
    a link with a pool of connections (database).
    """

    kind: Literal["dict", "sqlite", "database"] = "dict"
    database: Database | None = None

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "Store":
        if self.kind == "database" and self.database is None:
            raise ValueError("kind = 'database' needs a [world.store.database] table with link, call and work")
        if self.kind != "database" and self.database is not None:
            raise ValueError(f"a [world.store.database] table belongs to kind = 'database', not to {self.kind!r}")
        return self


CLIENT, BACKEND, GATEWAY, SERVICE = "client", "bff", "gateway", "service"
AUTHORIZATION_SERVER = "authorization_server"
STORE, SHARED_STORE = "store", "shared_store"
RESOURCE_SERVERS = (GATEWAY, SERVICE)
"""The kinds of hosts that check tokens."""
ENDPOINTS = (
    "authorize",
    "device_authorization",
    "device_verification",
    "token",
    "introspect",
    "revoke",
    "revocations",
    "status_list",
    "jwks",
    "userinfo",
)
"""Endpoints of an authorization server."""


def name_inner_service(name: str) -> str:
    """Return the host of an inner service."""
    return f"{SERVICE}/{name}"


def name_in_region(host: str, region: str) -> str:
    """Return the name of a host, or of a target of calls, in a region; the plain name in a world without regions."""
    return f"{host}@{region}" if region else host


def find_host_kind(host: str) -> str:
    """Find the kind of a host: "service" for each service in any region; "" for its threads."""
    name = host.partition("@")[0].partition("/")[0]
    return "" if host.endswith(".threads") else name

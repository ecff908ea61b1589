"""Who the clients are and where they are: client types with their sessions, and regions."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from simlib.scenario.distributions import Distribution
from simlib.scenario.hosts import Share
from simlib.scenario.values import FrozenModel

ClientKind = Literal["web", "spa", "spa_bff", "mobile", "machine", "device"]
"""A web application with a server, a single-page app without and with one, a mobile app, a machine, a device."""


class ClientType(FrozenModel):
    """One kind of client: its share of the users, and how long a session lasts until its user must sign in again.

    ``approval`` is how long the user of a device takes to approve it elsewhere.
    """

    kind: ClientKind
    share: Annotated[float, Field(gt=0, le=1)]
    session: Distribution
    approval: Distribution | None = None

    @model_validator(mode="after")
    def _lasts(self) -> "ClientType":
        if not self.session.mean() > 0:
            raise ValueError("session must have a mean above 0")
        if (self.kind == "device") != (self.approval is not None):
            raise ValueError("approval belongs to kind = 'device' and to no other")
        return self


class Regions(FrozenModel):
    """Where users and servers are. Services stand in every region; an AS that is not regional only in the first.

    ``round_trips`` names pairs as "eu-us", in the order of ``names``: between servers that is the whole way, for a
    client it comes on top of its own line.
    """

    names: Annotated[tuple[Annotated[str, Field(pattern="^[a-z][a-z0-9]{0,15}$")], ...], Field(min_length=2)] = Field(
        strict=False
    )
    shares: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(strict=False, description="of the users, by home")
    round_trips: Mapping[str, Distribution]
    roaming_share: Share = Field(default=0.0, description="share of the requests made in another region than home")

    @model_validator(mode="after")
    def _fits(self) -> "Regions":
        if len(set(self.names)) != len(self.names):
            raise ValueError("names must differ")
        if len(self.shares) != len(self.names) or abs(sum(self.shares) - 1.0) > 1e-9:
            raise ValueError("shares must be one per region and add up to 1")
        pairs = [f"{a}-{b}" for n, a in enumerate(self.names) for b in self.names[n + 1 :]]
        if set(self.round_trips) != set(pairs):
            raise ValueError(f"round_trips must have exactly the pairs {', '.join(pairs)}")
        return self

    def between(self, one: str, other: str) -> Distribution | None:
        """The round trip between two regions; None inside one."""
        if one == other:
            return None
        return self.round_trips.get(f"{one}-{other}") or self.round_trips[f"{other}-{one}"]

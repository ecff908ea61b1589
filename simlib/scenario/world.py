"""World of a scenario: the conditions that designs cannot choose, such as users, load, clients and regions."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from simlib.scenario.base import FrozenModel
from simlib.scenario.distributions import Distribution, NonNegative
from simlib.scenario.faults import Fault
from simlib.scenario.hosts import (
    AuthorizationServer,
    Backend,
    Database,
    Gateway,
    InnerService,
    Network,
    Service,
    Share,
    Store,
)
from simlib.scenario.loads import ClosedLoad, Load, ReplayLoad

ClientKind = Literal["web", "spa", "spa_bff", "mobile", "machine", "device"]
"""A web application with a server, a single-page app without and with one, a mobile app, a machine, a device."""


class ClientType(FrozenModel):
    """One kind of client: its share of the users, and the length of a session until its user must sign in again.

    ``approval`` is the time that the user of a device takes to approve it on another one.
    """

    kind: ClientKind
    share: Annotated[float, Field(gt=0, le=1)]
    session: Distribution
    approval: Distribution | None = None

    @model_validator(mode="after")
    def _check_session(self) -> "ClientType":
        if not self.session.mean() > 0:
            raise ValueError("session must have a mean above 0")
        if self.kind == "device" and self.approval is None:
            raise ValueError("kind = 'device' needs approval: the time until its user has approved it elsewhere")
        if self.kind != "device" and self.approval is not None:
            raise ValueError(f"approval belongs to kind = 'device', not to {self.kind!r}")
        return self


class Regions(FrozenModel):
    """Regions of users and servers. Services stand in every region; an AS that is not regional only in the first.

    ``round_trips`` names pairs as "eu-us", in the order of ``names``: the round trip between servers, and the addition
    to a client's own link.
    """

    names: Annotated[tuple[Annotated[str, Field(pattern="^[a-z][a-z0-9]{0,15}$")], ...], Field(min_length=2)] = Field(
        strict=False
    )
    shares: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(strict=False, description="of the users, by home")
    round_trips: Mapping[str, Distribution]
    roaming_share: Share = Field(default=0.0, description="share of the requests made in another region than home")

    @model_validator(mode="after")
    def _check_shares(self) -> "Regions":
        if len(set(self.names)) != len(self.names):
            raise ValueError("names must differ")
        if len(self.shares) != len(self.names) or abs(sum(self.shares) - 1.0) > 1e-9:
            raise ValueError("shares must be one per region and add up to 1")
        pairs = [f"{a}-{b}" for n, a in enumerate(self.names) for b in self.names[n + 1 :]]
        if set(self.round_trips) != set(pairs):
            raise ValueError(f"round_trips must have exactly the pairs {', '.join(pairs)}")
        return self

    def find_round_trip(self, one: str, other: str) -> Distribution | None:
        """Find the round trip between two regions; None inside one."""
        if one == other:
            return None
        return self.round_trips.get(f"{one}-{other}") or self.round_trips[f"{other}-{one}"]


class Population(FrozenModel):
    """Users: their number, and the skew of their requests (exponent of Zipf's law; 0 is even)."""

    users: Annotated[int, Field(ge=1, le=10_000_000)]
    zipf_exponent: NonNegative = 0.0


class Revocations(FrozenModel):
    """Tokens that are revoked before they expire and are presented nevertheless."""

    rate: Annotated[float, Field(ge=0, le=1e6)] = Field(
        default=0.0, description="revocations per second, over all users"
    )


class UserInformation(FrozenModel):
    """The claims about a user that the API may need: their number, and the length of each value."""

    claims: Annotated[int, Field(ge=1, le=200)] = 5
    value_bytes: Annotated[int, Field(ge=1, le=4096)] = 16


InnerName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,30}$")]


class World(FrozenModel):
    """The conditions of every design.

    ``inner_services``: the resource servers behind the first one, by name. ``shared_store``: a key-value store beside
    the servers, for designs that share a cache or a denylist. Without ``clients`` all users have sessions that began
    before the run and do not end in it. ``faults``: the faults of each run, by name.
    """

    population: Population
    load: Load
    network: Network
    service: Service
    authorization_server: AuthorizationServer
    gateway: Gateway | None = None
    backend: Backend | None = Field(default=None, description="of the clients of kind spa_bff")
    inner_services: dict[InnerName, InnerService] = Field(default={})
    clients: tuple[ClientType, ...] = Field(default=(), strict=False)
    regions: Regions | None = None
    store: Store = Store()
    shared_store: Database | None = None
    revocations: Revocations = Revocations()
    user_information: UserInformation = UserInformation()
    profile: str = "python-2026"
    faults: dict[InnerName, Fault] = Field(default={})

    @model_validator(mode="after")
    def _check_references(self) -> "World":
        if self.clients and abs(sum(kind.share for kind in self.clients) - 1.0) > 1e-9:
            raise ValueError("the shares of clients must add up to 1")
        with_backend = any(kind.kind == "spa_bff" for kind in self.clients)
        if with_backend and self.backend is None:
            raise ValueError("clients of kind spa_bff need a [world.backend] table")
        if not with_backend and self.backend is not None:
            raise ValueError("a [world.backend] table belongs to clients of kind spa_bff, and there are none")
        called = {"service": self.service.calls, **{name: s.calls for name, s in self.inner_services.items()}}
        for caller, callees in called.items():
            for callee in callees:
                if callee not in self.inner_services:
                    raise ValueError(f"{caller} calls {callee!r}, which is not one of inner_services")
        _refuse_circles(called)
        for name in self.inner_services:
            if not any(name in callees for callees in called.values()):
                raise ValueError(f"inner_services.{name} is called by no service; name it in calls or leave it out")
        return self

    def count_expected_requests(self, length_s: float) -> float:
        """Mean requests of ``length_s`` seconds; of a closed load, those of users whose answers take no time.

        0 for a replayed load, whose number is that of its log.
        """
        if isinstance(self.load, ReplayLoad):
            return 0.0
        if isinstance(self.load, ClosedLoad):
            return self.population.users * length_s / self.load.think.mean()
        return self.load.arrival_rate * length_s


def _refuse_circles(called: dict[str, tuple[str, ...]]) -> None:
    """A call graph must end: refuse services that call themselves, directly or through others."""

    def walk(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise ValueError(f"services call each other in a circle: {' -> '.join((*above, name))}")
        for callee in called[name]:
            walk(callee, (*above, name))

    walk("service", ())
    for name in called:
        walk(name, ())

"""The world of a scenario: what is given and not ours to choose."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from simlib.scenario.distributions import Distribution, NonNegative
from simlib.scenario.values import FrozenModel

Share = Annotated[float, Field(ge=0, le=1)]
Discipline = Literal["fifo", "processor_sharing"]


class Population(FrozenModel):
    """Who asks: how many users, and how unevenly their requests are spread (Zipf; 0 is even)."""

    users: Annotated[int, Field(ge=1, le=10_000_000)]
    zipf_exponent: NonNegative = 0.0


class PoissonLoad(FrozenModel):
    """Independent users: an open Poisson stream of requests."""

    kind: Literal["poisson"] = "poisson"
    arrival_rate: Annotated[float, Field(gt=0, le=1e7)] = Field(description="requests per second")


class DailyLoad(FrozenModel):
    """A Poisson stream whose rate follows the clock: ``profile`` holds weights of equal parts of a period."""

    kind: Literal["daily"] = "daily"
    arrival_rate: Annotated[float, Field(gt=0, le=1e7)] = Field(description="mean requests per second over a period")
    profile: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1e9)], ...], Field(min_length=2, max_length=10_000, strict=False)
    ] = Field(description="weights of equal parts of the period, such as 24 hours; only their ratios count")
    period_s: Annotated[float, Field(ge=1, le=1e9)] = 86_400.0
    begin_s: NonNegative = Field(default=0.0, description="where in the period the run begins")

    @model_validator(mode="after")
    def _somebody_comes(self) -> "DailyLoad":
        if not sum(self.profile) > 0:
            raise ValueError("profile must hold a weight above 0")
        return self


class BurstyLoad(FrozenModel):
    """A Poisson stream that switches between a quiet and a busy rate after exponential times (a two-state MMPP)."""

    kind: Literal["bursty"] = "bursty"
    quiet_rate: Annotated[float, Field(ge=0, le=1e7)] = Field(description="requests per second between bursts")
    burst_rate: Annotated[float, Field(gt=0, le=1e7)] = Field(description="requests per second in a burst")
    quiet_s: Annotated[float, Field(ge=0.001, le=1e9)] = Field(description="mean seconds between bursts")
    burst_s: Annotated[float, Field(ge=0.001, le=1e9)] = Field(description="mean seconds of a burst")

    @property
    def arrival_rate(self) -> float:
        """Mean requests per second."""
        quiet, burst = self.quiet_rate * self.quiet_s, self.burst_rate * self.burst_s
        return (quiet + burst) / (self.quiet_s + self.burst_s)


class ClosedLoad(FrozenModel):
    """The population's users, each with one request at a time and a think time between answer and next request."""

    kind: Literal["closed"] = "closed"
    think: Distribution

    @model_validator(mode="after")
    def _thinks(self) -> "ClosedLoad":
        if not self.think.mean() > 0:
            raise ValueError("think must have a mean above 0")
        return self


class ReplayLoad(FrozenModel):
    """The arrivals of a real log: access log or CSV, plain or gzipped."""

    kind: Literal["replay"] = "replay"
    file: Annotated[Path, Field(strict=False)]
    time_column: str | None = None
    user_column: str | None = None
    speed_up: Annotated[float, Field(ge=1e-6, le=1e9)] = 1.0
    copies: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    sha256: str | None = Field(default=None, description="refuse another file than this one")


OpenLoad = PoissonLoad | DailyLoad | BurstyLoad
Load = Annotated[OpenLoad | ClosedLoad | ReplayLoad, Field(discriminator="kind")]


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
    request_head_bytes: Annotated[int, Field(ge=1, le=1_000_000)]
    reply_head_bytes: Annotated[int, Field(ge=1, le=1_000_000)]


class Service(FrozenModel):
    """The resource server (RS): one API, its own work and the workers of each replica."""

    audience: str = Field(min_length=1)
    scope: str = Field(min_length=1)
    work: Distribution
    workers: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=1, description="event loops, or cores when there are threads"
    )
    threads: PositiveInt | None = Field(
        default=None, description="a thread per request, kept while it waits for others; none means an event loop"
    )
    discipline: Discipline = "fifo"
    reply_bytes: Annotated[int, Field(ge=0, le=100_000_000)]
    user_information_share: Share = Field(description="share of the requests that need claims about the user")


class AuthorizationServer(FrozenModel):
    """The authorization server (AS): its name, the workers of each replica and what else a request costs it."""

    issuer: str = Field(min_length=1)
    workers: Annotated[int, Field(ge=1, le=100_000)] = 1
    discipline: Discipline = "fifo"


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
        if (self.kind == "database") != (self.database is not None):
            raise ValueError("a [world.store.database] table belongs to kind = 'database' and to no other")
        return self


class Revocations(FrozenModel):
    """Tokens that are revoked before they expire, while somebody goes on presenting them."""

    rate: Annotated[float, Field(ge=0, le=1e6)] = Field(
        default=0.0, description="revocations per second, over all users"
    )


class UserInformation(FrozenModel):
    """The claims about a user that the API may need: how many, and how long each value is."""

    claims: Annotated[int, Field(ge=1, le=200)] = 5
    value_bytes: Annotated[int, Field(ge=1, le=4096)] = 16


class World(FrozenModel):
    """Everything that a design has to live with."""

    population: Population
    load: Load
    network: Network
    service: Service
    authorization_server: AuthorizationServer
    store: Store = Store()
    revocations: Revocations = Revocations()
    user_information: UserInformation = UserInformation()
    profile: str = "python-2026"

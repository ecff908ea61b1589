"""The servers of a world: services, gateway, authorization server, and their stores."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from simlib.scenario.distributions import Distribution
from simlib.scenario.links import Link
from simlib.scenario.values import FrozenModel

Share = Annotated[float, Field(ge=0, le=1)]
Discipline = Literal["fifo", "processor_sharing"]


class Listening(FrozenModel):
    """What every HTTP server of the world has: its own work per request and the workers of each replica."""

    work: Distribution
    workers: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=1, description="event loops, or cores when there are threads"
    )
    threads: PositiveInt | None = Field(
        default=None, description="a thread per request, kept while it waits for others; none means an event loop"
    )
    discipline: Discipline = "fifo"
    header_limit_bytes: Annotated[int, Field(ge=256, le=100_000_000)] | None = Field(
        default=None, description="a request with more bytes of headers is refused with 431; none means no limit"
    )


class Gateway(Listening):
    """A reverse proxy in front of the first service, for the designs that use one."""


class Backend(Listening):
    """The backend of single-page apps (BFF): it keeps their tokens and gives browsers a cookie."""


class InnerService(Listening):
    """A resource server that other services call. ``calls`` are the inner services that it calls for every request."""

    audience: str = Field(min_length=1)
    scope: str = Field(min_length=1)
    reply_bytes: Annotated[int, Field(ge=0, le=100_000_000)]
    calls: tuple[str, ...] = Field(default=(), strict=False)


class Service(InnerService):
    """The resource server (RS) that clients call: one API, its own work and the workers of each replica."""

    user_information_share: Share = Field(description="share of the requests that need claims about the user")
    sensitive_share: Share = Field(
        default=0.0, description="share of the requests for routes where a stale answer would be dear"
    )


class RateLimit(FrozenModel):
    """How many requests each replica of the AS takes from one caller; more are answered 429 (a token bucket)."""

    requests_per_s: PositiveFloat
    burst: Annotated[int, Field(ge=1, le=1_000_000)]


class AuthorizationServer(FrozenModel):
    """The authorization server (AS): its name, the workers of each replica and what else a request costs it."""

    issuer: str = Field(min_length=1)
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
        if (self.kind == "database") != (self.database is not None):
            raise ValueError("a [world.store.database] table belongs to kind = 'database' and to no other")
        return self

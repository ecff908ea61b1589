"""What goes wrong in a world, one kind of fault per class; hosts are named as `simlib.scenario.hosts` names them.

In a world with regions a plain name means that host in every region. A fault *claims* the things whose state it sets,
so that two that contradict each other are told apart from two that merely come together.
"""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from simlib.scenario.distributions import NonNegative
from simlib.scenario.fault_schedules import Lasting, Sudden
from simlib.scenario.hosts import AUTHORIZATION_SERVER, CLIENT, ENDPOINTS, STORE, Share

Resolve = Callable[[str], tuple[str, ...]]
"""A host's name -> the hosts that are meant, region by region."""
Claims = frozenset[str]

MOST_REPLICAS = 1000
Factor = Annotated[float, Field(gt=1, le=1e6)]
Rate = Annotated[float, Field(gt=0, le=1e6)]


class Down(Lasting):
    """A server that is not there. New calls are refused after the way there and back (RFC 9293 section 3.5.2), and what
    it was working on is lost: its callers' connections are reset. What it has in memory stays; see `ColdStart`.

    ``endpoint``: only this endpoint of the authorization server, such as "jwks": calls to it are refused, no work is
    lost.
    """

    kind: Literal["down"] = "down"
    host: str
    endpoint: str | None = None

    def claims(self, resolve: Resolve) -> Claims:
        """That it serves, each of its endpoints, and how fast."""
        hosts = resolve(self.host)
        if self.endpoint is not None:
            return frozenset(f"{host} serves {self.endpoint}" for host in hosts)
        return frozenset(f"{host} {what}" for host in hosts for what in ("serves", "speed", "full", *_serves(host)))


class Slow(Lasting):
    """A server on which everything takes ``factor`` times as long, what is under way included."""

    kind: Literal["slow"] = "slow"
    host: str
    factor: Factor

    def claims(self, resolve: Resolve) -> Claims:
        """How fast it is."""
        return frozenset(f"{host} speed" for host in resolve(self.host))


class Partition(Lasting):
    """Two hosts that cannot reach each other: messages between them are lost, in both directions. Callers meet their
    timeout, or, when they set none, what TCP gives them (`simlib.engine.lost_messages`).
    """

    kind: Literal["partition"] = "partition"
    between: Annotated[tuple[str, str], Field(strict=False)]

    def claims(self, resolve: Resolve) -> Claims:
        """The way between the two."""
        one, other = (resolve(host) for host in self.between)
        return frozenset(f"way {' - '.join(sorted((a, b)))}" for a in one for b in other)


class JwksEmptied(Lasting):
    """The key set endpoint answers 200 with a set that holds no key, as after a failed deployment."""

    kind: Literal["jwks_emptied"] = "jwks_emptied"

    def claims(self, resolve: Resolve) -> Claims:
        """What the endpoint serves."""
        return frozenset(f"{host} serves jwks" for host in resolve(AUTHORIZATION_SERVER))


class KeyRotation(Sudden):
    """From ``at_s`` the authorization server signs with a new key; designs without a key pair notice nothing.

    Planned: the new key is in the key set ``published_before_s`` before it signs, the old one for ``kept_s`` after.
    ``emergency``: the new key comes and the old one goes at that instant, as after a leak, and with it every token that
    it has signed: they count as revoked then.
    """

    kind: Literal["key_rotation"] = "key_rotation"
    emergency: bool = False
    published_before_s: NonNegative | None = None
    kept_s: NonNegative | None = None

    @model_validator(mode="after")
    def _says_how(self) -> "KeyRotation":
        told = (self.published_before_s is not None, self.kept_s is not None)
        if any(told) if self.emergency else not all(told):
            raise ValueError("needs published_before_s and kept_s, or emergency = true and neither of them")
        return self

    @property
    def ahead_s(self) -> float:
        """Seconds from the publication of the new key to its first signature."""
        return self.published_before_s or 0.0

    def claims(self, resolve: Resolve) -> Claims:
        """Which key is coming."""
        return frozenset({"the coming key"})


class UnknownKidFlood(Lasting):
    """Strangers send API requests with tokens that name keys which nobody knows, each another, signed by a key of their
    own; ``rate`` is requests per second.
    """

    kind: Literal["unknown_kid_flood"] = "unknown_kid_flood"
    rate: Rate

    def claims(self, resolve: Resolve) -> Claims:
        """Nothing: floods add up."""
        return frozenset()


class RandomTokenFlood(Lasting):
    """Strangers send API requests with random strings as tokens, each another; ``rate`` is requests per second."""

    kind: Literal["random_token_flood"] = "random_token_flood"
    rate: Rate

    def claims(self, resolve: Resolve) -> Claims:
        """Nothing: floods add up."""
        return frozenset()


class ColdStart(Sudden):
    """All replicas of a host begin anew with empty memories: caches, key sets, lists, sessions of a backend, a token
    store of kind "dict". Requests under way end with what they know.
    """

    kind: Literal["cold_start"] = "cold_start"
    host: str

    def claims(self, resolve: Resolve) -> Claims:
        """What it has in memory."""
        return frozenset(f"{host} memory" for host in resolve(self.host))


class MassLogout(Sudden):
    """The sessions of a ``share`` of the users end at the authorization server: refresh and access tokens are revoked,
    user by user, as work of that server. Who can sign in again does so.
    """

    kind: Literal["mass_logout"] = "mass_logout"
    share: Annotated[Share, Field(gt=0)]

    def claims(self, resolve: Resolve) -> Claims:
        """The users' sessions."""
        return frozenset({"sessions"})


class RefreshHerd(Sudden):
    """The access tokens of a ``share`` of the clients end at one instant, as after a deployment that restarted all of
    them: each needs a new one with its next request, and from then on they end in phase. Browsers with a backend, which
    hold no token, are no part of it.
    """

    kind: Literal["refresh_herd"] = "refresh_herd"
    share: Annotated[Share, Field(gt=0)]

    def claims(self, resolve: Resolve) -> Claims:
        """The clients' tokens."""
        return frozenset({"held tokens"})


class ClockSkew(Lasting):
    """The clock of a host, or of one ``replica`` of it, is ``skew_s`` ahead (behind when negative)."""

    kind: Literal["clock_skew"] = "clock_skew"
    host: str
    skew_s: float
    replica: Annotated[int, Field(ge=0, lt=MOST_REPLICAS)] | None = None

    @model_validator(mode="after")
    def _is_off(self) -> "ClockSkew":
        if self.skew_s == 0:
            raise ValueError("skew_s must not be 0")
        return self

    def claims(self, resolve: Resolve) -> Claims:
        """The clocks."""
        numbers = range(MOST_REPLICAS) if self.replica is None else (self.replica,)
        return frozenset(f"{host} clock {number}" for host in resolve(self.host) for number in numbers)


class RetryStorm(Lasting):
    """Whoever gets no usable answer asks again at once, up to ``times`` times: the people at the clients, or the
    servers named as ``caller``. Nothing happens as long as nothing fails.
    """

    kind: Literal["retry_storm"] = "retry_storm"
    times: Annotated[int, Field(ge=1, le=1000)]
    caller: str = CLIENT

    def claims(self, resolve: Resolve) -> Claims:
        """What the callers do."""
        return frozenset(f"{host} repeats" for host in resolve(self.caller))


class StoreSlow(Lasting):
    """The token store takes ``factor`` times as long: its host, or its part of the authorization server's work."""

    kind: Literal["store_slow"] = "store_slow"
    factor: Factor

    def claims(self, resolve: Resolve) -> Claims:
        """How fast it is."""
        return frozenset(f"{host} speed" for host in resolve(STORE))


class StoreFull(Lasting):
    """The token store takes no writes; reads work. Whoever needed to write answers 500."""

    kind: Literal["store_full"] = "store_full"

    def claims(self, resolve: Resolve) -> Claims:
        """Whether it takes more."""
        return frozenset(f"{host} full" for host in resolve(STORE))


Fault = Annotated[
    Down
    | Slow
    | Partition
    | JwksEmptied
    | KeyRotation
    | UnknownKidFlood
    | RandomTokenFlood
    | ColdStart
    | MassLogout
    | RefreshHerd
    | ClockSkew
    | RetryStorm
    | StoreSlow
    | StoreFull,
    Field(discriminator="kind"),
]
Flood = UnknownKidFlood | RandomTokenFlood


def _serves(host: str) -> tuple[str, ...]:
    """Its endpoints, which an authorization server that is down does not serve either."""
    named = host.partition("@")[0]
    return tuple(f"serves {name}" for name in ENDPOINTS) if named == AUTHORIZATION_SERVER else ()


def hosts_named(fault: Fault) -> tuple[tuple[str, str], ...]:
    """Key -> host, for each host that a fault names."""
    if isinstance(fault, Down | Slow | ColdStart | ClockSkew):
        return (("host", fault.host),)
    if isinstance(fault, Partition):
        return (("between", fault.between[0]), ("between", fault.between[1]))
    return (("caller", fault.caller),) if isinstance(fault, RetryStorm) else ()

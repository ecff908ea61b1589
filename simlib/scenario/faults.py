"""Faults of a world, one kind per class; hosts are named as in `simlib.scenario.hosts`.

In a world with regions a plain name means that host in every region. A fault *claims* the resources whose state it
sets: two faults with a common claim contradict each other, others may happen together.
"""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from simlib.scenario.distributions import NonNegative
from simlib.scenario.fault_schedules import LastingFault, SuddenFault
from simlib.scenario.hosts import AUTHORIZATION_SERVER, CLIENT, ENDPOINTS, STORE, Share

Resolve = Callable[[str], tuple[str, ...]]
"""A host's name -> its hosts, region by region."""
Claims = frozenset[str]

MOST_REPLICAS = 1000
Factor = Annotated[float, Field(gt=1, le=1e6)]
Rate = Annotated[float, Field(gt=0, le=1e6)]


class Down(LastingFault):
    """A server that is down. New calls are refused after a round trip (RFC 9293 section 3.5.2), and its work is lost:
    the connections of its callers are reset. Its memory is kept; see `ColdStart`.

    ``endpoint``: only this endpoint of the authorization server, such as "jwks": calls to it are refused, no work is
    lost.
    """

    kind: Literal["down"] = "down"
    host: str
    endpoint: str | None = None

    def list_claims(self, resolve: Resolve) -> Claims:
        """List its service, each of its endpoints, and its speed."""
        hosts = resolve(self.host)
        if self.endpoint is not None:
            return frozenset(f"{host} serves {self.endpoint}" for host in hosts)
        return frozenset(
            f"{host} {what}" for host in hosts for what in ("serves", "speed", "full", *_list_served(host))
        )


class Slow(LastingFault):
    """A server on which all work takes ``factor`` times as long, work under way included."""

    kind: Literal["slow"] = "slow"
    host: str
    factor: Factor

    def list_claims(self, resolve: Resolve) -> Claims:
        """List its speed."""
        return frozenset(f"{host} speed" for host in resolve(self.host))


class Partition(LastingFault):
    """Two hosts that cannot reach each other: messages between them are lost, in both directions. Callers wait for
    their timeout, or, without one, for that of TCP.
    """

    kind: Literal["partition"] = "partition"
    between: Annotated[tuple[str, str], Field(strict=False)]

    def list_claims(self, resolve: Resolve) -> Claims:
        """List the path between the two."""
        one, other = (resolve(host) for host in self.between)
        return frozenset(f"way {' - '.join(sorted((a, b)))}" for a in one for b in other)


class JwksEmptied(LastingFault):
    """The key set endpoint answers 200 with a set that holds no key, as after a failed deployment."""

    kind: Literal["jwks_emptied"] = "jwks_emptied"

    def list_claims(self, resolve: Resolve) -> Claims:
        """List the content of the endpoint."""
        return frozenset(f"{host} serves jwks" for host in resolve(AUTHORIZATION_SERVER))


class KeyRotation(SuddenFault):
    """From ``at_s`` the authorization server signs with a new key; designs without a key pair are not affected.

    Planned: the new key is in the key set ``published_before_s`` before it signs, the old one for ``kept_s`` after.
    ``emergency``: the new key replaces the old one at that instant, as after a leak, and every token signed by the old
    one counts as revoked.
    """

    kind: Literal["key_rotation"] = "key_rotation"
    emergency: bool = False
    published_before_s: NonNegative | None = None
    kept_s: NonNegative | None = None

    @model_validator(mode="after")
    def _check_kind_of_rotation(self) -> "KeyRotation":
        planned = (self.published_before_s is not None, self.kept_s is not None)
        if any(planned) if self.emergency else not all(planned):
            raise ValueError("needs published_before_s and kept_s, or emergency = true and neither of them")
        return self

    @property
    def publication_lead_s(self) -> float:
        """Seconds from the publication of the new key to its first signature."""
        return self.published_before_s or 0.0

    def list_claims(self, resolve: Resolve) -> Claims:
        """List the next key."""
        return frozenset({"the coming key"})


class UnknownKidFlood(LastingFault):
    """Strangers send API requests with tokens that name unknown keys, each another one, signed by keys of their own;
    ``rate`` is requests per second.
    """

    kind: Literal["unknown_kid_flood"] = "unknown_kid_flood"
    rate: Rate

    def list_claims(self, resolve: Resolve) -> Claims:
        """List no claims: floods add up."""
        return frozenset()


class RandomTokenFlood(LastingFault):
    """Strangers send API requests with random strings as tokens, each another one; ``rate`` is requests per second."""

    kind: Literal["random_token_flood"] = "random_token_flood"
    rate: Rate

    def list_claims(self, resolve: Resolve) -> Claims:
        """List no claims: floods add up."""
        return frozenset()


class ColdStart(SuddenFault):
    """All replicas of a host restart with empty memories: caches, key sets, lists, sessions of a backend, a token
    store of kind "dict". Requests under way end with the old memory.
    """

    kind: Literal["cold_start"] = "cold_start"
    host: str

    def list_claims(self, resolve: Resolve) -> Claims:
        """List its memory."""
        return frozenset(f"{host} memory" for host in resolve(self.host))


class MassLogout(SuddenFault):
    """The sessions of a ``share`` of the users end at the authorization server: refresh and access tokens are revoked,
    user by user, as work of that server. Users who can sign in again do so.
    """

    kind: Literal["mass_logout"] = "mass_logout"
    share: Annotated[Share, Field(gt=0)]

    def list_claims(self, resolve: Resolve) -> Claims:
        """List the users' sessions."""
        return frozenset({"sessions"})


class RefreshHerd(SuddenFault):
    """The access tokens of a ``share`` of the clients expire at one instant, as after a deployment that restarted all
    of them: each needs a new one with its next request, and from then on they expire in phase. Browsers with a backend,
    which hold no token, are not affected.
    """

    kind: Literal["refresh_herd"] = "refresh_herd"
    share: Annotated[Share, Field(gt=0)]

    def list_claims(self, resolve: Resolve) -> Claims:
        """List the clients' tokens."""
        return frozenset({"held tokens"})


class ClockSkew(LastingFault):
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

    def list_claims(self, resolve: Resolve) -> Claims:
        """List the clocks."""
        numbers = range(MOST_REPLICAS) if self.replica is None else (self.replica,)
        return frozenset(f"{host} clock {number}" for host in resolve(self.host) for number in numbers)


class RetryStorm(LastingFault):
    """Requests without a usable answer are repeated at once, up to ``times`` times: by users at the clients, or by the
    servers named as ``caller``. It has no effect as long as no request fails.
    """

    kind: Literal["retry_storm"] = "retry_storm"
    times: Annotated[int, Field(ge=1, le=1000)]
    caller: str = CLIENT

    def list_claims(self, resolve: Resolve) -> Claims:
        """List the callers' repetitions."""
        return frozenset(f"{host} repeats" for host in resolve(self.caller))


class StoreSlow(LastingFault):
    """The token store takes ``factor`` times as long: its host, or its part of the authorization server's work."""

    kind: Literal["store_slow"] = "store_slow"
    factor: Factor

    def list_claims(self, resolve: Resolve) -> Claims:
        """List its speed."""
        return frozenset(f"{host} speed" for host in resolve(STORE))


class StoreFull(LastingFault):
    """The token store accepts no writes; reads work. Servers that need to write answer 500."""

    kind: Literal["store_full"] = "store_full"

    def list_claims(self, resolve: Resolve) -> Claims:
        """List its capacity."""
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


def _list_served(host: str) -> tuple[str, ...]:
    """List the endpoints of an authorization server, none of which it serves while it is down."""
    named = host.partition("@")[0]
    return tuple(f"serves {name}" for name in ENDPOINTS) if named == AUTHORIZATION_SERVER else ()


def list_hosts(fault: Fault) -> tuple[tuple[str, str], ...]:
    """List the hosts that a fault names, as pairs of key and host."""
    if isinstance(fault, Down | Slow | ColdStart | ClockSkew):
        return (("host", fault.host),)
    if isinstance(fault, Partition):
        return (("between", fault.between[0]), ("between", fault.between[1]))
    return (("caller", fault.caller),) if isinstance(fault, RetryStorm) else ()

"""Key rotation: an authorization server whose signing key changes while it runs."""

from collections.abc import Callable, Mapping
from math import inf
from typing import Any, NamedTuple

from simlib.scenario.effects import Context, Flow
from simlib.scenario.messages import TokenRow
from simlib.strategies import (
    Grant,
    Issued,
    Issuer,
)
from simlib.tokens import KeySet, SigningKey, read_key_id


class KeyChange(NamedTuple):
    """The next key: it signs from an instant on, is published at another, and the one before is withdrawn at a third.

    All in seconds.
    """

    signs_at: float
    published_at: float
    withdraws_at: float


class RotatingIssuer:
    """One part per key, each with a key of its own and everything else the same; the present one issues and signs."""

    def __init__(self, issuers: tuple[Issuer, ...], changes: tuple[KeyChange, ...]) -> None:
        self._issuers = issuers
        self._keys = tuple(issuer.list_keys() for issuer in issuers)
        self._signs_from = (-inf, *(change.signs_at for change in changes))
        self._published_from = (-inf, *(change.published_at for change in changes))
        self._withdrawn_at = (*(change.withdraws_at for change in changes), inf)
        self.token_format = getattr(issuers[0], "token_format", None)
        if hasattr(issuers[0], "sign"):  # only a server with a key has it, and this one must look the same
            self.sign = self._sign

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Make an access token with the present key."""
        return self._choose_issuer(ctx.now()).issue(ctx, grant)

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """Row that a token stands for now; None too when its key was withdrawn."""
        issuer = self._find_issuer(token, ctx.now())
        if issuer is None:
            return None
        return (yield from issuer.inspect(ctx, token))

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Let a token be inactive from now on; whether there was such a token."""
        issuer = self._find_issuer(token, ctx.now())
        if issuer is None:
            return False
        return (yield from issuer.revoke(ctx, token))

    def list_keys(self) -> tuple[SigningKey, ...]:
        """The keys of the beginning; what is published later says `key_set`."""
        return self._keys[0]

    def find_key_set(self, now: float) -> KeySet:
        """Keys that the key set endpoint serves at an instant (seconds): the newest key first."""
        there = [n for n in range(len(self._issuers)) if self._published_from[n] <= now < self._withdrawn_at[n]]
        return KeySet(tuple(key.verification_key for n in reversed(there) for key in self._keys[n]))

    def _sign(self, ctx: Context, claims: Mapping[str, Any], typ: str) -> Flow[str]:
        present: Any = self._choose_issuer(ctx.now())
        signed: Flow[str] = present.sign(ctx, claims, typ)
        return signed

    def _choose_issuer(self, now: float) -> Issuer:
        return self._issuers[max(n for n, begin in enumerate(self._signs_from) if begin <= now)]

    def _find_issuer(self, token: str, now: float) -> Issuer | None:
        """The part whose key a token names; the present one for a token that names none of its keys."""
        kid = read_key_id(token)
        for number, keys in enumerate(self._keys):
            if any(key.kid == kid for key in keys):
                return self._issuers[number] if now < self._withdrawn_at[number] else None
        return self._choose_issuer(now)


def rotate_keys(make: Callable[[int], Issuer], changes: tuple[KeyChange, ...]) -> Issuer:
    """The issuer whose n-th key comes from ``make(n)``; a single one when it has no key pair or keeps it."""
    first = make(0)
    if not changes or not first.list_keys():
        return first
    return RotatingIssuer((first, *(make(number + 1) for number in range(len(changes)))), changes)


def withdraws_keys(issuer: Any) -> bool:
    """Whether tokens of this issuer end with the key that signed them."""
    while not isinstance(issuer, RotatingIssuer):
        if not hasattr(issuer, "inner"):
            return False
        issuer = issuer.inner
    return issuer.token_format is not None and issuer.token_format.is_signed

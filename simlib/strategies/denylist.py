"""What the denylists have in common: entries by issuer and ``jti``, and what a verdict becomes of them.

The key is never the token as a string, which can be written in several ways that verify alike (CVE-2015-7546).
"""

import heapq
from collections.abc import Mapping
from typing import Any, NamedTuple

from simlib.scenario.effects import Verdict
from simlib.strategies.verdicts import refuse_invalid_token
from simlib.tokens import from_numeric_date

KEPT_AFTER_EXPIRY_S = 60.0
"""Seconds that the authorization server keeps an entry after ``exp``, for clocks with leeway (assumption)."""


class DenylistEntry(NamedTuple):
    """One token that was revoked: who issued it, its ``jti``, and its ``exp`` (seconds)."""

    issuer: str
    jti: str
    expires_at: float


class Denylist:
    """The revoked tokens that one replica knows of, forgotten when they could not be accepted any more."""

    __slots__ = ("_ends", "_until")

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}
        self._ends: list[tuple[float, tuple[str, str]]] = []

    def __len__(self) -> int:
        return len(self._until)

    def add(self, denied: DenylistEntry, leeway: float, now: float) -> None:
        """Deny a token until its expiry and the leeway granted there have passed, and forget those that have."""
        key, until = (denied.issuer, denied.jti), denied.expires_at + leeway
        if key not in self._until and until > now:
            self._until[key] = until
            heapq.heappush(self._ends, (until, key))
        while self._ends and self._ends[0][0] <= now:
            del self._until[heapq.heappop(self._ends)[1]]

    def is_denied(self, issuer: str, jti: str) -> bool:
        """Whether this token was revoked, as far as is known here."""
        return (issuer, jti) in self._until


def find_token_identity(claims: Mapping[str, Any]) -> tuple[str, str] | None:
    """Issuer and ``jti``, if they are there."""
    issuer, jti = claims.get("iss"), claims.get("jti")
    return (issuer, jti) if isinstance(issuer, str) and isinstance(jti, str) else None


def read_denylist_entry(claims: Mapping[str, Any]) -> DenylistEntry | None:
    """The entry that such claims, or an entry of a feed with the same names, stand for."""
    identity, expiry = find_token_identity(claims), claims.get("exp")
    if identity is None or isinstance(expiry, bool) or not isinstance(expiry, int | float):
        return None
    return DenylistEntry(*identity, from_numeric_date(expiry))


def refuse_denied(verdict: Verdict, based_on: float) -> Verdict:
    """The token was revoked."""
    return refuse_invalid_token("denied", max(verdict.based_on, based_on))


def refuse_unidentified(verdict: Verdict) -> Verdict:
    """Nobody can tell whether a token without ``iss`` and ``jti`` was revoked."""
    return refuse_invalid_token("no_jti", verdict.based_on)

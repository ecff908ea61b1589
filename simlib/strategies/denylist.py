"""Denylist of revoked tokens, by issuer and ``jti``: settings, wrapper and validator that the polled, the pushed and
the shared denylist have in common.

The key is never the text of the token, which can be written in several ways that verify alike (CVE-2015-7546)."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from simlib.scenario.effects import Context, Flow, Verdict
from simlib.strategies.base import DeploymentConfig, PresentedToken, check_numbers
from simlib.strategies.protocols import Validator, Wrapper
from simlib.strategies.verdicts import refuse_invalid_token
from simlib.strategies.wrappers import ValidatorWrapper, WrapperState
from simlib.tokens import JWT, TokenFormat, from_numeric_date, is_finite_number

KEPT_AFTER_EXPIRY_S = 60.0
"""Seconds that the authorization server keeps an entry after ``exp``, for clocks with leeway (assumption)."""


class DenylistEntry(NamedTuple):
    """A revoked token: issuer, ``jti``, and ``exp`` (seconds)."""

    issuer: str
    jti: str
    expires_at: float


class Denylist:
    """Revoked tokens in one replica, each until it would not be accepted any more."""

    __slots__ = ("_ends", "_until")

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}
        self._ends: list[tuple[float, tuple[str, str]]] = []

    def __len__(self) -> int:
        return len(self._until)

    def add(self, entry: DenylistEntry, leeway: float, now: float) -> None:
        """Add a token until its expiry plus leeway, and remove those whose time has passed."""
        key, until = (entry.issuer, entry.jti), entry.expires_at + leeway
        if key not in self._until and until > now:
            self._until[key] = until
            heapq.heappush(self._ends, (until, key))
        while self._ends and self._ends[0][0] <= now:
            del self._until[heapq.heappop(self._ends)[1]]

    def is_denied(self, issuer: str, jti: str) -> bool:
        """Whether this token is listed."""
        return (issuer, jti) in self._until


def find_token_identity(claims: Mapping[str, Any]) -> tuple[str, str] | None:
    """Find issuer and ``jti`` in claims; None when either is missing."""
    issuer, jti = claims.get("iss"), claims.get("jti")
    return (issuer, jti) if isinstance(issuer, str) and isinstance(jti, str) else None


def read_denylist_entry(claims: Mapping[str, Any]) -> DenylistEntry | None:
    """Read the entry from the claims of a token, or from an entry of a feed with the same names."""
    identity, expiry = find_token_identity(claims), claims.get("exp")
    if identity is None or not is_finite_number(expiry):
        return None
    return DenylistEntry(*identity, from_numeric_date(expiry))


def refuse_denied(verdict: Verdict, based_on: float) -> Verdict:
    """Refuse a token that was revoked."""
    return refuse_invalid_token("denied", max(verdict.based_on, based_on))


def refuse_unidentified(verdict: Verdict) -> Verdict:
    """Refuse a token without ``iss`` and ``jti``, whose revocation cannot be looked up."""
    return refuse_invalid_token("no_jti", verdict.based_on)


@dataclass(frozen=True)
class DenylistSettings:
    """``timeout_s`` bounds one call that fetches, pushes or looks up entries."""

    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        check_numbers(self, positive=("timeout_s",))


class DenylistWrapper(Wrapper):
    """A denylist around services, for JWTs, whose ``iss`` and ``jti`` the authorization server reads to revoke."""

    formats: ClassVar[frozenset[TokenFormat]] = frozenset({JWT})
    at_edge: ClassVar[bool] = False

    def __init__(self, settings: Any, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment


class DenylistValidator(ValidatorWrapper):
    """Makes all other checks first, then looks the token up; a subclass defines `_look_up`."""

    def __init__(self, inner: Validator) -> None:
        super().__init__(inner)
        self._leeway_s = inner.compute_bound().after_expiry_s

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """Make all other checks first, then look the token up by issuer and ``jti``."""
        verdict = yield from super().validate(ctx, state, presented)
        if not verdict.accepted:
            return verdict
        identity = find_token_identity(verdict.claims)
        if identity is None:
            return refuse_unidentified(verdict)
        return (yield from self._look_up(ctx, state.own, verdict, identity))

    def _look_up(self, ctx: Context, own: Any, verdict: Verdict, identity: tuple[str, str]) -> Flow[Verdict]:
        """Look a token up; ``own`` is the wrapper's own state, ``verdict`` the accepted one of all other checks."""
        raise NotImplementedError

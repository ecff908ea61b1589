"""A victim: does not look at the clock (RFC 7519 sections 4.1.4 and 4.1.5)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from simlib.scenario.verdict import Verdict
from simlib.strategies import refusals
from simlib.strategies.base import Bound
from simlib.strategies.jwt_local import JwtLocal
from simlib.tokens import has_scope


class NoTime(JwtLocal):
    """Checks everything but ``exp``, ``nbf`` and ``iat``."""

    name: ClassVar[str] = "no_time"
    summary: ClassVar[str] = "victim: JWT verified, but a token never ends and is never too early"
    refused: ClassVar[str] = "tokens would never end (RFC 7519 section 4.1.4); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def bound(self) -> Bound:
        """Nothing is promised."""
        return Bound(float("inf"), float("inf"))

    def _judged(self, claims: Mapping[str, Any], now: float, scope: str) -> Verdict:
        return Verdict(True, claims=claims) if has_scope(claims, scope) else refusals.insufficient_scope(scope)

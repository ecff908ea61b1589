"""The verdict on claims whose signature, issuer and audience have been verified."""

from collections.abc import Mapping
from typing import Any

from simlib.scenario.effects import Verdict
from simlib.strategies import refusals
from simlib.tokens import from_numeric_date, has_scope, judge_time


def judge_claims(claims: Mapping[str, Any], now: float, leeway: float, scope: str) -> Verdict:
    """In time at ``now`` (seconds), and for this scope; the server's last word about them was when they were issued."""
    based_on = from_numeric_date(claims["iat"]) if isinstance(claims["iat"], int | float) else 0.0
    untimely = judge_time(claims, now, leeway)
    if untimely is not None:
        return refusals.invalid_token(untimely, based_on)
    if not has_scope(claims, scope):
        return refusals.insufficient_scope(scope, based_on)
    return Verdict(True, claims=claims, based_on=based_on)

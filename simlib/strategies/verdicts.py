"""Verdicts of a resource server: refusals with the error codes of RFC 6750 section 3.1, and the judgement of claims.

Instants and leeway in seconds."""

from collections.abc import Mapping
from math import inf
from typing import Any

from simlib.scenario.effects import Verdict
from simlib.tokens import from_numeric_date, has_scope, judge_time


def refuse_missing_token() -> Verdict:
    """Refuse a request without credentials: 401 without an error code."""
    return Verdict(False, 401, "no_token", challenge="Bearer")


def refuse_invalid_token(reason: str, based_on: float = 0.0) -> Verdict:
    """Refuse a token that is expired, revoked, malformed or for another audience: 401 invalid_token.

    ``reason`` names the check.
    """
    return Verdict(False, 401, reason, challenge='Bearer error="invalid_token"', based_on=based_on)


def refuse_insufficient_scope(scope: str, based_on: float = 0.0) -> Verdict:
    """Refuse a valid token that lacks the scope: 403 insufficient_scope."""
    challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
    return Verdict(False, 403, "scope", challenge=challenge, based_on=based_on)


def refuse_unavailable(reason: str) -> Verdict:
    """Refuse with 503 when the authorization server could not be reached (fail closed)."""
    return Verdict(False, 503, reason)


def judge_claims(claims: Mapping[str, Any], now: float, leeway: float, scope: str) -> Verdict:
    """Judge claims whose signature, issuer and audience are verified: in time at ``now``, and for this scope.

    They are based on what the server knew when it issued them.
    """
    based_on = from_numeric_date(claims["iat"]) if isinstance(claims["iat"], int | float) else 0.0
    untimely = judge_time(claims, now, leeway)
    if untimely is not None:
        return refuse_invalid_token(untimely, based_on)
    if not has_scope(claims, scope):
        return refuse_insufficient_scope(scope, based_on)
    return Verdict(True, claims=claims, based_on=based_on)


def confirm_verdict(verdict: Verdict, now: float, leeway: float, based_on: float = -inf) -> Verdict:
    """Confirm an accepted verdict after a wrapper's own checks, unless the token has ended by ``now``.

    ``leeway`` is granted at expiry. ``based_on`` is the instant of the server's information that the wrapper used.
    """
    newest = max(verdict.based_on, based_on)
    untimely = judge_time(verdict.claims, now, leeway)
    return refuse_invalid_token(untimely, newest) if untimely else verdict._replace(based_on=newest)

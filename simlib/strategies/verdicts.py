"""Verdicts of a resource server: refusals with the error codes of RFC 6750 section 3.1, and the judgement of claims.

Instants and leeway in seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Literal, get_args

from simlib.scenario.effects import Compute, Verdict, new_tuple
from simlib.strategies.base import check_at_least, check_one_of
from simlib.tokens import TimeReason, from_numeric_date, has_scope, judge_time

CLAIMS_CHECK = Compute("claims.check")
"""Cost of judging claims, an effect that is made once: every validation needs it."""

AtExpiry = Literal["refuse", "second", "millisecond"]
_AT_EXPIRY_S: Mapping[AtExpiry, float] = {"refuse": 0.0, "second": 1.0, "millisecond": 0.001}


@dataclass(frozen=True)
class ClaimTimeSettings:
    """Checks of the times in claims by the own clock. ``leeway_s``: clock skew granted to exp, nbf and iat.
    ``refuse_future_iat``: a token whose iat is ahead of the clock is refused, which some libraries do and RFC 7519 does
    not require. ``at_expiry``: whether a token is still accepted while the clock shows its exp, for that whole second
    or millisecond, by the unit in which the library compares; RFC 7519 section 4.1.4 refuses it.
    """

    leeway_s: float = 0.0
    refuse_future_iat: bool = True
    at_expiry: AtExpiry = "refuse"

    def __post_init__(self) -> None:
        check_at_least("leeway_s", self.leeway_s, 0)
        check_one_of("at_expiry", self.at_expiry, get_args(AtExpiry))

    @property
    def after_expiry_s(self) -> float:
        """Seconds by the own clock after exp for which a token is accepted."""
        return self.leeway_s + _AT_EXPIRY_S[self.at_expiry]


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


def judge_claims(claims: Mapping[str, Any], now: float, rules: ClaimTimeSettings, scope: str) -> Verdict:
    """Judge claims whose signature, issuer and audience are verified: in time at ``now``, and for this scope.

    They are based on what the server knew when it issued them.
    """
    issued = claims["iat"]
    based_on = from_numeric_date(issued) if isinstance(issued, int | float) else 0.0
    untimely = judge_claim_times(claims, now, rules)
    if untimely is not None:
        return refuse_invalid_token(untimely, based_on)
    if not has_scope(claims, scope):
        return refuse_insufficient_scope(scope, based_on)
    until = from_numeric_date(claims["exp"]) + rules.after_expiry_s
    return new_tuple(Verdict, (True, 200, "", claims, "", "", based_on, "", None, until))


def judge_claim_times(claims: Mapping[str, Any], now: float, rules: ClaimTimeSettings) -> TimeReason | None:
    """Return why the times in claims are invalid at ``now`` by these rules, or None."""
    return judge_time(claims, now, rules.leeway_s, rules.refuse_future_iat, _AT_EXPIRY_S[rules.at_expiry])


def confirm_verdict(verdict: Verdict, now: float, leeway: float, based_on: float = -inf) -> Verdict:
    """Confirm an accepted verdict after a wrapper's own checks, unless the token has ended by ``now``.

    ``leeway`` is granted at expiry. ``based_on`` is the instant of the server's information that the wrapper used.
    """
    newest = max(verdict.based_on, based_on)
    if has_ended(verdict, now, leeway):
        return refuse_invalid_token("expired", newest)
    return verdict._replace(based_on=newest)


def combine_verdicts(local: Verdict, answered: Verdict, now: float) -> Verdict:
    """Combine the accepted verdict on a token's own claims with that on the server's answer about it, at ``now``.

    The token must not have ended in the meantime; of claims in both, those of the token count.
    """
    if has_ended(local, now):
        return refuse_invalid_token("expired", answered.based_on)
    ends = [verdict.until for verdict in (local, answered) if verdict.until is not None]
    claims = {**answered.claims, **local.claims}
    return answered._replace(claims=claims, until=min(ends, default=None))


def has_ended(verdict: Verdict, now: float, leeway: float = 0.0) -> bool:
    """Whether the token of an accepted verdict has ended by ``now``, by the clock of this host (seconds).

    ``leeway`` is granted where the verdict does not say when it ends and its claims are read.
    """
    if verdict.until is not None:
        return now >= verdict.until
    return judge_time(verdict.claims, now, leeway, refuse_future_iat=False) is not None

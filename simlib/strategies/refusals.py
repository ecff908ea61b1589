"""Refusals as RFC 6750 section 3.1 words them."""

from simlib.scenario.effects import Verdict


def no_token() -> Verdict:
    """No credentials were presented: 401 without an error code."""
    return Verdict(False, 401, "no_token", challenge="Bearer")


def invalid_token(reason: str, based_on: float = 0.0) -> Verdict:
    """The token is expired, revoked, malformed or not for us: 401 invalid_token; ``reason`` names the check."""
    return Verdict(False, 401, reason, challenge='Bearer error="invalid_token"', based_on=based_on)


def insufficient_scope(scope: str, based_on: float = 0.0) -> Verdict:
    """The token is good but not for this: 403 insufficient_scope."""
    challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
    return Verdict(False, 403, "scope", challenge=challenge, based_on=based_on)


def cannot_tell(reason: str) -> Verdict:
    """The authorization server could not be asked: 503, and the request is refused all the same (fail closed)."""
    return Verdict(False, 503, reason)

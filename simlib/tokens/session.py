"""Session JWTs that an application signs for itself when a user logs in, without OAuth2 (RFC 7519)."""

from collections.abc import Mapping
from typing import Any

from simlib.tokens.jws import REQUIRED_CLAIMS, Verification
from simlib.tokens.shared_secret import SharedSecret

SESSION_TYPE = "JWT"
SESSION_CLAIMS = (*REQUIRED_CLAIMS, "auth_time")
"""``auth_time`` is the instant of the login; it does not change when the session is renewed."""


def make_session_verification(token: str, secret: SharedSecret, issuer: str, audience: str | None) -> Verification:
    """Make the verification of one session: HS256 with the application's own secret; access tokens are refused."""
    return Verification(token, secret, (secret.algorithm,), issuer, audience, SESSION_TYPE, SESSION_CLAIMS)


def renew_claims(claims: Mapping[str, Any], now: int, until: int, jti: str) -> dict[str, Any]:
    """Return the claims of the same session with a new lifetime; instants as NumericDate."""
    return {**claims, "iat": now, "exp": until, "jti": jti}

"""JWT profiles beside the access token's, each with a type and required claims, so that none is accepted as another.

ID tokens describe to a client the user who signed in (OpenID Connect Core sections 2 and 3.1.3.7). Session JWTs are
signed by an application for itself when a user logs in, without OAuth2 (RFC 7519). Introspection responses can be
signed by the authorization server (RFC 9701).
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from simlib.tokens.claims import to_numeric_date
from simlib.tokens.jws import REQUIRED_CLAIMS, Verification
from simlib.tokens.keys import VerificationKey
from simlib.tokens.shared_secret import SharedSecret

ID_TOKEN_TYPE = "JWT"
ID_TOKEN_CLAIMS = ("iss", "sub", "aud", "exp", "iat")
"""Required claims of an ID token (OpenID Connect Core section 2)."""
_NO_CLAIMS: Mapping[str, Any] = MappingProxyType({})


def build_id_token_claims(
    issuer: str,
    client_id: str,
    subject: str,
    issued_at: float,
    lifetime: float,
    *,
    auth_time: float | None = None,
    nonce: str = "",
    extra: Mapping[str, Any] = _NO_CLAIMS,
) -> dict[str, Any]:
    """Build the claims; ``issued_at`` and ``auth_time`` in simulated seconds, ``lifetime`` in seconds.

    The audience is the client, never a resource server. ``extra`` adds claims and replaces none of these.
    """
    issued = to_numeric_date(issued_at)
    claims: dict[str, Any] = {
        **extra,
        "iss": issuer,
        "sub": subject,
        "aud": client_id,
        "iat": issued,
        "exp": issued + math.floor(lifetime),
    }
    if auth_time is not None:
        claims["auth_time"] = to_numeric_date(auth_time)
    if nonce:
        claims["nonce"] = nonce
    return claims


def make_id_token_verification(
    token: str, key: VerificationKey, algorithms: tuple[str, ...], issuer: str, client_id: str
) -> Verification:
    """Make the verification of one ID token, without time and nonce.

    By type and audience it never accepts an access token, and that of access tokens never accepts an ID token.
    """
    return Verification(token, key, algorithms, issuer, client_id, ID_TOKEN_TYPE, ID_TOKEN_CLAIMS)


def judge_id_token(claims: Mapping[str, Any], client_id: str, nonce: str, subject: str = "") -> str:
    """Return why the claims of a verified ID token are refused, "azp", "nonce" or "subject"; empty when they are valid.

    ``nonce`` is that of the client's request, empty when it had none; then a nonce in the token is ignored. ``subject``
    is the user already signed in, empty for none: a later token must be about the same user (OpenID
    Connect Core section 12.2).
    """
    audience = claims["aud"]
    is_shared = isinstance(audience, list) and len(audience) > 1
    if (is_shared or "azp" in claims) and claims.get("azp") != client_id:
        return "azp"
    if nonce and claims.get("nonce") != nonce:
        return "nonce"
    return "subject" if subject and claims["sub"] != subject else ""


SESSION_TYPE = "JWT"
SESSION_CLAIMS = (*REQUIRED_CLAIMS, "auth_time")
"""``auth_time`` is the instant of the login; it does not change when the session is renewed."""


def make_session_verification(token: str, secret: SharedSecret, issuer: str, audience: str | None) -> Verification:
    """Make the verification of one session: HS256 with the application's own secret; access tokens are refused."""
    return Verification(token, secret, (secret.algorithm,), issuer, audience, SESSION_TYPE, SESSION_CLAIMS)


def renew_claims(claims: Mapping[str, Any], now: int, until: int, jti: str) -> dict[str, Any]:
    """Return the claims of the same session with a new lifetime; instants as NumericDate."""
    return {**claims, "iat": now, "exp": until, "jti": jti}


INTROSPECTION_TYPE = "token-introspection+jwt"
"""The ``typ`` of the response (RFC 9701 section 5); its media type is this with "application/" before it."""

INTROSPECTION_CLAIMS = ("iss", "aud", "iat", "token_introspection")
"""Required claims; without ``sub`` and ``exp``, so that it is not accepted as an access token."""


def build_introspection_claims(issuer: str, audience: str, at: float, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Build the claims of a response to the resource server ``audience``; ``at`` in simulated seconds."""
    return {"iss": issuer, "aud": audience, "iat": to_numeric_date(at), "token_introspection": dict(answer)}

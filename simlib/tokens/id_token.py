"""Identity tokens: what a client learns about the user who signed in (OpenID Connect Core sections 2 and 3.1.3.7)."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from simlib.tokens.claims import to_numeric_date
from simlib.tokens.jws import Verification
from simlib.tokens.keys import VerificationKey

ID_TOKEN_TYPE = "JWT"
ID_TOKEN_CLAIMS = ("iss", "sub", "aud", "exp", "iat")
"""What an identity token must carry (section 2)."""
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
    """The claims; ``issued_at`` and ``auth_time`` in simulated seconds, ``lifetime`` in seconds.

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
    """The check of one identity token, in which time and nonce are no part.

    By type and audience it never takes an access token, and the check of access tokens never takes an identity token.
    """
    return Verification(token, key, algorithms, issuer, client_id, ID_TOKEN_TYPE, ID_TOKEN_CLAIMS)


def judge_id_token(claims: Mapping[str, Any], client_id: str, nonce: str, subject: str = "") -> str:
    """Why the claims of a verified identity token are not for us, empty when they are: "azp", "nonce" or "subject".

    ``nonce`` is what our request asked for, empty when it did not ask; then one that is there counts for nothing.
    ``subject`` is who has been signed in before, empty for nobody: a later token must speak of the same user
    (section 12.2).
    """
    audience = claims["aud"]
    is_shared = isinstance(audience, list) and len(audience) > 1
    if (is_shared or "azp" in claims) and claims.get("azp") != client_id:
        return "azp"
    if nonce and claims.get("nonce") != nonce:
        return "nonce"
    return "subject" if subject and claims["sub"] != subject else ""

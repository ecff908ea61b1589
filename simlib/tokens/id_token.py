"""Claims of an identity token: what a client learns about the user who signed in (OpenID Connect Core section 2)."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from simlib.tokens.claims import to_numeric_date

ID_TOKEN_TYPE = "JWT"
_NO_CLAIMS: Mapping[str, Any] = MappingProxyType({})


def id_token_claims(
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

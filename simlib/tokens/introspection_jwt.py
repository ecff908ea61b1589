"""The signed answer to an introspection (RFC 9701)."""

from collections.abc import Mapping
from typing import Any

from simlib.tokens.claims import to_numeric_date

INTROSPECTION_TYPE = "token-introspection+jwt"
"""The ``typ`` of such an answer (RFC 9701 section 5); its media type has "application/" before it."""

INTROSPECTION_CLAIMS = ("iss", "aud", "iat", "token_introspection")
"""What it must carry. It has no ``sub`` and no ``exp``, so that nobody takes it for an access token."""


def build_introspection_claims(
    issuer: str, resource_server: str, at: float, answer: Mapping[str, Any]
) -> dict[str, Any]:
    """The claims of an answer to the resource server that is called ``asker``; ``at`` in simulated seconds."""
    return {"iss": issuer, "aud": resource_server, "iat": to_numeric_date(at), "token_introspection": dict(answer)}

"""Introspection response as a signed JWT (RFC 9701)."""

from collections.abc import Mapping
from typing import Any

from simlib.tokens.claims import to_numeric_date

INTROSPECTION_TYPE = "token-introspection+jwt"
"""The ``typ`` of the response (RFC 9701 section 5); its media type is this with "application/" before it."""

INTROSPECTION_CLAIMS = ("iss", "aud", "iat", "token_introspection")
"""Required claims; without ``sub`` and ``exp``, so that it is not accepted as an access token."""


def build_introspection_claims(issuer: str, audience: str, at: float, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Build the claims of a response to the resource server ``audience``; ``at`` in simulated seconds."""
    return {"iss": issuer, "aud": audience, "iat": to_numeric_date(at), "token_introspection": dict(answer)}

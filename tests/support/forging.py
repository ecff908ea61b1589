"""Tokens as an attacker or a careless server would make them, written from the RFCs and not by the code under test."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import jwt

from simlib.tokens import SigningKey

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order n of the curve P-256 (FIPS 186-5)."""


def encoded(value: Any) -> str:
    """Bytes as they are, anything else as JSON, in base64url without padding (RFC 7515 section 2)."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(segment: str) -> bytes:
    """The bytes of a segment."""
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a compact token, verified by nobody."""
    claims: dict[str, Any] = json.loads(decoded(token.split(".")[1]))
    return claims


def signed(claims: Mapping[str, Any], key: SigningKey, **header: Any) -> str:
    """A token with these claims and a signature that fits; ``header`` changes members, ``...`` leaves one out."""
    members = {"alg": key.algorithm, "typ": "at+jwt", "kid": key.kid, **header}
    first = encoded({name: value for name, value in members.items() if value is not ...})
    signing_input = f"{first}.{encoded(dict(claims))}"
    signature = jwt.get_algorithm_by_name(key.algorithm).sign(signing_input.encode(), key.private_key)
    return f"{signing_input}.{encoded(signature)}"


def unsigned(claims: Mapping[str, Any], kid: str, algorithm: str = "none") -> str:
    """A token without signature (RFC 7515 appendix A.5)."""
    return f"{encoded({'alg': algorithm, 'typ': 'at+jwt', 'kid': kid})}.{encoded(dict(claims))}."


def hmac_signed(claims: Mapping[str, Any], kid: str, secret: bytes, typ: str = "at+jwt") -> str:
    """A token signed with HS256 under any bytes, such as those of a public key (RFC 8725 section 2.1)."""
    signing_input = f"{encoded({'alg': 'HS256', 'typ': typ, 'kid': kid})}.{encoded(dict(claims))}"
    return f"{signing_input}.{encoded(hmac.new(secret, signing_input.encode(), hashlib.sha256).digest())}"


def altered(token: str, at: int) -> str:
    """The same token with one thing changed: a byte of what it says (the payload of a JWT, any part of a sealed token),
    or a character of an opaque token. From `alterations` of them on they repeat.
    """
    position = at % alterations(token)
    segments = token.split(".")
    for number, segment in enumerate(segments):
        if number in _spoken(segments):
            length = len(decoded(segment))
            if position < length:
                data = bytearray(decoded(segment))
                data[position] ^= 1
                return ".".join((*segments[:number], encoded(bytes(data)), *segments[number + 1 :]))
            position -= length
    return token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]


def alterations(token: str) -> int:
    """How many different things `altered` can change."""
    segments = token.split(".")
    return sum(len(decoded(segments[number])) for number in _spoken(segments)) or len(token)


def _spoken(segments: list[str]) -> tuple[int, ...]:
    """Which segments are bytes in base64url: of a JWT those it says something in; none of an opaque token."""
    if len(segments) == 3 and not segments[0].startswith("v"):
        return (1,)
    if segments[0].startswith("v") and len(segments) in (3, 4):  # PASETO: version, purpose, payload, footer
        return (2,)
    return tuple(number for number, segment in enumerate(segments) if segment) if len(segments) == 5 else ()


def other_signature(token: str) -> str:
    """The same ES256 token with the other signature that fits it: (r, n - s) for (r, s)."""
    signing_input, _, signature = token.rpartition(".")
    r, s = decoded(signature)[:32], int.from_bytes(decoded(signature)[32:], "big")
    return f"{signing_input}.{encoded(r + (P256_ORDER - s).to_bytes(32, 'big'))}"

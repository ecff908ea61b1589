"""Tokens as an attacker or a careless server would make them, written from the RFCs and not by the code under test."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import jwt

from simlib.tokens import SigningKey


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


def hmac_signed(claims: Mapping[str, Any], kid: str, secret: bytes) -> str:
    """A token signed with HS256 under any bytes, such as those of a public key (RFC 8725 section 2.1)."""
    signing_input = f"{encoded({'alg': 'HS256', 'typ': 'at+jwt', 'kid': kid})}.{encoded(dict(claims))}"
    return f"{signing_input}.{encoded(hmac.new(secret, signing_input.encode(), hashlib.sha256).digest())}"


def altered(token: str, at: int) -> str:
    """The same token with one thing changed: a byte of a JWT's payload, or a character of an opaque token."""
    if token.count(".") != 2:
        position = at % len(token)
        return token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
    header, payload, signature = token.split(".")
    data = bytearray(decoded(payload))
    data[at % len(data)] ^= 1
    return f"{header}.{encoded(bytes(data))}.{signature}"

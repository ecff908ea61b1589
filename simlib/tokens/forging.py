"""Forged tokens, made from the RFCs with plain primitives and not by the code that verifies tokens.

No library checks here whether a key suits its algorithm: an attacker omits that check too.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simlib.tokens.formats import find_form
from simlib.tokens.jwk import parse_public_key
from simlib.tokens.keys import SigningKey

ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
}
"""The orders n of the curves P-256 and P-384 (FIPS 186-5)."""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def encode(value: Any) -> str:
    """Encode bytes, or any other value as JSON, in base64url without padding (RFC 7515 section 2)."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(segment: str) -> bytes:
    """Decode the bytes of a segment."""
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def read_claims(token: str) -> dict[str, Any]:
    """Read the claims of a compact token without verification."""
    claims: dict[str, Any] = json.loads(decode(token.split(".")[1]))
    return claims


def sign_claims(claims: Mapping[str, Any], key: SigningKey, **header: Any) -> str:
    """Sign claims with a valid signature; ``header`` changes members of the header, ``...`` removes one."""
    members = {"alg": key.algorithm, "typ": "at+jwt", "kid": key.kid, **header}
    first = encode({name: value for name, value in members.items() if value is not ...})
    return sign_segments(first, encode(dict(claims)), key)


def sign_segments(header: str, payload: str, key: SigningKey) -> str:
    """Sign the texts of two segments as they are, well formed or not."""
    signing_input = f"{header}.{payload}"
    signature = jwt.get_algorithm_by_name(key.algorithm).sign(signing_input.encode(), key.private_key)
    return f"{signing_input}.{encode(signature)}"


def forge_unsigned(claims: Mapping[str, Any], kid: str, algorithm: str = "none", typ: str = "at+jwt") -> str:
    """Make a token without signature (RFC 7515 appendix A.5)."""
    return f"{encode({'alg': algorithm, 'typ': typ, 'kid': kid})}.{encode(dict(claims))}."


def sign_with_hmac(claims: Mapping[str, Any], kid: str, secret: bytes, typ: str = "at+jwt") -> str:
    """Sign claims with HS256 under any bytes, such as those of a public key (RFC 8725 section 2.1)."""
    signing_input = f"{encode({'alg': 'HS256', 'typ': typ, 'kid': kid})}.{encode(dict(claims))}"
    return f"{signing_input}.{encode(hmac.new(secret, signing_input.encode(), hashlib.sha256).digest())}"


def replace_claims(token: str, **changes: Any) -> str:
    """Replace claims of a token under the same header and signature; ``...`` removes one."""
    head, _, signature = token.split(".")
    claims = {name: value for name, value in {**read_claims(token), **changes}.items() if value is not ...}
    return f"{head}.{encode(claims)}.{signature}"


def encode_public_pem(jwk: Mapping[str, Any]) -> bytes:
    """Encode a public key as PEM, the bytes that HS256 would accept as a secret."""
    return parse_public_key(jwk).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def alter(token: str, at: int) -> str:
    """Change one place of a token: a byte of a JWT's payload or of any part of an encrypted token, or a character of an
    opaque token. ``at`` counts the places; from `count_alterations` on they repeat.
    """
    position = at % count_alterations(token)
    segments = token.split(".")
    for number, segment in enumerate(segments):
        if number in find_form(token).payload_segments:
            length = len(decode(segment))
            if position < length:
                data = bytearray(decode(segment))
                data[position] ^= 1
                return ".".join((*segments[:number], encode(bytes(data)), *segments[number + 1 :]))
            position -= length
    return token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]


def count_alterations(token: str) -> int:
    """Count the different places that `alter` can change."""
    segments = token.split(".")
    return sum(len(decode(segments[number])) for number in find_form(token).payload_segments) or len(token)


def malleate_signature(token: str) -> str:
    """Return an ES256 or ES384 token with its other valid signature: (r, n - s) for (r, s)."""
    signing_input, _, signature = token.rpartition(".")
    order = ORDERS[json.loads(decode(token.partition(".")[0]))["alg"]]
    width = len(decode(signature)) // 2
    r, s = decode(signature)[:width], int.from_bytes(decode(signature)[width:], "big")
    return f"{signing_input}.{encode(r + (order - s).to_bytes(width, 'big'))}"


def vary_encoding(token: str) -> str:
    """Return another text of the same bytes: the unused bits of the last base64url character are changed.

    Returns the same text where there are none (RFC 4648 section 3.5).
    """
    unused = {2: 4, 3: 2}.get(len(token.rpartition(".")[2]) % 4, 0)
    last = _ALPHABET.index(token[-1])
    return token[:-1] + _ALPHABET[last ^ 1] if unused else token


def forge_pbes2_token(iterations: int) -> str:
    """Make an invalid JWE whose key derivation takes ``iterations`` (PBES2, RFC 7518 section 4.8.1.2)."""
    header = {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": encode(bytes(16)), "p2c": iterations}
    return ".".join((encode(header), encode(bytes(24)), encode(bytes(12)), encode(b"nothing"), encode(bytes(16))))

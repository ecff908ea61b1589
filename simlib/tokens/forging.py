"""Tokens as an attacker makes them: written from the RFCs with plain primitives, and not by the code that verifies.

Nothing here asks a library whether a key may be used so: an attacker does not ask either.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simlib.tokens.jwk import parse_public_key
from simlib.tokens.keys import SigningKey

ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
}
"""The orders n of the curves P-256 and P-384 (FIPS 186-5)."""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def encode_segment(value: Any) -> str:
    """Bytes as they are, anything else as JSON, in base64url without padding (RFC 7515 section 2)."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_segment(segment: str) -> bytes:
    """The bytes of a segment."""
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def read_claims(token: str) -> dict[str, Any]:
    """The claims of a compact token, verified by nobody."""
    claims: dict[str, Any] = json.loads(decode_segment(token.split(".")[1]))
    return claims


def sign_claims(claims: Mapping[str, Any], key: SigningKey, **header: Any) -> str:
    """A token with these claims and a signature that fits; ``header`` changes members, ``...`` leaves one out."""
    members = {"alg": key.algorithm, "typ": "at+jwt", "kid": key.kid, **header}
    first = encode_segment({name: value for name, value in members.items() if value is not ...})
    signing_input = f"{first}.{encode_segment(dict(claims))}"
    signature = jwt.get_algorithm_by_name(key.algorithm).sign(signing_input.encode(), key.private_key)
    return f"{signing_input}.{encode_segment(signature)}"


def forge_unsigned(claims: Mapping[str, Any], kid: str, algorithm: str = "none", typ: str = "at+jwt") -> str:
    """A token without signature (RFC 7515 appendix A.5)."""
    return f"{encode_segment({'alg': algorithm, 'typ': typ, 'kid': kid})}.{encode_segment(dict(claims))}."


def sign_with_hmac(claims: Mapping[str, Any], kid: str, secret: bytes, typ: str = "at+jwt") -> str:
    """A token signed with HS256 under any bytes, such as those of a public key (RFC 8725 section 2.1)."""
    signing_input = f"{encode_segment({'alg': 'HS256', 'typ': typ, 'kid': kid})}.{encode_segment(dict(claims))}"
    return f"{signing_input}.{encode_segment(hmac.new(secret, signing_input.encode(), hashlib.sha256).digest())}"


def replace_claims(token: str, **changes: Any) -> str:
    """The same header and signature around other claims; ``...`` leaves one out."""
    head, _, signature = token.split(".")
    claims = {name: value for name, value in {**read_claims(token), **changes}.items() if value is not ...}
    return f"{head}.{encode_segment(claims)}.{signature}"


def encode_public_pem(jwk: Mapping[str, Any]) -> bytes:
    """A public key as the text that servers keep it in, which HS256 would take for a secret."""
    return parse_public_key(jwk).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def alter(token: str, at: int) -> str:
    """The same token with one thing changed: a byte of what it says (the payload of a JWT, any part of a sealed token),
    or a character of an opaque token. From `alterations` of them on they repeat.
    """
    position = at % count_alterations(token)
    segments = token.split(".")
    for number, segment in enumerate(segments):
        if number in _list_altered_segments(segments):
            length = len(decode_segment(segment))
            if position < length:
                data = bytearray(decode_segment(segment))
                data[position] ^= 1
                return ".".join((*segments[:number], encode_segment(bytes(data)), *segments[number + 1 :]))
            position -= length
    return token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]


def count_alterations(token: str) -> int:
    """How many different things `altered` can change."""
    segments = token.split(".")
    return sum(len(decode_segment(segments[number])) for number in _list_altered_segments(segments)) or len(token)


def _list_altered_segments(segments: list[str]) -> tuple[int, ...]:
    """Which segments are bytes in base64url: of a JWT those it says something in; none of an opaque token."""
    if len(segments) == 3 and not segments[0].startswith("v"):
        return (1,)
    if segments[0].startswith("v") and len(segments) in (3, 4):  # PASETO: version, purpose, payload, footer
        return (2,)
    return tuple(number for number, segment in enumerate(segments) if segment) if len(segments) == 5 else ()


def malleate_signature(token: str) -> str:
    """The same ES256 or ES384 token with the other signature that fits it: (r, n - s) for (r, s)."""
    signing_input, _, signature = token.rpartition(".")
    order = ORDERS[json.loads(decode_segment(token.partition(".")[0]))["alg"]]
    width = len(decode_segment(signature)) // 2
    r, s = decode_segment(signature)[:width], int.from_bytes(decode_segment(signature)[width:], "big")
    return f"{signing_input}.{encode_segment(r + (order - s).to_bytes(width, 'big'))}"


def vary_encoding(token: str) -> str:
    """Another text of the same bytes: the bits of the last character that base64url does not use are changed.

    The same text where there are none (RFC 4648 section 3.5).
    """
    unused = {2: 4, 3: 2}.get(len(token.rpartition(".")[2]) % 4, 0)
    last = _ALPHABET.index(token[-1])
    return token[:-1] + _ALPHABET[last ^ 1] if unused else token


def forge_pbes2_token(iterations: int) -> str:
    """A JWE that asks its reader to derive a key with so many iterations before anything can be told about it
    (RFC 7518 section 4.8.1.2); what is inside is garbage.
    """
    header = {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": encode_segment(bytes(16)), "p2c": iterations}
    return ".".join(
        (
            encode_segment(header),
            encode_segment(bytes(24)),
            encode_segment(bytes(12)),
            encode_segment(b"nothing"),
            encode_segment(bytes(16)),
        )
    )

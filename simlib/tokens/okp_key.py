"""Edwards curve keys, for EdDSA with Ed25519: RFC 8037 sections 2 and 3.1."""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simlib.tokens.base64url import encode_base64url
from simlib.tokens.jwk_members import MalformedKey, decode_member

CURVE = "Ed25519"


def generate() -> ed25519.Ed25519PrivateKey:
    """Generate a key pair."""
    return ed25519.Ed25519PrivateKey.generate()


def build_members(key: ed25519.Ed25519PublicKey) -> dict[str, str]:
    """Build kty, crv and x."""
    return {"kty": "OKP", "crv": CURVE, "x": encode_base64url(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}


def parse_key(jwk: Mapping[str, Any]) -> ed25519.Ed25519PublicKey:
    """Parse the members of a key; raises MalformedKey for another curve."""
    if jwk.get("crv") != CURVE:
        raise MalformedKey("unsupported curve")
    return ed25519.Ed25519PublicKey.from_public_bytes(decode_member(jwk, "x"))

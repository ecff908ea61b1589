"""One public key as the required members of a JSON Web Key, and back (RFC 7518 section 6, RFC 8037)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

P256_BYTES = 32
# RFC 7518 3.3 demands 2048 bits; the upper end keeps a hostile key set from buying CPU with one huge modulus.
RSA_BITS_ALLOWED = (2048, 8192)


class MalformedKey(ValueError):
    """The members are no public key that this project verifies with."""


def public_members(key: PublicKey) -> dict[str, str]:
    """The members that make up the thumbprint of a key (RFC 7638 section 3.2, RFC 8037 section 2).

    Integers have the full width of their field, leading zeros included, so sizes never vary by key.
    """
    if isinstance(key, rsa.RSAPublicKey):
        public = key.public_numbers()
        return {"kty": "RSA", "n": _encoded(public.n, key.key_size // 8), "e": _encoded(public.e, 3)}
    if isinstance(key, ec.EllipticCurvePublicKey):
        point = key.public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": _encoded(point.x, P256_BYTES), "y": _encoded(point.y, P256_BYTES)}
    return {"kty": "OKP", "crv": "Ed25519", "x": _text(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}


def public_key_of(members: Mapping[str, Any]) -> PublicKey:
    """The key object; RSA of 2048 to 8192 bits, P-256 or Ed25519. Raises MalformedKey for anything else."""
    try:
        match members.get("kty"), members.get("crv"):
            case "RSA", _:
                return _rsa_key(members)
            case "EC", "P-256":
                x, y = _coordinate(members, "x"), _coordinate(members, "y")
                return ec.EllipticCurvePublicNumbers(_integer(x), _integer(y), ec.SECP256R1()).public_key()
            case "OKP", "Ed25519":
                return ed25519.Ed25519PublicKey.from_public_bytes(_bytes(members, "x"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedKey(str(error)) from error
    raise MalformedKey("unsupported key type or curve")


def _rsa_key(members: Mapping[str, Any]) -> rsa.RSAPublicKey:
    modulus, exponent = _integer(_bytes(members, "n")), _integer(_bytes(members, "e"))
    smallest, largest = RSA_BITS_ALLOWED
    if not smallest <= modulus.bit_length() <= largest or exponent.bit_length() > 32:
        raise MalformedKey("RSA modulus or exponent out of range")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _coordinate(members: Mapping[str, Any], name: str) -> bytes:
    value = _bytes(members, name)
    if len(value) != P256_BYTES:
        raise MalformedKey(f"{name} must have {P256_BYTES} bytes (RFC 7518 6.2.1.2)")
    return value


def _bytes(members: Mapping[str, Any], name: str) -> bytes:
    value = members.get(name)
    if not isinstance(value, str):
        raise MalformedKey(f"{name} is missing")
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedKey(f"{name} is not base64url") from error


def _integer(value: bytes) -> int:
    return int.from_bytes(value, "big")


def _encoded(value: int, width: int) -> str:
    return _text(value.to_bytes(width, "big"))


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

"""Elliptic curve keys, for ES256 on P-256 and ES384 on P-384: RFC 7518 sections 3.4 and 6.2."""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from simlib.tokens.algorithms import Algorithm
from simlib.tokens.jwk_members import MalformedKey, decode_member, encode_integer

CURVES: Mapping[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}
ALGORITHMS_BY_CURVE: Mapping[str, Algorithm] = {"P-256": "ES256", "P-384": "ES384"}


def generate(algorithm: Algorithm) -> ec.EllipticCurvePrivateKey:
    """Generate a key pair on the curve of the algorithm."""
    name = next(name for name, used in ALGORITHMS_BY_CURVE.items() if used == algorithm)
    return ec.generate_private_key(CURVES[name])


def build_members(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """Build kty, crv, x and y; coordinates have the full width of their field (RFC 7518 section 6.2.1.2)."""
    name, point = _find_curve_name(key), key.public_numbers()
    width = _count_coordinate_bytes(name)
    return {"kty": "EC", "crv": name, "x": encode_integer(point.x, width), "y": encode_integer(point.y, width)}


def parse_key(jwk: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    """Parse the members of a key; raises MalformedKey for another curve or a coordinate of the wrong width."""
    name = jwk.get("crv")
    if not isinstance(name, str) or name not in CURVES:
        raise MalformedKey("unsupported curve")
    x, y = (_decode_coordinate(jwk, member, _count_coordinate_bytes(name)) for member in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, CURVES[name]).public_key()


def find_algorithm(key: ec.EllipticCurvePublicKey) -> Algorithm:
    """Return the algorithm of the key's curve."""
    return ALGORITHMS_BY_CURVE[_find_curve_name(key)]


def _find_curve_name(key: ec.EllipticCurvePublicKey) -> str:
    return next(name for name, curve in CURVES.items() if curve.name == key.curve.name)


def _count_coordinate_bytes(name: str) -> int:
    return CURVES[name].key_size // 8


def _decode_coordinate(jwk: Mapping[str, Any], name: str, width: int) -> int:
    value = decode_member(jwk, name)
    if len(value) != width:
        raise MalformedKey(f"{name} must have {width} bytes (RFC 7518 6.2.1.2)")
    return int.from_bytes(value, "big")

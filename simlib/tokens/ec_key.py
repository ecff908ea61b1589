"""Elliptic curve keys, for ES256 on P-256 and ES384 on P-384: RFC 7518 sections 3.4 and 6.2."""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from simlib.tokens.algorithms import Algorithm
from simlib.tokens.members import MalformedKey, bytes_of, text_of_integer

CURVES: Mapping[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}
ALGORITHM_OF: Mapping[str, Algorithm] = {"P-256": "ES256", "P-384": "ES384"}


def generate(algorithm: Algorithm) -> ec.EllipticCurvePrivateKey:
    """A new key pair on the one curve of the algorithm."""
    name = next(name for name, of in ALGORITHM_OF.items() if of == algorithm)
    return ec.generate_private_key(CURVES[name])


def members(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """kty, crv, x and y; coordinates have the full width of their field (RFC 7518 section 6.2.1.2)."""
    name, point = _curve_name(key), key.public_numbers()
    width = _width(name)
    return {"kty": "EC", "crv": name, "x": text_of_integer(point.x, width), "y": text_of_integer(point.y, width)}


def key_of(given: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    """The key object; raises MalformedKey for another curve or a coordinate of the wrong width."""
    name = given.get("crv")
    if not isinstance(name, str) or name not in CURVES:
        raise MalformedKey("unsupported curve")
    x, y = (_coordinate(given, member, _width(name)) for member in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, CURVES[name]).public_key()


def algorithm_of(key: ec.EllipticCurvePublicKey) -> Algorithm:
    """The one algorithm of the key's curve."""
    return ALGORITHM_OF[_curve_name(key)]


def _curve_name(key: ec.EllipticCurvePublicKey) -> str:
    return next(name for name, curve in CURVES.items() if curve.name == key.curve.name)


def _width(name: str) -> int:
    return CURVES[name].key_size // 8


def _coordinate(given: Mapping[str, Any], name: str, width: int) -> int:
    value = bytes_of(given, name)
    if len(value) != width:
        raise MalformedKey(f"{name} must have {width} bytes (RFC 7518 6.2.1.2)")
    return int.from_bytes(value, "big")

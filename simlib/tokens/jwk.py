"""JSON Web Key: the conversion of a public key to its required members and back (RFC 7518 section 6, RFC 8037)."""

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from simlib.tokens import ec_key, okp_key, rsa_key
from simlib.tokens.algorithms import RSA_ALGORITHMS, Algorithm
from simlib.tokens.jwk_members import MalformedKey

__all__ = ["MalformedKey", "PublicKey", "build_public_members", "list_algorithms", "parse_public_key"]

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


def build_public_members(key: PublicKey) -> dict[str, str]:
    """Build the members that make up the thumbprint of a key (RFC 7638 section 3.2, RFC 8037 section 2).

    Integers have the full width of their field, leading zeros included, so sizes never vary by key.
    """
    if isinstance(key, rsa.RSAPublicKey):
        return rsa_key.build_members(key)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return ec_key.build_members(key)
    return okp_key.build_members(key)


def parse_public_key(members: Mapping[str, Any]) -> PublicKey:
    """Parse a public key: RSA of 2048 to 8192 bits, P-256, P-384 or Ed25519. Raises MalformedKey for any other.

    A secret (kty "oct") is refused too: a key set is public, so it can hold no secret.
    """
    try:
        match members.get("kty"):
            case "RSA":
                return rsa_key.parse_key(members)
            case "EC":
                return ec_key.parse_key(members)
            case "OKP":
                return okp_key.parse_key(members)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedKey(str(error)) from error
    raise MalformedKey("unsupported key type")


def list_algorithms(key: PublicKey) -> tuple[Algorithm, ...]:
    """List the algorithms of a key, the usual one first."""
    if isinstance(key, rsa.RSAPublicKey):
        return RSA_ALGORITHMS
    return (ec_key.find_algorithm(key) if isinstance(key, ec.EllipticCurvePublicKey) else "EdDSA",)

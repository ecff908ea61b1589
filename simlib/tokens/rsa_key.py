"""RSA keys, for RS256 (PKCS #1 v1.5) and PS256 (PSS): RFC 7518 sections 3.3, 3.5 and 6.3."""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from simlib.tokens.jwk_members import MalformedKey, decode_integer, encode_integer

PUBLIC_EXPONENT = 65537
# RFC 7518 3.3 demands 2048 bits; the upper limit bounds the CPU time that a hostile key set can cause.
RSA_BITS_ALLOWED = (2048, 8192)


def generate(bits: int) -> rsa.RSAPrivateKey:
    """Generate a key pair."""
    return rsa.generate_private_key(PUBLIC_EXPONENT, bits)


def build_members(key: rsa.RSAPublicKey) -> dict[str, str]:
    """Build kty, n and e; the exponent in three bytes."""
    public = key.public_numbers()
    return {"kty": "RSA", "n": encode_integer(public.n, key.key_size // 8), "e": encode_integer(public.e, 3)}


def parse_key(jwk: Mapping[str, Any]) -> rsa.RSAPublicKey:
    """Parse the members of a key; raises MalformedKey outside 2048 to 8192 bits."""
    modulus, exponent = decode_integer(jwk, "n"), decode_integer(jwk, "e")
    smallest, largest = RSA_BITS_ALLOWED
    if not smallest <= modulus.bit_length() <= largest or exponent.bit_length() > 32:
        raise MalformedKey("RSA modulus or exponent out of range")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()

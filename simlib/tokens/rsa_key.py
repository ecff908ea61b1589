"""RSA keys, for RS256 (PKCS #1 v1.5) and PS256 (PSS): RFC 7518 sections 3.3, 3.5 and 6.3."""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from simlib.tokens.jwk_members import MalformedKey, decode_integer, encode_integer

PUBLIC_EXPONENT = 65537
# RFC 7518 3.3 demands 2048 bits; the upper end keeps a hostile key set from buying CPU with one huge modulus.
RSA_BITS_ALLOWED = (2048, 8192)


def generate_key(bits: int) -> rsa.RSAPrivateKey:
    """A new key pair."""
    return rsa.generate_private_key(PUBLIC_EXPONENT, bits)


def build_members(key: rsa.RSAPublicKey) -> dict[str, str]:
    """kty, n and e; the exponent in three bytes."""
    public = key.public_numbers()
    return {"kty": "RSA", "n": encode_integer(public.n, key.key_size // 8), "e": encode_integer(public.e, 3)}


def parse_key(given: Mapping[str, Any]) -> rsa.RSAPublicKey:
    """The key object; raises MalformedKey outside 2048 to 8192 bits."""
    modulus, exponent = decode_integer(given, "n"), decode_integer(given, "e")
    smallest, largest = RSA_BITS_ALLOWED
    if not smallest <= modulus.bit_length() <= largest or exponent.bit_length() > 32:
        raise MalformedKey("RSA modulus or exponent out of range")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()

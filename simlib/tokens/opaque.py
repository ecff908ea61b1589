"""Opaque tokens: a random reference for the client, a hash of it for the store."""

import base64
import hashlib

ENTROPY_BYTES = 32
"""256 bits; RFC 6749 section 10.10 requires that a guess succeeds with probability at most 2 ** -128."""


def make_opaque_token(entropy: bytes) -> str:
    """Make a reference of 32 random bytes, base64url without padding, 43 characters.

    The bytes have no default: a server that issues real tokens needs real randomness. Raises ValueError for another
    length.
    """
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"an opaque token needs exactly {ENTROPY_BYTES} bytes of entropy, not {len(entropy)}")
    return base64.urlsafe_b64encode(entropy).rstrip(b"=").decode()


def make_store_key(token: str) -> str:
    """Make the store's key of a token: its SHA-256, 64 hexadecimal digits; any text is allowed.

    Without salt and key stretching, because 256 random bits cannot be guessed from their hash.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

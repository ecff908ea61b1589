"""Opaque tokens: a random reference for the client, a hash of it for the store."""

import base64
import hashlib

ENTROPY_BYTES = 32
"""256 bits; RFC 6749 section 10.10 asks that guessing succeeds with at most 2 ** -128."""


def make_opaque_token(entropy: bytes) -> str:
    """The reference that is 32 given bytes, base64url without padding, 43 characters.

    There is no default: who issues real tokens must bring real randomness. Raises ValueError for another length.
    """
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"an opaque token needs exactly {ENTROPY_BYTES} bytes of entropy, not {len(entropy)}")
    return base64.urlsafe_b64encode(entropy).rstrip(b"=").decode()


def make_store_key(token: str) -> str:
    """What the store knows of a token: its SHA-256, 64 hexadecimal digits; any text is allowed.

    Without salt and stretching, because 256 random bits cannot be guessed from their hash.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

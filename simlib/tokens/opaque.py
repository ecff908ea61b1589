"""Opaque tokens: a random reference for the client, and a hash of it and encrypted texts for the store.

Regional ones name the region of their row, with a short MAC so that invalid tokens are not forwarded. A token that a
store must give back is encrypted under another token, so that the store cannot read it.
"""

import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from simlib.tokens.shared_secret import SharedSecret

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


MAC_BYTES = 8
"""64 bits keep guesses from the links between regions; the token's own 256 bits keep them from being valid."""

_MAC_LENGTH = 11


def make_regional_token(region: str, entropy: bytes, secret: SharedSecret) -> str:
    """Make a token of region, dot, 43 random characters and 11 of the MAC; without a region there is no dot.

    Raises ValueError unless there are 32 bytes of entropy.
    """
    body = f"{region}.{make_opaque_token(entropy)}" if region else make_opaque_token(entropy)
    return body + _compute_mac(body, secret)


def read_region(token: str, secret: SharedSecret) -> str | None:
    """Read the region of a token, empty when it has none; None when the MAC is wrong."""
    body, mac = token[:-_MAC_LENGTH], token[-_MAC_LENGTH:]
    is_valid = hmac.compare_digest(_compute_mac(body, secret).encode(), mac.encode("utf-8", "surrogatepass"))
    return body.rpartition(".")[0] if is_valid else None


def _compute_mac(body: str, secret: SharedSecret) -> str:
    message = b"region:" + body.encode("utf-8", "surrogatepass")
    digest = hmac.new(secret.secret, message, hashlib.sha256).digest()[:MAC_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


NONCE_BYTES = 12


def seal(secret: str, text: str, nonce: bytes) -> str:
    """Encrypt ``text`` with AES-256-GCM under the hash of a high-entropy secret; base64url.

    ``nonce`` is 12 bytes that are used once with this secret. Raises ValueError for another length.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes, not {len(nonce)}")
    return base64.urlsafe_b64encode(nonce + _make_cipher(secret).encrypt(nonce, text.encode(), None)).decode()


def unseal(secret: str, sealed: str) -> str | None:
    """Decrypt a text; None when it was encrypted with another secret or altered."""
    try:
        raw = base64.urlsafe_b64decode(sealed)
        return _make_cipher(secret).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None).decode()
    except (InvalidTag, ValueError):
        return None


def _make_cipher(secret: str) -> AESGCM:
    # The hash that is the key of a row in the store must not be the key that decrypts it.
    return AESGCM(hashlib.sha256(b"seal:" + secret.encode("utf-8", "surrogatepass")).digest())

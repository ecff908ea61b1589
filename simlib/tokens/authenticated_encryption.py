"""Authenticated encryption of a token under another token, so that a store holds it without being able to read it."""

import base64
import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

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

"""Base64url without padding (RFC 7515 section 2): encoding, and decoding of the canonical text alone.

Padding, whitespace, the letters "+" and "/" of plain base64, and bits behind the last byte are refused: with any of
them one token would have several texts, and a list of revoked tokens or of used proofs would miss all but one.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

_LETTERS = re.compile("[A-Za-z0-9_-]*")
_LAST_LETTERS = ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", "", "AQgw", "AEIMQUYcgkosw048")
"""Last letters by length modulo 4: in an incomplete group 4 or 2 bits belong to no byte, and must be 0."""


def encode_base64url(value: bytes) -> str:
    """Encode bytes."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def decode_base64url(text: str) -> bytes:
    """Decode a text; raises ValueError when it is not the one that `encode_base64url` makes of its bytes."""
    if not is_base64url(text):
        raise ValueError("not base64url without padding (RFC 7515 section 2)")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def is_base64url(text: str) -> bool:
    """Whether a text is the canonical one of its bytes; the empty text is that of no bytes."""
    return not text or (text[-1] in _LAST_LETTERS[len(text) % 4] and _LETTERS.fullmatch(text) is not None)


def has_canonical_segments(token: str) -> bool:
    """Whether every segment of a compact token is the canonical text of its bytes."""
    return all(map(is_base64url, token.split(".")))

"""Opaque tokens that name the region of their row, with a short MAC so that invalid tokens are not forwarded."""

import base64
import hashlib
import hmac

from simlib.tokens.opaque import make_opaque_token
from simlib.tokens.shared_secret import SharedSecret

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

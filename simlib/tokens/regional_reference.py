"""Opaque tokens that name the region where their row is, with a short keyed check so that garbage is not routed."""

import base64
import hashlib
import hmac

from simlib.tokens.opaque import make_opaque_token
from simlib.tokens.shared_secret import SharedSecret

CHECK_BYTES = 8
"""64 bits keep guesses off the links between regions; the token's own 256 bits keep them out."""

_CHECK_LENGTH = 11


def make_regional_token(region: str, entropy: bytes, secret: SharedSecret) -> str:
    """Region, dot, 43 random characters and 11 of the check; ``region`` empty leaves out the dot.

    Raises ValueError unless there are 32 bytes of entropy.
    """
    body = f"{region}.{make_opaque_token(entropy)}" if region else make_opaque_token(entropy)
    return body + _compute_check(body, secret)


def read_region(token: str, secret: SharedSecret) -> str | None:
    """The region that a token names, empty when it names none; None when the check does not fit."""
    body, check = token[:-_CHECK_LENGTH], token[-_CHECK_LENGTH:]
    fits = hmac.compare_digest(_compute_check(body, secret).encode(), check.encode("utf-8", "surrogatepass"))
    return body.rpartition(".")[0] if fits else None


def _compute_check(body: str, secret: SharedSecret) -> str:
    message = b"region:" + body.encode("utf-8", "surrogatepass")
    digest = hmac.new(secret.secret, message, hashlib.sha256).digest()[:CHECK_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

"""PyJWT's decoder without its slowest step, and PyJWT's decoder as it is.

PyJWT 2.15 looks at every character of a token in a Python loop to refuse characters outside the base64url alphabet,
which takes longer than verifying an RS256 signature. Here a segment that is plainly well formed (only letters of the
alphabet, no padding, and the very encoding of what it decodes to) is decoded at once; whatever else comes is handed to
PyJWT, so the same tokens are accepted and the same refused. Calibration measures PyJWT as it is.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from string import ascii_letters, digits

import jwt

_ALPHABET = (ascii_letters + digits + "-_").encode()


class _QuickJWS(jwt.PyJWS):
    """PyJWT's JWS with a short cut for well-formed segments."""

    @staticmethod
    def _decode_base64url_segment(segment: bytes, name: str) -> bytes:
        if not segment.translate(None, _ALPHABET) and len(segment) % 4 != 1:
            decoded = urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
            if urlsafe_b64encode(decoded).rstrip(b"=") == segment:
                return decoded
        return jwt.PyJWS._decode_base64url_segment(segment, name)


def stock_decoder() -> jwt.PyJWT:
    """PyJWT with its time checks off: it reads the wall clock, which means nothing in simulated time (see claims)."""
    return jwt.PyJWT({"verify_exp": False, "verify_nbf": False, "verify_iat": False})


def quick_decoder() -> jwt.PyJWT:
    """The same with the short cut, where this version of PyJWT has the place for it."""
    decoder = stock_decoder()
    if isinstance(getattr(decoder, "_jws", None), jwt.PyJWS) and hasattr(jwt.PyJWS, "_decode_base64url_segment"):
        decoder._jws = _QuickJWS(options=decoder._get_sig_options())
    return decoder

"""Signed access tokens: really signed and really verified by PyJWT, judged in time by nobody here.

PyJWT's decoder without its slowest step, and PyJWT's decoder as it is.

PyJWT 2.15 looks at every character of a token in a Python loop to refuse characters outside the base64url alphabet,
which takes longer than verifying an RS256 signature. Here a segment that is plainly well formed (only letters of the
alphabet, no padding, and the very encoding of what it decodes to) is decoded at once; whatever else comes is handed to
PyJWT, so the same tokens are accepted and the same refused. Calibration measures PyJWT as it is.
"""

import base64
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from string import ascii_letters, digits
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import jwt
from jwt.types import Options

from simlib.tokens.keys import SigningKey, VerificationKey
from simlib.tokens.shared_secret import SharedSecret

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


def build_stock_decoder() -> jwt.PyJWT:
    """PyJWT with its time checks off: it reads the wall clock, which means nothing in simulated time (see claims)."""
    return jwt.PyJWT({"verify_exp": False, "verify_nbf": False, "verify_iat": False})


def build_quick_decoder() -> jwt.PyJWT:
    """The same with the short cut, where this version of PyJWT has the place for it."""
    decoder = build_stock_decoder()
    if isinstance(getattr(decoder, "_jws", None), jwt.PyJWS) and hasattr(jwt.PyJWS, "_decode_base64url_segment"):
        decoder._jws = _QuickJWS(options=decoder._get_sig_options())
    return decoder


ACCESS_TOKEN_TYPE = "at+jwt"
REQUIRED_CLAIMS = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")
"""What an access token must carry (RFC 9068 section 2.2)."""

LONGEST_HEADER = 4096  # characters; bounds what the cache of headers can hold

Reason = Literal["", "malformed", "algorithm", "signature", "issuer", "audience", "type", "missing_claim"]

_NO_HEADER: Mapping[str, Any] = MappingProxyType({})

_ANY_AUDIENCE: Options = {"verify_aud": False}
_STOCK, _QUICK = build_stock_decoder(), build_quick_decoder()


def sign_jwt(claims: Mapping[str, Any], key: SigningKey | SharedSecret, typ: str) -> str:
    """The signed JWT in compact form (RFC 7515 section 3.1) with this typ and the kid in its header."""
    header = {"typ": typ, "kid": key.kid}
    return jwt.encode(dict(claims), key.signing_material, algorithm=key.algorithm, headers=header)


def sign_access_token(claims: Mapping[str, Any], key: SigningKey | SharedSecret) -> str:
    """The signed access token, with typ "at+jwt" (RFC 9068 section 2.1)."""
    return sign_jwt(claims, key, ACCESS_TOKEN_TYPE)


def read_header(token: str) -> Mapping[str, Any]:
    """The header of a compact token, not yet trusted; empty when there is none that can be read.

    Decoded once per distinct first segment: an issuer's tokens share theirs until a key rotates.
    """
    segment, dot, _ = token.partition(".")
    return _decode_header(segment) if dot and len(segment) <= LONGEST_HEADER else _NO_HEADER


def read_payload(token: str) -> Mapping[str, Any] | None:
    """The claims of a compact JWS, verified by nobody; None when there are none that can be read."""
    segments = token.split(".", 3)
    return _parse_json_object(segments[1]) if len(segments) == 3 and all(segments) else None


@lru_cache(maxsize=1024)
def _decode_header(segment: str) -> Mapping[str, Any]:
    header = _parse_json_object(segment)
    return _NO_HEADER if header is None else MappingProxyType(header)


def _parse_json_object(segment: str) -> dict[str, Any] | None:
    try:
        padded = segment + "=" * (-len(segment) % 4)
        value = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class VerificationResult(NamedTuple):
    """The claims of a token that holds, or None and the word for the check that refused it."""

    claims: Mapping[str, Any] | None
    reason: Reason = ""


class Verification(NamedTuple):
    """Everything that the verification of one token rests on; time is not part of it.

    Equal values have equal outcomes, so a value may serve as the key of a memory. The key is the caller's: what
    a header offers as a key (jwk, jku, x5u) is never looked at (RFC 8725 section 3.10). Its type decides the kind of
    algorithm: a shared secret verifies HS256 only, a public key never HS256, whatever header and list say.
    ``audience`` None takes a token for anybody: so a server reads what it has signed itself. ``required`` are the
    claims that must be there.
    """

    token: str
    key: VerificationKey | SharedSecret
    algorithms: tuple[str, ...]
    issuer: str
    audience: str | None
    typ: str = ACCESS_TOKEN_TYPE
    required: tuple[str, ...] = REQUIRED_CLAIMS

    def __call__(self) -> VerificationResult:
        """Verify header, signature, issuer, audience and presence of the required claims (RFC 9068 section 4)."""
        return self._verify(_QUICK)

    def as_shipped(self) -> VerificationResult:
        """The same verdict at the price of PyJWT as it is shipped: what calibration measures."""
        return self._verify(_STOCK)

    def _verify(self, decoder: jwt.PyJWT) -> VerificationResult:
        refusal = self._judge_header(read_header(self.token))
        if refusal:
            return VerificationResult(None, refusal)
        try:
            claims = decoder.decode(
                self.token,
                self.key.verifying_material,
                algorithms=self.algorithms,
                audience=self.audience,
                issuer=self.issuer,
                options=_ANY_AUDIENCE if self.audience is None else None,
            )
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            return VerificationResult(None, _find_reason(error))
        if None in map(claims.get, self.required):
            return VerificationResult(None, "missing_claim")
        return VerificationResult(MappingProxyType(claims))

    def _judge_header(self, header: Mapping[str, Any]) -> Reason:
        # "crit" names extensions that a recipient must understand or refuse (RFC 7515 4.1.11); we understand none,
        # and the one that PyJWT does, b64, is not for JWTs (RFC 7797 section 7).
        # The same signature with padding would be another string of the same token (RFC 7515 section 2 allows none).
        if not header or "crit" in header or self.token.endswith("="):
            return "malformed"
        algorithm = header.get("alg")
        # The key decides what it is for: a list that allows several must not let a token pick (RFC 8725 section 3.1).
        if algorithm != self.key.algorithm or algorithm not in self.algorithms:
            return "algorithm"
        typ = header.get("typ")
        return "" if typ == self.typ or _normalize_media_type(typ) == _normalize_media_type(self.typ) else "type"


def _normalize_media_type(typ: object) -> str | None:
    """The media type without regard to case and an omitted "application/" (RFC 7515 section 4.1.9)."""
    return typ.lower().removeprefix("application/") if isinstance(typ, str) else None


# In this order: the first is a kind of the decoding error that stands for everything else.
_REASONS: tuple[tuple[type[Exception], Reason], ...] = (
    (jwt.InvalidSignatureError, "signature"),
    (jwt.InvalidAlgorithmError, "algorithm"),
    (jwt.InvalidIssuerError, "issuer"),
    (jwt.InvalidAudienceError, "audience"),
    (jwt.MissingRequiredClaimError, "missing_claim"),
)


def _find_reason(error: Exception) -> Reason:
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "malformed")

"""JSON Web Signatures: JWT access tokens, signed and verified by PyJWT; time is judged in `simlib.tokens.claims`.

PyJWT 2.15 checks every character of a token in a Python loop to refuse characters outside the base64url alphabet,
which takes longer than verifying an RS256 signature. The quick decoder decodes a segment that is plainly well formed
(only letters of the alphabet, no padding, the canonical encoding of its bytes) at once and passes any other to PyJWT,
so both accept and refuse the same tokens. Calibration measures unmodified PyJWT, the stock decoder.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from string import ascii_letters, digits
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import jwt
from jwt.types import Options

from simlib.tokens.base64url import decode_base64url, has_canonical_segments
from simlib.tokens.claims import find_mistyped_claim
from simlib.tokens.keys import SigningKey, VerificationKey
from simlib.tokens.shared_secret import SharedSecret

_ALPHABET = (ascii_letters + digits + "-_").encode()


class _QuickJWS(jwt.PyJWS):
    """PyJWT's JWS with a shortcut for well-formed segments."""

    @staticmethod
    def _decode_base64url_segment(segment: bytes, name: str) -> bytes:
        if not segment.translate(None, _ALPHABET) and len(segment) % 4 != 1:
            decoded = urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
            if urlsafe_b64encode(decoded).rstrip(b"=") == segment:
                return decoded
        return jwt.PyJWS._decode_base64url_segment(segment, name)


def build_stock_decoder() -> jwt.PyJWT:
    """Build PyJWT's decoder without its time checks, which read the wall clock instead of simulated time."""
    return jwt.PyJWT({"verify_exp": False, "verify_nbf": False, "verify_iat": False})


def build_quick_decoder() -> jwt.PyJWT:
    """Build the decoder with the shortcut, where the installed version of PyJWT allows it."""
    decoder = build_stock_decoder()
    if not list_missing_names(decoder):
        decoder._jws = _QuickJWS(options=decoder._get_sig_options())
    return decoder


def list_missing_names(decoder: jwt.PyJWT) -> tuple[str, ...]:
    """List the private names of PyJWT that the shortcut overrides or calls, and that the installed version lacks."""
    needed = ((decoder, "_jws"), (decoder, "_get_sig_options"), (jwt.PyJWS, "_decode_base64url_segment"))
    return tuple(name for owner, name in needed if not hasattr(owner, name))


ACCESS_TOKEN_TYPE = "at+jwt"
REQUIRED_CLAIMS = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")
"""Required claims of an access token (RFC 9068 section 2.2)."""

LONGEST_HEADER = 4096  # characters; bounds what the cache of headers can hold

Reason = Literal["", "malformed", "algorithm", "signature", "issuer", "audience", "type", "missing_claim"]

_NO_HEADER: Mapping[str, Any] = MappingProxyType({})

_ANY_AUDIENCE: Options = {"verify_aud": False}
_STOCK, _QUICK = build_stock_decoder(), build_quick_decoder()


def sign_jwt(claims: Mapping[str, Any], key: SigningKey | SharedSecret, typ: str) -> str:
    """Sign a JWT, in compact form (RFC 7515 section 3.1) with typ and kid in its header."""
    header = {"typ": typ, "kid": key.kid}
    return jwt.encode(dict(claims), key.signing_material, algorithm=key.algorithm, headers=header)


def sign_access_token(claims: Mapping[str, Any], key: SigningKey | SharedSecret) -> str:
    """Sign an access token, with typ "at+jwt" (RFC 9068 section 2.1)."""
    return sign_jwt(claims, key, ACCESS_TOKEN_TYPE)


def read_header(token: str) -> Mapping[str, Any]:
    """Read the header of a compact token, unverified; empty when there is none or it is malformed.

    Decoded once per distinct first segment: an issuer's tokens share theirs until a key rotates.
    """
    segment, dot, _ = token.partition(".")
    return _decode_header(segment) if dot and len(segment) <= LONGEST_HEADER else _NO_HEADER


def read_payload(token: str) -> Mapping[str, Any] | None:
    """Read the claims of a compact JWS, unverified; None when there are none or a segment is malformed."""
    segments = token.split(".", 3)
    is_compact = len(segments) == 3 and all(segments) and has_canonical_segments(token)
    return _parse_json_object(segments[1]) if is_compact else None


@lru_cache(maxsize=1024)
def _decode_header(segment: str) -> Mapping[str, Any]:
    header = _parse_json_object(segment)
    return _NO_HEADER if header is None else MappingProxyType(header)


def _parse_json_object(segment: str) -> dict[str, Any] | None:
    try:
        value = json.loads(decode_base64url(segment))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class VerificationResult(NamedTuple):
    """The claims of a valid token, or None and the check that refused it."""

    claims: Mapping[str, Any] | None
    reason: Reason = ""


class Verification(NamedTuple):
    """Inputs of the verification of one token, without time; calling it verifies.

    Equal values have equal results, so a value can be the key of a cache. The key is the caller's: keys in the header
    (jwk, jku, x5u) are ignored (RFC 8725 section 3.10). Its type determines the algorithm: a shared secret verifies
    HS256 only, a public key never HS256, whatever header and list say. ``audience`` None accepts a token for any
    audience: so a server reads its own tokens. ``required`` are the claims that must be present.
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
        """Verify with unmodified PyJWT, whose time calibration measures; the result is the same."""
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
        if find_mistyped_claim(claims):
            return VerificationResult(None, "malformed")
        return VerificationResult(MappingProxyType(claims))

    def _judge_header(self, header: Mapping[str, Any]) -> Reason:
        # "crit" names extensions that a recipient must support or refuse (RFC 7515 4.1.11); none is supported here,
        # and the one that PyJWT supports, b64, is not for JWTs (RFC 7797 section 7).
        # Decided here and not by the library, whose versions differ in what they overlook.
        if not header or "crit" in header or not has_canonical_segments(self.token):
            return "malformed"
        algorithm = header.get("alg")
        # The key determines the algorithm: a list of several must not let the token choose (RFC 8725 section 3.1).
        if algorithm != self.key.algorithm or algorithm not in self.algorithms:
            return "algorithm"
        typ = header.get("typ")
        return "" if typ == self.typ or _normalize_media_type(typ) == _normalize_media_type(self.typ) else "type"


def _normalize_media_type(typ: object) -> str | None:
    """Normalize case and an omitted "application/" of a media type (RFC 7515 section 4.1.9)."""
    return typ.lower().removeprefix("application/") if isinstance(typ, str) else None


# In this order: the first is a subclass of the decoding error that covers the rest.
_REASONS: tuple[tuple[type[Exception], Reason], ...] = (
    (jwt.InvalidSignatureError, "signature"),
    (jwt.InvalidAlgorithmError, "algorithm"),
    (jwt.InvalidIssuerError, "issuer"),
    (jwt.InvalidAudienceError, "audience"),
    (jwt.MissingRequiredClaimError, "missing_claim"),
)


def _find_reason(error: Exception) -> Reason:
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "malformed")

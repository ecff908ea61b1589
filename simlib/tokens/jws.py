"""Signed access tokens: really signed and really verified by PyJWT, judged in time by nobody here."""

import base64
import json
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import jwt

from simlib.tokens.decoder import quick_decoder, stock_decoder
from simlib.tokens.keys import SigningKey, VerificationKey
from simlib.tokens.shared_secret import SharedSecret

ACCESS_TOKEN_TYPE = "at+jwt"
REQUIRED_CLAIMS = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")
"""What an access token must carry (RFC 9068 section 2.2)."""

LONGEST_HEADER = 4096  # characters; bounds what the cache of headers can hold

Reason = Literal["", "malformed", "algorithm", "signature", "issuer", "audience", "type", "missing_claim"]

_NO_HEADER: Mapping[str, Any] = MappingProxyType({})

_STOCK, _QUICK = stock_decoder(), quick_decoder()


def sign_access_token(claims: Mapping[str, Any], key: SigningKey | SharedSecret) -> str:
    """The signed token in compact form (RFC 7515 section 3.1) with typ "at+jwt" and the kid in its header."""
    header = {"typ": ACCESS_TOKEN_TYPE, "kid": key.kid}
    return jwt.encode(dict(claims), key.signing_material, algorithm=key.algorithm, headers=header)


def header_of(token: str) -> Mapping[str, Any]:
    """The header of a compact token, not yet trusted; empty when there is none that can be read.

    Decoded once per distinct first segment: an issuer's tokens share theirs until a key rotates.
    """
    segment, dot, _ = token.partition(".")
    return _decoded_header(segment) if dot and len(segment) <= LONGEST_HEADER else _NO_HEADER


@lru_cache(maxsize=1024)
def _decoded_header(segment: str) -> Mapping[str, Any]:
    try:
        padded = segment + "=" * (-len(segment) % 4)
        header = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        return _NO_HEADER
    return MappingProxyType(header) if isinstance(header, dict) else _NO_HEADER


class Verified(NamedTuple):
    """The claims of a token that holds, or None and the word for the check that refused it."""

    claims: Mapping[str, Any] | None
    reason: Reason = ""


class Verification(NamedTuple):
    """Everything that the verification of one token rests on; time is not part of it.

    Equal values have equal outcomes, so a value may serve as the key of a memory. The key is the caller's: what
    a header offers as a key (jwk, jku, x5u) is never looked at (RFC 8725 section 3.10). Its type decides the kind of
    algorithm: a shared secret verifies HS256 only, a public key never HS256, whatever header and list say.
    """

    token: str
    key: VerificationKey | SharedSecret
    algorithms: tuple[str, ...]
    issuer: str
    audience: str
    typ: str = ACCESS_TOKEN_TYPE

    def __call__(self) -> Verified:
        """Verify header, signature, issuer, audience and presence of the required claims (RFC 9068 section 4)."""
        return self._verify(_QUICK)

    def as_shipped(self) -> Verified:
        """The same verdict at the price of PyJWT as it is shipped: what calibration measures."""
        return self._verify(_STOCK)

    def _verify(self, decoder: jwt.PyJWT) -> Verified:
        refusal = self._judge_header(header_of(self.token))
        if refusal:
            return Verified(None, refusal)
        try:
            claims = decoder.decode(
                self.token,
                self.key.verifying_material,
                algorithms=self.algorithms,
                audience=self.audience,
                issuer=self.issuer,
            )
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            return Verified(None, _reason(error))
        if None in map(claims.get, REQUIRED_CLAIMS):
            return Verified(None, "missing_claim")
        return Verified(MappingProxyType(claims))

    def _judge_header(self, header: Mapping[str, Any]) -> Reason:
        # "crit" names extensions that a recipient must understand or refuse (RFC 7515 4.1.11); we understand none,
        # and the one that PyJWT does, b64, is not for JWTs (RFC 7797 section 7).
        if not header or "crit" in header:
            return "malformed"
        algorithm = header.get("alg")
        # The key decides what it is for: a list that allows several must not let a token pick (RFC 8725 section 3.1).
        if algorithm != self.key.algorithm or algorithm not in self.algorithms:
            return "algorithm"
        typ = header.get("typ")
        return "" if typ == self.typ or _media_type(typ) == _media_type(self.typ) else "type"


def _media_type(typ: object) -> str | None:
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


def _reason(error: Exception) -> Reason:
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "malformed")

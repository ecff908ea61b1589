"""PASETO version 4, public: Ed25519 over JSON, without a choice of algorithm in the token; by pyseto.

pyseto is an extra of this package and is imported only when a token is signed or verified. It would judge time by the
wall clock, so it receives and returns bytes: claims are parsed and judged elsewhere.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from simlib.tokens.base64url import decode_base64url
from simlib.tokens.claims import find_mistyped_claim, has_audience
from simlib.tokens.jws import LONGEST_HEADER, REQUIRED_CLAIMS, VerificationResult
from simlib.tokens.keys import SigningKey, VerificationKey

HEADER = "v4.public."
ALGORITHM = "EdDSA"
"""The algorithm of the keys, by its name in a key set."""
INSTANTS = ("exp", "iat", "nbf")
"""Claims that are ISO 8601 texts in a PASETO and numbers in a JWT."""

_ENCODER = json.JSONEncoder(separators=(",", ":"))


def sign_paseto(claims: Mapping[str, Any], key: SigningKey) -> str:
    """Sign a token: "v4.public.", claims with signature, and the kid in the footer.

    ``claims`` have NumericDates, which become ISO 8601 texts in UTC. Raises ValueError for a key that is not Ed25519.
    """
    import pyseto

    instants = {name: _format_instant(claims[name]) for name in INSTANTS if name in claims}
    payload = _ENCODER.encode({**claims, **instants}).encode()
    footer = _ENCODER.encode({"kid": key.kid}).encode()
    return pyseto.encode(_import_signing_key(key), payload, footer).decode()


def read_paseto_kid(token: str) -> object:
    """Read the kid in the footer, unverified; None when there is none or it is malformed."""
    segments = token.split(".", 4)
    if not token.startswith(HEADER) or len(segments) != 4 or len(segments[3]) > LONGEST_HEADER:
        return None
    footer = _parse_json_object(_decode_segment(segments[3]))
    return None if footer is None else footer.get("kid")


class PasetoVerification(NamedTuple):
    """Inputs of the verification of one token, without time; calling it verifies."""

    token: str
    key: VerificationKey
    issuer: str
    audience: str | None

    def __call__(self) -> VerificationResult:
        """Verify form, signature, issuer, audience and presence of the required claims of an access token."""
        segments = self.token.split(".", 4)
        if len(segments) != 4 or None in map(_decode_segment, segments[2:]) or self.key.algorithm != ALGORITHM:
            return VerificationResult(None, "malformed")
        payload = _verify_payload(self.token, self.key)
        if payload is None:
            return VerificationResult(None, "signature")
        claims = _parse_json_object(payload)
        if claims is None:
            return VerificationResult(None, "malformed")
        if claims.get("iss") != self.issuer:
            return VerificationResult(None, "issuer")
        if self.audience is not None and not has_audience(claims, self.audience):
            return VerificationResult(None, "audience")
        if None in map(claims.get, REQUIRED_CLAIMS):
            return VerificationResult(None, "missing_claim")
        if find_mistyped_claim(claims):
            return VerificationResult(None, "malformed")
        instants = {name: _parse_instant(claims[name]) for name in INSTANTS if name in claims}
        return VerificationResult(MappingProxyType({**claims, **instants}))


def _verify_payload(token: str, key: VerificationKey) -> bytes | None:
    import pyseto

    try:
        payload = pyseto.decode(_import_verification_key(key), token).payload
    except (ValueError, pyseto.PysetoError):
        return None
    return payload if isinstance(payload, bytes) else None


def _decode_segment(segment: str) -> bytes | None:
    """Decode a segment if it is the canonical encoding of its bytes: two texts must not be one token."""
    try:
        return decode_base64url(segment)
    except ValueError:
        return None


def _parse_json_object(data: bytes | None) -> dict[str, Any] | None:
    try:
        value = json.loads(data or b"")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _format_instant(numeric_date: Any) -> Any:
    if isinstance(numeric_date, bool):  # which counts as a number in Python
        return numeric_date
    try:
        return datetime.fromtimestamp(numeric_date, UTC).isoformat(timespec="seconds")
    except (TypeError, ValueError, OverflowError, OSError):
        return numeric_date


def _parse_instant(text: Any) -> float | None:
    """Parse an instant to a NumericDate; None, which is never valid, for a malformed one or one without offset."""
    try:
        instant = datetime.fromisoformat(text)
        return instant.timestamp() if instant.tzinfo is not None else None
    except (TypeError, ValueError, OverflowError):
        return None


@lru_cache(maxsize=64)
def _import_signing_key(key: SigningKey) -> Any:
    from pyseto import Key

    pem = key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Key.new(version=4, purpose="public", key=pem)


@lru_cache(maxsize=64)
def _import_verification_key(key: VerificationKey) -> Any:
    from pyseto import Key

    pem = key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return Key.new(version=4, purpose="public", key=pem)

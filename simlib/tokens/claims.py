"""Claims of an access token (RFC 9068), and checks of time and scope that read no wall clock."""

import math
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, TypeGuard

EPOCH = 1_767_225_600
"""NumericDate of simulated second 0 (2026-01-01T00:00:00Z): ten digits for centuries, so sizes never vary by time."""

TimeReason = Literal["expired", "not_yet_valid", "issued_in_future", "no_expiry"]

TEXT_CLAIMS = ("iss", "sub", "client_id", "jti", "username", "token_type", "azp")
"""Without "scope": one that is no text grants nothing, which is another refusal (RFC 6750 section 3.1)."""

CONFIRMATIONS = ("jkt", "x5t#S256", "kid")
"""Members of "cnf" that are texts (RFC 7800 section 3.4, RFC 8705 section 3.1, RFC 9449 section 6.1)."""
ACTORS = ("sub", "iss", "client_id")
"""Members of "act" that are texts (RFC 8693 section 4.1)."""

_LARGEST = sys.float_info.max

_NO_CLAIMS: Mapping[str, Any] = MappingProxyType({})


def to_numeric_date(seconds: float) -> int:
    """Convert a simulated instant to a NumericDate, rounded down to the whole second (RFC 7519 section 2)."""
    return EPOCH + math.floor(seconds)


def from_numeric_date(value: float) -> float:
    """Convert a NumericDate to a simulated instant in seconds; infinite when it is beyond the range of a float."""
    try:
        return float(value - EPOCH)
    except OverflowError:  # JSON has integers of any length
        return math.inf if value > 0 else -math.inf


def build_access_token_claims(
    issuer: str,
    audience: str | Sequence[str],
    subject: str,
    client_id: str,
    scope: str,
    issued_at: float,
    lifetime: float,
    jti: str,
    extra: Mapping[str, Any] = _NO_CLAIMS,
) -> dict[str, Any]:
    """Build the claims of RFC 9068 section 2.2; ``issued_at`` in simulated seconds, ``lifetime`` in seconds.

    Instants are whole seconds: iat is rounded down and a fraction of the lifetime is dropped, as real servers do,
    so a token lives up to one second less than its lifetime. ``extra`` adds claims and replaces none of these.
    """
    issued = to_numeric_date(issued_at)
    return {
        **extra,
        "iss": issuer,
        "aud": audience if isinstance(audience, str) else list(audience),
        "sub": subject,
        "client_id": client_id,
        "scope": scope,
        "iat": issued,
        "exp": issued + math.floor(lifetime),
        "jti": jti,
    }


def judge_time(
    claims: Mapping[str, Any],
    now: float,
    leeway: float = 0.0,
    refuse_future_iat: bool = True,
    at_expiry: float = 0.0,
) -> TimeReason | None:
    """Return why the claims are invalid at simulated instant ``now``, or None; all in seconds.

    At exp == now a token is expired (RFC 7519 section 4.1.4); ``at_expiry``: so much later with a library that accepts
    it while its clock shows exp. An exp that is no number counts as missing; an nbf or iat that is no number counts as
    in the future. ``refuse_future_iat``: an iat ahead of ``now`` is refused too, which RFC 7519 does not require.
    """
    expiry = _read_instant(claims.get("exp"))
    if expiry is None:
        return "no_expiry"
    if expiry <= now - leeway - at_expiry:
        return "expired"
    if "nbf" in claims and is_before_validity(claims, now + leeway):
        return "not_yet_valid"
    if "iat" in claims and _is_after(claims["iat"], now + leeway if refuse_future_iat else math.inf):
        return "issued_in_future"
    return None


def is_before_validity(claims: Mapping[str, Any], now: float) -> bool:
    """Whether the nbf of claims is ahead of ``now`` (seconds), or is no number."""
    return "nbf" in claims and _is_after(claims["nbf"], now)


def split_scope(scope: str) -> list[str]:
    """Split a scope into its words, at spaces alone (RFC 6749 section 3.3): a tab or another space is no separator."""
    return [word for word in scope.split(" ") if word]


def has_scope(claims: Mapping[str, Any], required: str) -> bool:
    """Whether every word of ``required`` is in the claim "scope"."""
    granted = claims.get("scope", "")
    if granted == required:
        return True
    return isinstance(granted, str) and set(split_scope(required)) <= set(split_scope(granted))


def has_audience(claims: Mapping[str, Any], own: str) -> bool:
    """Whether the claim "aud" names a resource server: its text, or a list of texts with it (RFC 7519 4.1.3)."""
    audience = claims.get("aud")
    return audience == own or (isinstance(audience, list) and _are_texts(audience) and own in audience)


def find_mistyped_claim(claims: Mapping[str, Any]) -> str:
    """Find a claim that is there and is no text although it must be one; empty when there is none.

    They are defined as texts by RFC 7519 section 4.1, RFC 8693 section 4.3, RFC 7662 section 2.2 and OpenID Connect
    Core section 2; "aud" is a text or a list of texts, "cnf" and "act" are objects with texts in them. Servers that
    compare such values, or store them, would else take a number for a name, and a bound token for one that is not.
    """
    audience = claims.get("aud", "")
    if not isinstance(audience, str) and not (isinstance(audience, list) and _are_texts(audience)):
        return "aud"
    if "cnf" in claims and not _has_texts(claims["cnf"], CONFIRMATIONS):
        return "cnf"
    if "act" in claims and not _are_actors(claims["act"]):
        return "act"
    for name in TEXT_CLAIMS:
        if name in claims and not isinstance(claims[name], str):
            return name
    return ""


def is_finite_number(value: object) -> TypeGuard[int | float]:
    """Whether a JSON value is a number that a float can hold; true and false are none, nor are NaN and infinity."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST


def _has_texts(value: object, names: Sequence[str]) -> TypeGuard[Mapping[str, Any]]:
    """Whether a value is an object whose members of these names, where it has them, are texts."""
    return isinstance(value, Mapping) and all(isinstance(value.get(name, ""), str) for name in names)


def _are_actors(value: object) -> bool:
    """Whether a value is an actor, with the earlier ones nested in it."""
    while _has_texts(value, ACTORS):
        if "act" not in value:
            return True
        value = value["act"]
    return False


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _is_after(value: Any, instant: float) -> bool:
    simulated = _read_instant(value)
    return simulated is None or simulated > instant


def _read_instant(value: Any) -> int | float | None:
    # The int stays an int: adding EPOCH to a float ``now`` instead would round away a tenth of a microsecond,
    # and with it the exact boundary.
    if value.__class__ is int:
        instant: int = value - EPOCH
        return instant
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value - EPOCH

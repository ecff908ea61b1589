"""How authorization server and gateway speak of the gateway's half of a split token."""

from collections.abc import Mapping
from typing import Any

from simlib.strategies.introspection import Introspected
from simlib.tokens import from_numeric_date, payload_of

REVOKED = ""
"""The half of a token that has been revoked."""

_KEY_LENGTH = 64


def shared_key(key: str) -> str:
    """Under which key of the shared store a half is; ``key`` is the hash of the client's half."""
    return f"split:{key}"


def read_half(head: str, now: float) -> Introspected | None:
    """What a half says, as the server would answer; None when it is none. ``now`` in seconds."""
    if head == REVOKED:
        return Introspected({"active": False}, now)
    claims = payload_of(f"{head}.signature")
    if claims is None or not _is_number(claims.get("exp")):
        return None
    issued = claims.get("iat")
    told_at = from_numeric_date(issued) if isinstance(issued, int | float) else now
    return Introspected({**claims, "active": True}, min(told_at, now), head)


def read_push(message: Mapping[str, Any], now: float) -> tuple[str, Introspected, float] | None:
    """Key, half and the instant (seconds) until which it is of use; None when the message is no such thing."""
    match message:
        case {"key": str(key), "head": str(head), "until": until} if len(key) == _KEY_LENGTH and _is_number(until):
            half = read_half(head, now)
            return None if half is None else (key, half, float(until))
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

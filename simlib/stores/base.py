"""Protocol of token stores, and the key-value store that servers share, such as Redis, whose values expire."""

from typing import Protocol

from simlib.scenario.messages import SharedGet, SharedRequest, StoreRequest, TokenRow

StoreAnswer = TokenRow | bool | tuple[tuple[str, TokenRow], ...] | None


class TokenStore(Protocol):
    """Token store of an authorization server; keys are hashes, so a store never holds a token."""

    def execute(self, request: StoreRequest) -> StoreAnswer:
        """Execute one request and return its result.

        StoreGet: the row or None. StorePut: None. StoreRevoke: whether there was such a row; the first revocation of a
        row is not overwritten, because exposure is counted from it. StoreConsume: the row before the request, or None;
        of concurrent requests exactly one returns it unrevoked. StoreRevokedSince: pairs of key and row, by instant of
        revocation and then by key.
        """

    def count_valid(self, now: float) -> int:
        """Count rows that are neither expired nor revoked at ``now`` (seconds); a row expires at expires_at."""

    def close(self) -> None:
        """Release files and memory; the store is not used afterwards."""


class SharedStore:
    """Key -> value until an instant, at which it expires."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[bytes, float]] = {}

    def execute(self, request: SharedRequest, now: float) -> bytes | bool | None:
        """Execute one request at ``now`` (seconds). SharedGet: the value or None. SharedPut: True."""
        if isinstance(request, SharedGet):
            return self._get(request.key, now)
        self._values[request.key] = (request.value, now + request.ttl_s)
        return True

    def clear(self) -> None:
        """Remove all values."""
        self._values.clear()

    def _get(self, key: str, now: float) -> bytes | None:
        value, until = self._values.get(key, (None, now))
        if until > now:
            return value
        self._values.pop(key, None)
        return None

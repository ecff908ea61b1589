"""What every token store can do, whatever it is made of.

The key-value store that servers share, such as Redis: values that are gone after a while.
"""

from typing import Protocol

from simlib.scenario.messages import SharedGet, SharedRequest, StoreRequest, TokenRow

StoreAnswer = TokenRow | bool | tuple[tuple[str, TokenRow], ...] | None


class TokenStore(Protocol):
    """The authorization server's memory of its tokens; keys are hashes, so a store never sees a token."""

    def execute(self, request: StoreRequest) -> StoreAnswer:
        """Answer one request at once.

        StoreGet: the row or None. StorePut: None. StoreRevoke: whether there was such a row; the first
        revocation of a row stays, because exposure is counted from it. StoreConsume: the row as it was before, or None;
        whoever else asks, exactly one sees it unrevoked. StoreRevokedSince: pairs of key and row, by instant of
        revocation and then by key.
        """

    def count_valid(self, now: float) -> int:
        """Rows that are neither expired nor revoked at ``now`` (seconds); at expires_at == now a row is expired."""

    def close(self) -> None:
        """Let go of files and memory; the store is not used afterwards."""


class SharedStore:
    """Key -> value until an instant; at that instant it is gone."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[bytes, float]] = {}

    def execute(self, request: SharedRequest, now: float) -> bytes | bool | None:
        """Answer one request at ``now`` (seconds). SharedGet: the value or None. SharedPut: True."""
        if isinstance(request, SharedGet):
            return self._get(request.key, now)
        self._values[request.key] = (request.value, request.until)
        return True

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()

    def _get(self, key: str, now: float) -> bytes | None:
        value, until = self._values.get(key, (None, now))
        if until > now:
            return value
        self._values.pop(key, None)
        return None

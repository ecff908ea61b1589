"""Token store in a dict: lost when the process ends, and the fastest of all stores."""

from simlib.scenario.messages import (
    StoreConsume,
    StoreGet,
    StorePut,
    StoreRequest,
    StoreRevoke,
    StoreRevokedSince,
    TokenRow,
)
from simlib.stores.base import StoreAnswer


class MemoryStore:
    """Key -> row in this process; see `TokenStore` for the results."""

    def __init__(self) -> None:
        self._rows: dict[str, TokenRow] = {}
        self._revoked: set[str] = set()

    def execute(self, request: StoreRequest) -> StoreAnswer:
        """Execute one request and return its result."""
        if isinstance(request, StoreGet):
            return self._rows.get(request.key)
        if isinstance(request, StorePut):
            self._put(request.key, request.row)
            return None
        if isinstance(request, StoreRevoke):
            return self._revoke(request.key, request.at) is not None
        if isinstance(request, StoreConsume):
            return self._revoke(request.key, request.at)
        return self._list_revoked_since(request)

    def count_valid(self, now: float) -> int:
        """Count rows that are neither expired nor revoked at ``now`` (seconds)."""
        return sum(
            row.expires_at > now and (row.revoked_at is None or row.revoked_at > now) for row in self._rows.values()
        )

    def close(self) -> None:
        """Remove every row."""
        self._rows.clear()
        self._revoked.clear()

    def _put(self, key: str, row: TokenRow) -> None:
        self._rows[key] = row
        if row.revoked_at is not None:
            self._revoked.add(key)
        elif key in self._revoked:
            self._revoked.remove(key)

    def _revoke(self, key: str, at: float) -> TokenRow | None:
        """Revoke a row and return it as it was before."""
        row = self._rows.get(key)
        if row is not None and row.revoked_at is None:
            self._rows[key] = row._replace(revoked_at=at)
            self._revoked.add(key)
        return row

    def _list_revoked_since(self, request: StoreRevokedSince) -> tuple[tuple[str, TokenRow], ...]:
        revoked = [
            (row.revoked_at, key, row)
            for key, row in ((key, self._rows[key]) for key in self._revoked)
            if row.revoked_at is not None and row.revoked_at > request.since and row.expires_at > request.now
        ]
        return tuple((key, row) for _, key, row in sorted(revoked))

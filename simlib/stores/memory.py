"""A token store in a dict: gone with the process, and the fastest there is."""

from simlib.scenario.messages import StoreGet, StorePut, StoreRequest, TokenRow


class MemoryStore:
    """Key -> row in this process; see `TokenStore` for the answers."""

    def __init__(self) -> None:
        self._rows: dict[str, TokenRow] = {}

    def execute(self, request: StoreRequest) -> TokenRow | bool | None:
        """Answer one request at once."""
        if isinstance(request, StoreGet):
            return self._rows.get(request.key)
        if isinstance(request, StorePut):
            self._rows[request.key] = request.row
            return None
        return self._revoke(request.key, request.at)

    def count_valid(self, now: float) -> int:
        """Rows that are neither expired nor revoked at ``now`` (seconds)."""
        return sum(
            row.expires_at > now and (row.revoked_at is None or row.revoked_at > now) for row in self._rows.values()
        )

    def close(self) -> None:
        """Forget every row."""
        self._rows.clear()

    def _revoke(self, key: str, at: float) -> bool:
        row = self._rows.get(key)
        if row is None:
            return False
        if row.revoked_at is None:
            self._rows[key] = row._replace(revoked_at=at)
        return True

"""The key-value store that servers share, such as Redis: values that are gone after a while."""

from simlib.scenario.messages import SharedGet, SharedRequest


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

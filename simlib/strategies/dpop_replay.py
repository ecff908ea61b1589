"""Replay cache of DPoP proofs: identifiers seen, for as long as the same proof would be in time (RFC 9449 section 11.1)."""

from collections import OrderedDict


class ReplayCache:
    """Bounded in number: when it is full of proofs that are still in time, nothing can be told any more."""

    __slots__ = ("_capacity", "_seen")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def is_full(self, now: float) -> bool:
        """Whether there is no room at ``now`` (seconds), after those that are over have been forgotten."""
        while self._seen:
            key, until = next(iter(self._seen.items()))
            if until > now:
                break
            del self._seen[key]
        return len(self._seen) >= self._capacity

    def note(self, thumbprint: str, jti: str, until: float) -> bool:
        """Remember a proof up to an instant (seconds), which must not fall; whether it was new."""
        key = (thumbprint, jti)
        if key in self._seen:
            return False
        self._seen[key] = until
        return True

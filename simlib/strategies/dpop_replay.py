"""Replay cache of DPoP proofs: identifiers seen, for as long as the same proof is in time (RFC 9449 section 11.1)."""

from collections import OrderedDict


class ReplayCache:
    """Bounded in number: when it is full of proofs that are still in time, no proof can be judged any more."""

    __slots__ = ("_capacity", "_seen")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def is_full(self, now: float) -> bool:
        """Whether there is no room at ``now`` (seconds), after proofs that are over have been removed."""
        while self._seen:
            key, until = next(iter(self._seen.items()))
            if until > now:
                break
            del self._seen[key]
        return len(self._seen) >= self._capacity

    def record(self, thumbprint: str, jti: str, until: float) -> bool:
        """Record a proof until an instant (seconds), which must not decrease; returns whether it was new."""
        key = (thumbprint, jti)
        if key in self._seen:
            return False
        self._seen[key] = until
        return True

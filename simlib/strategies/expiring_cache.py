"""Expiring cache of one replica: bounded in time and in number, the least recently used entry goes first.

Keys are hashes of tokens, instants are in seconds."""

from collections import OrderedDict
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class CacheEntry(NamedTuple, Generic[T]):
    """A value and the instant (seconds) at which it must no longer be used."""

    value: T
    until: float


class ExpiringCache(Generic[T]):
    """Values by the hash of a token, so that a dump of the cache holds no credentials."""

    __slots__ = ("_capacity", "_kept")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[str, CacheEntry[T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str, now: float) -> T | None:
        """What is kept for this key, if it may still be used at ``now``."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if now >= kept.until:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return kept.value

    def put(self, key: str, value: T, until: float) -> None:
        """Keep a value, pushing out the least recently used one when full."""
        self._kept[key] = CacheEntry(value, until)
        self._kept.move_to_end(key)
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    def drop(self, key: str) -> None:
        """Forget what is kept for this key, if there is anything."""
        self._kept.pop(key, None)

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

    __slots__ = ("_capacity", "_entries")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[str, CacheEntry[T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str, now: float) -> T | None:
        """Find the value of this key, if it may still be used at ``now``."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if now >= entry.until:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return entry.value

    def put(self, key: str, value: T, until: float) -> None:
        """Store a value; the least recently used one is evicted when the cache is full."""
        self._entries[key] = CacheEntry(value, until)
        self._entries.move_to_end(key)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)

    def drop(self, key: str) -> None:
        """Remove the entry of this key, if there is one."""
        self._entries.pop(key, None)

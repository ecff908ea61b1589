"""A cache of introspection answers in one replica: bounded in time and in number, least recently used goes first."""

from collections import OrderedDict
from typing import NamedTuple

from simlib.strategies.introspection import Introspected


class Kept(NamedTuple):
    """An answer and the instant (seconds) at which it must no longer be used."""

    introspected: Introspected
    until: float


class AnswerCache:
    """Answers by the hash of their token, so that a dump of the cache holds no credentials."""

    __slots__ = ("_capacity", "_kept")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str, now: float) -> Introspected | None:
        """The answer kept for this key, if it may still be used at ``now``."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if now >= kept.until:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return kept.introspected

    def put(self, key: str, introspected: Introspected, until: float) -> None:
        """Keep an answer, pushing out the least recently used one when full."""
        self._kept[key] = Kept(introspected, until)
        self._kept.move_to_end(key)
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    def drop(self, key: str) -> None:
        """Forget the answer for this key, if there is one."""
        self._kept.pop(key, None)

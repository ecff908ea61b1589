"""A cache of introspection answers in one replica."""

from simlib.strategies.expiring_cache import ExpiringCache
from simlib.strategies.introspection import Introspected


class AnswerCache(ExpiringCache[Introspected]):
    """Answers by the hash of their token."""

    __slots__ = ()

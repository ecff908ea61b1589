"""Where introspection answers are kept: in the memory of each replica, or in a store that all replicas share.

A cache of introspection answers in one replica.

A cache in one replica: bounded in time and in number, least recently used goes first.
"""

import json
from collections import OrderedDict
from functools import partial
from typing import Generic, NamedTuple, Protocol, TypeVar

from simlib.scenario.effects import Call, Compute, Context, Flow
from simlib.scenario.messages import SharedGet, SharedPut
from simlib.strategies.introspection import Introspected, json_object

T = TypeVar("T")


class Kept(NamedTuple, Generic[T]):
    """A value and the instant (seconds) at which it must no longer be used."""

    value: T
    until: float


class ExpiringCache(Generic[T]):
    """Values by the hash of a token, so that a dump of the cache holds no credentials."""

    __slots__ = ("_capacity", "_kept")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[str, Kept[T]] = OrderedDict()

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
        self._kept[key] = Kept(value, until)
        self._kept.move_to_end(key)
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    def drop(self, key: str) -> None:
        """Forget what is kept for this key, if there is anything."""
        self._kept.pop(key, None)


class AnswerCache(ExpiringCache[Introspected]):
    """Answers by the hash of their token."""

    __slots__ = ()


class AnswerPlace(Protocol):
    """Keeps answers by the hash of their token. Instants in seconds."""

    def look_up(self, ctx: Context, state: AnswerCache, key: str) -> Flow[Introspected | None]:
        """The answer kept for this key, if it may still be used."""

    def keep(self, ctx: Context, state: AnswerCache, key: str, introspected: Introspected, until: float) -> Flow[None]:
        """Keep an answer until an instant."""

    def drop(self, ctx: Context, state: AnswerCache, key: str) -> Flow[None]:
        """Forget an answer that no longer holds."""


class InReplica:
    """A bounded cache in the memory of one replica."""

    def look_up(self, ctx: Context, state: AnswerCache, key: str) -> Flow[Introspected | None]:
        """One look into a dictionary."""
        yield Compute("cache.lookup")
        return state.get(key, ctx.now())

    def keep(self, ctx: Context, state: AnswerCache, key: str, introspected: Introspected, until: float) -> Flow[None]:
        """Put it there; the look-up's price covers it."""
        state.put(key, introspected, until)
        yield from ()

    def drop(self, ctx: Context, state: AnswerCache, key: str) -> Flow[None]:
        """Take it away."""
        state.drop(key)
        yield from ()


class InSharedStore:
    """JSON in the shared key-value store: a round trip each time, and one answer serves all replicas.

    When the store cannot be reached, it is as if nothing were kept. ``timeout_s`` bounds each call.
    """

    def __init__(self, prefix: str, timeout_s: float) -> None:
        self._prefix = prefix
        self._timeout_s = timeout_s

    def look_up(self, ctx: Context, state: AnswerCache, key: str) -> Flow[Introspected | None]:
        """Read it; judged on arrival, because it may have ended on its way."""
        value = yield Call("shared", SharedGet(self._prefix + key), self._timeout_s)
        if not isinstance(value, bytes):
            return None
        found = yield Compute("json.decode", partial(_read, value))
        introspected, until = found if found is not None else (None, 0.0)
        return introspected if ctx.now() < until else None

    def keep(self, ctx: Context, state: AnswerCache, key: str, introspected: Introspected, until: float) -> Flow[None]:
        """Write it."""
        value = yield Compute("json.encode", partial(_written, introspected, until))
        yield Call("shared", SharedPut(self._prefix + key, value, until), self._timeout_s)

    def drop(self, ctx: Context, state: AnswerCache, key: str) -> Flow[None]:
        """Write over it with nothing, which is gone at once."""
        yield Call("shared", SharedPut(self._prefix + key, b"", ctx.now()), self._timeout_s)


def _written(introspected: Introspected, until: float) -> bytes:
    answer, asked_at, text = introspected
    return json.dumps({"answer": answer, "asked_at": asked_at, "text": text, "until": until}).encode()


def _read(value: bytes) -> tuple[Introspected, float] | None:
    match json_object(value):
        case {"answer": dict(answer), "asked_at": int() | float() as asked_at, "text": str(text), "until": until}:
            return (Introspected(answer, asked_at, text), until) if isinstance(until, int | float) else None
    return None

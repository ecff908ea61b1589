"""Caches of one replica, bounded in time and in number, and caches of introspection answers.

The least recently used entry goes first. Answers are kept in each replica or in a store that all replicas share. Keys
are hashes of tokens, instants are in seconds.
"""

import json
import math
from collections import OrderedDict
from functools import partial
from typing import Generic, NamedTuple, Protocol, TypeVar

from simlib.scenario.effects import Call, Compute, Context, Flow
from simlib.scenario.messages import SharedGet, SharedPut
from simlib.strategies.introspection_client import Introspection, ServerClock, parse_json_object

T = TypeVar("T")

_LOOKUP = Compute("cache.lookup")


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


class AnswerCache(ExpiringCache[Introspection]):
    """Answers of the authorization server in one replica."""

    __slots__ = ()


def compute_cache_end(result: Introspection, ttl_s: float, stale_s: float = 0.0, negative_ttl_s: float = 0.0) -> float:
    """Compute until when a result may be used: TTL and stale time from its request, and never beyond ``exp``.

    An instant (seconds) by the receiver's clock. An inactive answer is used for ``negative_ttl_s``; one without an
    expiry, which nothing bounds, is not cached.
    """
    if result.answer.get("active") is not True:
        return result.requested_at + negative_ttl_s
    expiry = result.earliest_expiry
    return result.requested_at if expiry == math.inf else min(result.requested_at + ttl_s + stale_s, expiry)


class CacheBackend(Protocol):
    """Store of introspection results."""

    def look_up(self, ctx: Context, state: AnswerCache, key: str) -> Flow[Introspection | None]:
        """Find the result of this key, if it may still be used."""

    def store(self, ctx: Context, state: AnswerCache, key: str, result: Introspection, until: float) -> Flow[None]:
        """Store a result until an instant."""

    def drop(self, ctx: Context, state: AnswerCache, key: str) -> Flow[None]:
        """Remove a result that no longer holds."""


class LocalCacheBackend:
    """A bounded cache in the memory of one replica."""

    def look_up(self, ctx: Context, state: AnswerCache, key: str) -> Flow[Introspection | None]:
        """Look into the dictionary."""
        yield _LOOKUP
        return state.get(key, ctx.now())

    def store(self, ctx: Context, state: AnswerCache, key: str, result: Introspection, until: float) -> Flow[None]:
        """Store it; the cost of the look-up covers it."""
        state.put(key, result, until)
        yield from ()

    def drop(self, ctx: Context, state: AnswerCache, key: str) -> Flow[None]:
        """Remove it."""
        state.drop(key)
        yield from ()


class SharedCacheBackend:
    """JSON in the shared key-value store: a round trip for each call, and one result serves all replicas.

    When the store cannot be reached, it counts as empty. ``timeout_s`` bounds each call. Instants in an entry are those
    of the replica that wrote it, so the replicas of a host are taken to have one clock.
    """

    def __init__(self, prefix: str, timeout_s: float) -> None:
        self._prefix = prefix
        self._timeout_s = timeout_s

    def look_up(self, ctx: Context, state: AnswerCache, key: str) -> Flow[Introspection | None]:
        """Read it; its end is checked on arrival, because the read takes time."""
        value = yield Call("shared", SharedGet(self._prefix + key), self._timeout_s)
        if not isinstance(value, bytes):
            return None
        entry = yield Compute("json.decode", partial(_decode_entry, value))
        result, until = entry if entry is not None else (None, 0.0)
        return result if ctx.now() < until else None

    def store(self, ctx: Context, state: AnswerCache, key: str, result: Introspection, until: float) -> Flow[None]:
        """Write it to the store."""
        value = yield Compute("json.encode", partial(_encode_entry, result, until))
        yield Call("shared", SharedPut(self._prefix + key, value, until - ctx.now()), self._timeout_s)

    def drop(self, ctx: Context, state: AnswerCache, key: str) -> Flow[None]:
        """Overwrite it with an empty value that expires at once."""
        yield Call("shared", SharedPut(self._prefix + key, b"", 0.0), self._timeout_s)


def _encode_entry(result: Introspection, until: float) -> bytes:
    # Of the two leads the larger one, so that no reader uses the answer for longer than its writer.
    entry = {"answer": result.answer, "asked_at": result.requested_at, "lead": result.clock.most_lead_s}
    return json.dumps({**entry, "text": result.text, "until": until}).encode()


def _decode_entry(value: bytes) -> tuple[Introspection, float] | None:
    match parse_json_object(value):
        case {
            "answer": dict(answer),
            "asked_at": int() | float() as requested_at,
            "lead": int() | float() as lead,
            "text": str(text),
            "until": int() | float() as until,
        }:
            return Introspection(answer, requested_at, text, ServerClock(lead, lead)), until
    return None

"""Introspection cache: answers of the authorization server, in each replica or in a store that all replicas share.

Keys are hashes of tokens, instants are in seconds."""

import json
from functools import partial
from typing import Protocol

from simlib.scenario.effects import Call, Compute, Context, Flow
from simlib.scenario.messages import SharedGet, SharedPut
from simlib.strategies.expiring_cache import ExpiringCache
from simlib.strategies.introspection_client import IntrospectionResult, parse_json_object


class IntrospectionCache(ExpiringCache[IntrospectionResult]):
    """Answers by the hash of their token."""

    __slots__ = ()


class CacheBackend(Protocol):
    """Keeps answers by the hash of their token. Instants in seconds."""

    def look_up(self, ctx: Context, state: IntrospectionCache, key: str) -> Flow[IntrospectionResult | None]:
        """The answer kept for this key, if it may still be used."""

    def keep(
        self, ctx: Context, state: IntrospectionCache, key: str, introspected: IntrospectionResult, until: float
    ) -> Flow[None]:
        """Keep an answer until an instant."""

    def drop(self, ctx: Context, state: IntrospectionCache, key: str) -> Flow[None]:
        """Forget an answer that no longer holds."""


class LocalCacheBackend:
    """A bounded cache in the memory of one replica."""

    def look_up(self, ctx: Context, state: IntrospectionCache, key: str) -> Flow[IntrospectionResult | None]:
        """One look into a dictionary."""
        yield Compute("cache.lookup")
        return state.get(key, ctx.now())

    def keep(
        self, ctx: Context, state: IntrospectionCache, key: str, introspected: IntrospectionResult, until: float
    ) -> Flow[None]:
        """Put it there; the look-up's price covers it."""
        state.put(key, introspected, until)
        yield from ()

    def drop(self, ctx: Context, state: IntrospectionCache, key: str) -> Flow[None]:
        """Take it away."""
        state.drop(key)
        yield from ()


class SharedCacheBackend:
    """JSON in the shared key-value store: a round trip each time, and one answer serves all replicas.

    When the store cannot be reached, it is as if nothing were kept. ``timeout_s`` bounds each call.
    """

    def __init__(self, prefix: str, timeout_s: float) -> None:
        self._prefix = prefix
        self._timeout_s = timeout_s

    def look_up(self, ctx: Context, state: IntrospectionCache, key: str) -> Flow[IntrospectionResult | None]:
        """Read it; judged on arrival, because it may have ended on its way."""
        value = yield Call("shared", SharedGet(self._prefix + key), self._timeout_s)
        if not isinstance(value, bytes):
            return None
        found = yield Compute("json.decode", partial(_read, value))
        introspected, until = found if found is not None else (None, 0.0)
        return introspected if ctx.now() < until else None

    def keep(
        self, ctx: Context, state: IntrospectionCache, key: str, introspected: IntrospectionResult, until: float
    ) -> Flow[None]:
        """Write it."""
        value = yield Compute("json.encode", partial(_written, introspected, until))
        yield Call("shared", SharedPut(self._prefix + key, value, until), self._timeout_s)

    def drop(self, ctx: Context, state: IntrospectionCache, key: str) -> Flow[None]:
        """Write over it with nothing, which is gone at once."""
        yield Call("shared", SharedPut(self._prefix + key, b"", ctx.now()), self._timeout_s)


def _written(introspected: IntrospectionResult, until: float) -> bytes:
    answer, asked_at, text = introspected
    return json.dumps({"answer": answer, "asked_at": asked_at, "text": text, "until": until}).encode()


def _read(value: bytes) -> tuple[IntrospectionResult, float] | None:
    match parse_json_object(value):
        case {"answer": dict(answer), "asked_at": int() | float() as asked_at, "text": str(text), "until": until}:
            return (IntrospectionResult(answer, asked_at, text), until) if isinstance(until, int | float) else None
    return None

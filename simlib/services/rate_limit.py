"""Rate limit of an endpoint: a token bucket per caller, and 429 when it is empty (RFC 6585 section 4)."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from simlib.scenario.effects import Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest

Endpoint = Callable[[Context, HttpRequest, Any], Flow[Reply]]


class _Bucket(NamedTuple):
    """Tokens of a caller at an instant (seconds)."""

    tokens: float
    filled_at: float


class _TokenBuckets:
    """One bucket per caller, filled by ``rate`` per second up to ``burst``; full at first, unless ``begin`` says how
    much is in one at instant 0.
    """

    def __init__(self, rate: float, burst: float, begin: Callable[[str], float] | None) -> None:
        self._rate = rate
        self._burst = burst
        self._begin = begin
        self._buckets: dict[str, _Bucket] = {}

    def take(self, caller: str, now: float) -> float:
        """Take a token and return 0; when there is none, return the seconds until the next one."""
        bucket = self._buckets.get(caller)
        if bucket is None:
            bucket = _Bucket(self._burst, now) if self._begin is None else _Bucket(self._begin(caller), 0.0)
        tokens, filled_at = bucket
        tokens = min(self._burst, tokens + max(0.0, now - filled_at) * self._rate)
        if tokens < 1.0:
            self._buckets[caller] = _Bucket(tokens, now)
            return (1.0 - tokens) / self._rate
        self._buckets[caller] = _Bucket(tokens - 1.0, now)
        return 0.0


def limit_rate(endpoint: Endpoint, rate: float, burst: float, begin: Callable[[str], float] | None = None) -> Endpoint:
    """Wrap an endpoint so that it replies 429 to more than ``rate`` requests per second after ``burst`` at once.

    To be called once per replica: each has its own buckets, so n replicas together allow n times the rate. Callers are
    distinguished by their Authorization header; all without one share a bucket. ``begin``: caller -> tokens in its
    bucket at instant 0, for a run that begins in the middle of a longer one. Raises ValueError when the rate is not
    above 0 or the burst below 1, which would refuse every request.
    """
    if not rate > 0 or not burst >= 1:
        raise ValueError("a rate limit needs a rate above 0 and a burst of at least 1")
    buckets = _TokenBuckets(rate, burst, begin)

    def serve(ctx: Context, request: HttpRequest, server: Any) -> Flow[Reply]:
        wait = yield Compute("cache.lookup", partial(buckets.take, request.authorization, ctx.now()))
        if wait > 0:
            # Retry-After counts whole seconds (RFC 9110 section 10.2.3); rounded down, it would send callers too early.
            return Reply(429, retry_after=float(math.ceil(wait)))
        return (yield from endpoint(ctx, request, server))

    return serve

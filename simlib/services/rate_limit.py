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
    """One bucket per caller: full at first, filled by ``rate`` per second up to ``burst``."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: dict[str, _Bucket] = {}

    def take(self, caller: str, now: float) -> float:
        """Take a token and return 0; when there is none, return the seconds until the next one."""
        tokens, filled_at = self._buckets.get(caller, _Bucket(self._burst, now))
        tokens = min(self._burst, tokens + max(0.0, now - filled_at) * self._rate)
        if tokens < 1.0:
            self._buckets[caller] = _Bucket(tokens, now)
            return (1.0 - tokens) / self._rate
        self._buckets[caller] = _Bucket(tokens - 1.0, now)
        return 0.0


def limit_rate(endpoint: Endpoint, rate: float, burst: float) -> Endpoint:
    """Wrap an endpoint so that it replies 429 to more than ``rate`` requests per second after ``burst`` at once.

    To be called once per replica: each has its own buckets, so n replicas together allow n times the rate. Callers are
    distinguished by their Authorization header; all without one share a bucket. Raises ValueError when the rate is not
    above 0 or the burst below 1, which would refuse every request.
    """
    if not rate > 0 or not burst >= 1:
        raise ValueError("a rate limit needs a rate above 0 and a burst of at least 1")
    buckets = _TokenBuckets(rate, burst)

    def serve(ctx: Context, request: HttpRequest, server: Any) -> Flow[Reply]:
        wait = yield Compute("cache.lookup", partial(buckets.take, request.authorization, ctx.now()))
        if wait > 0:
            # Retry-After counts whole seconds (RFC 9110 section 10.2.3); rounded down, it would send callers too early.
            return Reply(429, retry_after=float(math.ceil(wait)))
        return (yield from endpoint(ctx, request, server))

    return serve

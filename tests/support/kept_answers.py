"""Caches that only some requests use: closed form of their misses, and a simulation event by event of bounded ones."""

import math
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
from scipy.stats import gamma


def count_misses(rate: float, share: float, ttl: float, life: float, replicas: int = 1) -> float:
    """Misses per token that is used for ``life`` seconds since its first request.

    ``rate``: requests per second with it, of which ``share`` look in the cache of their replica. From one miss of a
    replica to the next pass the time to live and an exponential time.
    """
    own = rate * share / replicas
    count = int(min(life / ttl, 10_000)) + 1
    steps = np.arange(1, count + 1)
    after_a_miss = float(gamma.cdf(life - steps * ttl, steps, scale=1 / own).sum())
    later = float(gamma.cdf(life - (steps - 1) * ttl, steps, scale=1 / own).sum())
    return share * (1 + after_a_miss) + (replicas - share) * later


def compute_hits(rate: float, share: float, ttl: float, life: float, replicas: int = 1) -> float:
    """Share of all requests that need no answer of the server, those that do not look in the cache included."""
    return 1 - count_misses(rate, share, ttl, life, replicas) / (1 + rate * life)


class Bounded(NamedTuple):
    """Cache of each replica: seconds for which it keeps an answer, and number of tokens for which it has room."""

    ttl: float
    capacity: int
    replicas: int = 1


def simulate_hits(users: int, rate: float, share: float, life: float, cache: Bounded, requests: int = 40_000) -> float:
    """The same share where the least recently used answer leaves a cache without room; empty at first."""
    draws = np.random.default_rng(1)
    gaps, drawn = draws.exponential(1 / (users * rate), requests), draws.integers(users, size=requests)
    replicas, uses = draws.integers(cache.replicas, size=requests), draws.random(requests) < share
    kept: list[OrderedDict[tuple[int, float], float]] = [OrderedDict() for _ in range(cache.replicas)]
    issued, now, misses, counted = [-math.inf] * users, 0.0, 0, 0
    for number, (gap, user, replica, is_use) in enumerate(
        zip(gaps.tolist(), drawn.tolist(), replicas.tolist(), uses.tolist(), strict=True)
    ):
        now += gap
        if now >= issued[user] + life:
            issued[user] = now
        is_miss = False
        if is_use:
            entries, token = kept[replica], (user, issued[user])
            is_miss = entries.get(token, -math.inf) <= now
            if is_miss:
                entries[token] = now + cache.ttl
            entries.move_to_end(token)
            if len(entries) > cache.capacity:
                entries.popitem(last=False)
        if number > requests // 4:
            counted, misses = counted + 1, misses + is_miss
    return 1 - misses / counted

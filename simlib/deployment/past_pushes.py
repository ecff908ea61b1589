"""Pushes before the run to enforcement points that have less room than there are tokens in use.

The authorization server sends each replica a part of every token that it issues. A replica that has evicted it refuses
the token, its client gets another one, and all replicas receive that. So entries depend on the requests of all users at
all replicas: these are drawn, and go through the order of use of every replica, until it does not depend on its begin.
"""

from bisect import bisect
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.deployment.past_evictions import SETTLED

MOST_REQUESTS = 2_000_000
"""Requests that are drawn at most."""
Floats = NDArray[np.float64]
Key = tuple[int, float]
"""A user and the instant at which its token was issued."""


class Touch(NamedTuple):
    """Last use of an entry of a replica, or its push: instant and instant of issue (seconds, negative), user, whether
    the user still has the token.
    """

    instant: float
    replica: int
    user: int
    issued_at: float
    is_held: bool


class Way(NamedTuple):
    """Replicas that serve the requests of a user: their numbers, and the shares of requests up to each."""

    replicas: Sequence[int]
    upto: Sequence[float]

    def choose(self, uniform: float) -> int:
        """The replica of one request."""
        return self.replicas[min(bisect(self.upto, uniform), len(self.replicas) - 1)]


def draw_touches(
    demand: tuple[Floats, Sequence[Way]],
    ages: Sequence[float | None],
    room: tuple[Sequence[int], float],
    life_s: float,
    draw_column: Callable[[str, int], Floats],
) -> list[Touch]:
    """The entries of all replicas when the run begins, by instant.

    ``demand``: requests per second and way of each user; ``ages``: of their tokens (seconds), None without one, long
    before the run as at its begin; ``room``: capacity of each replica and the longest characteristic time.
    """
    rates, ways = demand
    capacities, longest_s = room
    total = float(rates.sum())
    count = int(min(SETTLED * longest_s * total, MOST_REQUESTS)) + 1
    begin = -count / total
    issued = [-inf if age is None else begin - age for age in ages]
    orders: list[OrderedDict[Key, float]] = [OrderedDict() for _ in capacities]
    for instant, user, uniform in _draw_requests(rates, count, draw_column):
        replica = ways[user].choose(uniform)
        entries, held = orders[replica], (user, issued[user])
        # As long as there is room an entry that is not there would have been, had the requests begun earlier.
        if instant < issued[user] + life_s and (held in entries or len(entries) < capacities[replica]):
            _keep(entries, held, instant, capacities[replica])
            continue
        issued[user] = instant
        for other, capacity in zip(orders, capacities, strict=True):
            _keep(other, (user, instant), instant, capacity)
    touches = [
        Touch(instant, replica, user, issued_at, issued_at == issued[user])
        for replica, entries in enumerate(orders)
        for (user, issued_at), instant in entries.items()
    ]
    return sorted(touches)


def _draw_requests(
    rates: Floats, count: int, draw_column: Callable[[str, int], Floats]
) -> Iterator[tuple[float, int, float]]:
    """Requests up to instant 0: when, of which user, and a uniform for the replica."""
    total = float(rates.sum())
    gaps = -np.log1p(-draw_column("warm.pushed.gap", count)) / total
    instants = -np.cumsum(gaps)[::-1]
    users = np.searchsorted(np.cumsum(rates) / total, draw_column("warm.pushed.user", count), side="right")
    uniforms = draw_column("warm.pushed.replica", count)
    return zip(instants.tolist(), np.minimum(users, len(rates) - 1).tolist(), uniforms.tolist(), strict=True)


def _keep(entries: OrderedDict[Key, float], key: Key, instant: float, capacity: int) -> None:
    entries[key] = instant
    entries.move_to_end(key)
    if len(entries) > capacity:
        entries.popitem(last=False)

"""Evictions before the run, where a cache has less room than there are tokens in use: which entries are there, how old.

The least recently used entry goes first, so an entry is there as long as no time between two of its requests is longer
than the characteristic time, in which as many tokens are used as there is room for (Che, Tung and Wang, Hierarchical
Web caching systems, IEEE Journal on Selected Areas in Communications 20, 2002).
"""

from collections.abc import Callable
from math import inf

import numpy as np
from numpy.typing import NDArray

from simlib.deployment.past_fetches import draw_exponential

LONGEST_S = 1e12
SETTLED = 8


def find_characteristic_s(
    rates: NDArray[np.float64], capacity: int | None, kept_s: float, life_s: float = inf
) -> float:
    """The characteristic time of a cache (seconds), inf where its entries end (``kept_s``) before there is no room.

    ``rates`` (users,) are requests per second at one replica. Tokens that are used for ``life_s`` and then replaced
    take room until they are evicted; they come in no request, so it does not matter when that is.
    """
    useful_s = min(kept_s, life_s, LONGEST_S)
    if capacity is None or _count_used(rates, useful_s, life_s) <= capacity - 3 * np.sqrt(capacity):
        return inf
    low, high = 0.0, LONGEST_S
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _count_used(rates, middle, life_s) < capacity else (low, middle)
    return high


def _count_used(rates: NDArray[np.float64], seconds: float, life_s: float) -> float:
    """Tokens that are expected to be used in some seconds: of each user the one that is there when they begin, if it is
    used again, and all that come later, each issued for a request after the last one has ended.
    """
    if life_s == inf:
        return float(-np.expm1(-rates * seconds).sum())
    rates = rates[rates > 0]
    until = min(seconds, life_s)  # the life that is left is uniform
    unused = (-np.expm1(-rates * until) / rates + (life_s - until) * np.exp(-rates * until)) / life_s
    cycle = life_s + 1 / rates
    return float((life_s / cycle * (1 - unused) + seconds / cycle).sum())


def draw_present(
    kept_s: float, rate: float, since: float, longest_s: float, draw: Callable[[], float]
) -> tuple[float, float] | None:
    """Instants (seconds, negative) of the last fetch of an entry and of its last use; None when it is not there.

    ``since``: the first request with its token; ``longest_s`` the characteristic time.
    """
    last = max(-draw_exponential(rate, draw()), since)
    if since >= 0 or -last > longest_s:
        return None
    uses = [last]
    while last - uses[-1] <= SETTLED * kept_s:
        earlier = max(uses[-1] - draw_exponential(rate, draw()), since)
        if uses[-1] - earlier > longest_s or uses[-1] <= since:
            break
        uses.append(earlier)
    fetched = uses[-1]
    for use in reversed(uses):
        if use >= fetched + kept_s:
            fetched = use
    return fetched, last

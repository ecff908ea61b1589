"""Evictions before the run, where a cache has less room than there are tokens in use: which entries are there, how old.

The least recently used entry goes first, so an entry is there as long as no time between two of its requests is longer
than the characteristic time, in which as many tokens are used as there is room for (Che, Tung and Wang, Hierarchical
Web caching systems, IEEE Journal on Selected Areas in Communications 20, 2002).
"""

from collections.abc import Callable, Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

from simlib.deployment.past_fetches import (
    TRAILING,
    Fetch,
    Kind,
    compute_rate,
    draw_exponential,
    draw_needed,
    list_first_served,
)

LONGEST_S = 1e12
SETTLED = 8


def find_characteristic_s(
    rates: NDArray[np.float64], capacity: int | None, kept_s: float, life_s: float = inf, share: float = 1.0
) -> float:
    """The characteristic time of a cache (seconds), inf where its entries end (``kept_s``) before there is no room.

    ``rates`` (users,) are requests per second, of which ``share`` come to this cache. Tokens that are used for
    ``life_s`` and then replaced take room until they are evicted; they come in no request, so it does not matter when
    that is.
    """
    useful_s = min(kept_s, life_s, LONGEST_S)
    if capacity is None or _count_used(rates, useful_s, life_s, share) <= capacity - 3 * np.sqrt(capacity):
        return inf
    low, high = 0.0, LONGEST_S
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _count_used(rates, middle, life_s, share) < capacity else (low, middle)
    return high


def _count_used(rates: NDArray[np.float64], seconds: float, life_s: float, share: float) -> float:
    """Tokens that are expected to be used here in some seconds: of each user the one that is there when they begin, if
    it is used again, and those of them that come later, each issued for a request after the last one has ended.
    """
    own = rates * share
    if life_s == inf:
        return float(-np.expm1(-own * seconds).sum())
    rates, own = rates[rates > 0], own[rates > 0]
    until = min(seconds, life_s)  # the life that is left is uniform
    idle = -np.expm1(-own * until) / own  # seconds of these that pass before the first use
    unused = (idle + (life_s - until) * np.exp(-own * until)) / life_s
    # A token that comes so many seconds before the end is not used if neither its first request nor a later one is.
    new_unused = (1 - share) * (idle + max(seconds - life_s, 0.0) * np.exp(-own * life_s))
    cycle = life_s + 1 / rates
    return float((life_s / cycle * (1 - unused) + (seconds - new_unused) / cycle).sum())


def draw_present(
    kinds: Sequence[Kind], since: float, longest: Sequence[float], draw: Callable[[], float]
) -> tuple[Fetch, ...]:
    """The requests before the run on which the entries of a token depend, and their order of use, by instant.

    ``since``: the first request with it, which uses what it needs as any other does; ``longest``: characteristic times
    of the caches (seconds). They are the last fetches of each kind in each of them, and its last use.
    """
    if since >= 0:
        return ()
    needed: dict[float, set[int]] = {}
    for number, uses in enumerate(_draw_uses(kinds, since, max(longest), draw)):
        for longest_s in longest:
            fetches = _list_fetches(uses, kinds[number].kept_s, longest_s)
            count = 1 if len(kinds) == 1 and len(longest) == 1 else TRAILING
            for instant in [*fetches[-count:], *(uses[:1] if fetches else ())]:
                needed.setdefault(instant, set()).add(number)
    return tuple(Fetch(instant, tuple(sorted(needed[instant]))) for instant in sorted(needed))


def _draw_uses(
    kinds: Sequence[Kind], since: float, longest_s: float, draw: Callable[[], float]
) -> tuple[list[float], ...]:
    """Uses of what is kept of each kind, the last one first, until what came before does not matter."""
    rate, instant = compute_rate(kinds), 0.0
    listed: tuple[list[float], ...] = tuple([] for _ in kinds)
    sought = set(range(len(kinds)))
    while sought and instant > since:
        instant = max(instant - draw_exponential(rate, draw()), since)
        for number in sorted(sought & _draw_used(kinds, instant <= since, draw)):
            uses = listed[number]
            if (uses[-1] if uses else 0.0) - instant > longest_s:
                sought.discard(number)
                continue
            uses.append(instant)
            if uses[0] - instant > SETTLED * kinds[number].kept_s:
                sought.discard(number)
    return listed


def _draw_used(kinds: Sequence[Kind], is_first: bool, draw: Callable[[], float]) -> frozenset[int]:
    if is_first:
        return frozenset(list_first_served(kinds, draw))
    return draw_needed(kinds, draw) if len(kinds) > 1 else frozenset({0})


def _list_fetches(uses: list[float], kept_s: float, longest_s: float) -> list[float]:
    """Uses for which an entry was fetched since it was last evicted, the earliest first; none when it is not there."""
    if not uses or -uses[0] > longest_s:
        return []
    first = next((n for n in range(1, len(uses)) if uses[n - 1] - uses[n] > longest_s), len(uses))
    fetches: list[float] = []
    for use in reversed(uses[:first]):
        if not fetches or use >= fetches[-1] + kept_s:
            fetches.append(use)
    return fetches

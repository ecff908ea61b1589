"""Further replications: how many more would narrow an interval enough, if its spread stays as observed."""

import math
from collections.abc import Callable

from simlib.analysis.intervals import Interval, estimate_replications

N_MAX = 100_000
"""Replications of which more are not affordable."""


def count_further_replications(interval: Interval, half_width: float, n_max: int = N_MAX) -> int | None:
    """Further replications that narrow an interval to a half width, if its spread stays; None beyond ``n_max`` in all.

    1 for an interval of fewer than two replications.
    """
    if interval.n < 2:
        return 1
    # Two values that are as far apart as needed for the standard deviation behind the interval.
    deviation = interval.half_width / _compute_unit_half_width(interval.n, interval.level)
    apart = deviation / math.sqrt(2)
    total = estimate_replications([-apart, apart], half_width, interval.level, n_max)
    return None if total is None else max(total - interval.n, 1)


def compute_narrowing(n: int, more: int, level: float) -> float:
    """Factor by which an interval of n replications gets narrower with ``more`` of them."""
    return _compute_unit_half_width(n + more, level) / _compute_unit_half_width(n, level)


def find_fewest(is_enough: Callable[[int], bool], n_max: int = N_MAX) -> int | None:
    """Smallest number from 1 to ``n_max`` that is enough, for a monotone predicate; None when ``n_max`` is not."""
    if not is_enough(n_max):
        return None
    low, high = 0, n_max  # the answer is in (low, high]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _compute_unit_half_width(n: int, level: float) -> float:
    """Half width of the Student interval of n values with standard deviation 1; infinite below two."""
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, (1 + level) / 2)) / math.sqrt(n) if n > 1 else math.inf

"""How many replications more it would take."""

import math
from collections.abc import Callable

from simlib.analysis.intervals import Interval, replications_needed
from simlib.decision.verdicts import N_MAX


def replications_for(interval: Interval, half_width: float, n_max: int = N_MAX) -> int | None:
    """How many more bring an interval to a half width, if its spread stays; None beyond ``n_max`` in all.

    One more where the interval has no spread yet.
    """
    if interval.n < 2:
        return 1
    # Two values that are as far apart as needed for the standard deviation behind the interval.
    deviation = interval.half_width / _unit_half_width(interval.n, interval.level)
    apart = deviation / math.sqrt(2)
    total = replications_needed([-apart, apart], half_width, interval.level, n_max)
    return None if total is None else max(total - interval.n, 1)


def narrowing(n: int, more: int, level: float) -> float:
    """How much narrower an interval of n replications gets with some more, as a factor."""
    return _unit_half_width(n + more, level) / _unit_half_width(n, level)


def fewest(enough: Callable[[int], bool], n_max: int = N_MAX) -> int | None:
    """The smallest number from 1 to ``n_max`` that is enough, if more never hurt; None when ``n_max`` is not."""
    if not enough(n_max):
        return None
    low, high = 0, n_max  # the answer is in (low, high]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _unit_half_width(n: int, level: float) -> float:
    """Half width of the Student interval of n values with standard deviation 1; infinite below two."""
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, (1 + level) / 2)) / math.sqrt(n) if n > 1 else math.inf

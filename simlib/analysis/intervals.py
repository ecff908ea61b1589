"""Student intervals of means over replications, single and paired; the replication is the unit of all statistics."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Interval:
    """Mean over ``n`` replications, and the interval that covers the true mean with probability ``level``.

    With one replication the interval is infinite, for one value has no spread. With none the mean is NaN as well.
    """

    mean: float
    low: float
    high: float
    level: float
    n: int

    @property
    def half_width(self) -> float:
        """Half the width of the interval, infinite below two replications."""
        return (self.high - self.low) / 2

    def is_within(self, margin: float) -> bool:
        """True if the whole interval lies in [-margin, margin]."""
        return -margin <= self.low and self.high <= margin

    def excludes(self, value: float) -> bool:
        """True if the whole interval lies on one side of a value."""
        return value < self.low or self.high < value

    def limit(self, lowest: float = -math.inf, highest: float = math.inf) -> Self:
        """The part of it that is possible, which covers as often: what is measured cannot lie outside.

        It holds the mean; an interval without ends, of a single replication, stays as it is.
        """
        if self.n < 2:
            return self
        low, high = min(max(self.low, lowest), self.mean), max(min(self.high, highest), self.mean)
        return replace(self, low=low, high=high)


def student(values: ArrayLike, level: float = 0.95) -> Interval:
    """The Student t interval of the mean of independent replications.

    Replications where the value is undefined (NaN) are dropped, and ``n`` says how many were left. Raises
    ValueError for a level outside (0, 1).
    """
    defined = _drop_undefined(values)
    n = len(defined)
    quantile = _compute_t_quantile(level, max(n - 1, 1))
    if n == 0:
        return Interval(math.nan, -math.inf, math.inf, level, 0)
    mean = float(defined.mean())
    if n == 1:
        return Interval(mean, -math.inf, math.inf, level, 1)
    half = quantile * float(defined.std(ddof=1)) / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, level, n)


def compare_pairs(values: ArrayLike, baseline: ArrayLike, level: float = 0.95) -> Interval:
    """The interval of the mean difference, values - baseline, replication by replication.

    With common random numbers the two vary together, so this interval is far narrower than the two separate ones
    suggest. Pairs with an undefined side are dropped. Raises ValueError when the two are not equally long.
    """
    minuend, subtrahend = np.asarray(values, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    if minuend.shape != subtrahend.shape:
        raise ValueError(f"pairs need equally many replications; there are {minuend.size} and {subtrahend.size}")
    return student(minuend - subtrahend, level)


def estimate_replications(
    differences: ArrayLike, half_width: float, level: float = 0.95, n_max: int = 100_000
) -> int | None:
    """Smallest total number of replications whose Student half width is at most ``half_width``.

    It supposes that the standard deviation observed in ``differences`` stays, and iterates on the t quantile. None
    when more than ``n_max`` would be needed. At least 2, which is also the answer while fewer than two differences
    are defined: more runs are needed to estimate it. Raises ValueError for a negative or NaN half width.
    """
    if not half_width >= 0:
        raise ValueError(f"half width must be >= 0, not {half_width}")
    defined = _drop_undefined(differences)
    deviation = float(np.std(defined, ddof=1)) if len(defined) > 1 else 0.0

    def is_too_wide(n: int) -> bool:
        return _compute_t_quantile(level, n - 1) * deviation / math.sqrt(n) > half_width

    return _find_smallest(is_too_wide, n_max)


def _find_smallest(is_too_wide: Callable[[int], bool], n_max: int) -> int | None:
    """Smallest number that is not too wide, by bisection: the half width falls with every replication."""
    if n_max < 2 or is_too_wide(n_max):
        return None
    low, high = 1, min(4, n_max)  # the answer is in (low, high]
    while is_too_wide(high):
        low, high = high, min(4 * high, n_max)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_too_wide(middle) else (low, middle)
    return high


@lru_cache(maxsize=4096)
def _compute_t_quantile(level: float, degrees: int) -> float:
    from scipy.special import stdtrit  # the t quantile itself; scipy.stats is slow to load

    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    return float(stdtrit(degrees, (1 + level) / 2))


def _drop_undefined(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64).ravel()
    return array[~np.isnan(array)]

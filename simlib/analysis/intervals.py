"""Student intervals over replications, single and paired. The replication is the unit; nothing here sees requests."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Interval:
    """A mean over ``n`` replications and the interval that covers the true one with probability ``level``.

    With one replication the interval is infinite: one value says nothing about its spread. With none the mean is
    NaN as well.
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

    def within(self, margin: float) -> bool:
        """Whether the whole interval lies in [-margin, margin]."""
        return -margin <= self.low and self.high <= margin

    def excludes(self, value: float) -> bool:
        """Whether the whole interval lies on one side of a value."""
        return value < self.low or self.high < value


def student(values: ArrayLike, level: float = 0.95) -> Interval:
    """The Student t interval of the mean of independent replications.

    Replications where the value is undefined (NaN) are dropped, and ``n`` says how many were left. Raises
    ValueError for a level outside (0, 1).
    """
    defined = _defined(values)
    n = len(defined)
    quantile = _quantile(level, max(n - 1, 1))
    if n == 0:
        return Interval(math.nan, -math.inf, math.inf, level, 0)
    mean = float(defined.mean())
    if n == 1:
        return Interval(mean, -math.inf, math.inf, level, 1)
    half = quantile * float(defined.std(ddof=1)) / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, level, n)


def paired(values: ArrayLike, baseline: ArrayLike, level: float = 0.95) -> Interval:
    """The interval of the mean difference, values - baseline, replication by replication.

    With common random numbers the two vary together, so the pairs say far more than two separate intervals. Pairs
    with an undefined side are dropped. Raises ValueError when the two are not equally long.
    """
    ours, theirs = np.asarray(values, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    if ours.shape != theirs.shape:
        raise ValueError(f"pairs need equally many replications; there are {ours.size} and {theirs.size}")
    return student(ours - theirs, level)


def replications_needed(
    differences: ArrayLike, half_width: float, level: float = 0.95, n_max: int = 100_000
) -> int | None:
    """Smallest total number of replications whose Student half width is at most ``half_width``.

    It supposes that the standard deviation observed in ``differences`` stays, and iterates on the t quantile. None
    when more than ``n_max`` would be needed. At least 2, which is also the answer while fewer than two differences
    are defined: then only more runs can tell. Raises ValueError for a negative or NaN half width.
    """
    if not half_width >= 0:
        raise ValueError(f"half width must be >= 0, not {half_width}")
    defined = _defined(differences)
    deviation = float(np.std(defined, ddof=1)) if len(defined) > 1 else 0.0

    def wide(n: int) -> bool:
        return _quantile(level, n - 1) * deviation / math.sqrt(n) > half_width

    return _first_narrow(wide, n_max)


def _first_narrow(wide: Callable[[int], bool], n_max: int) -> int | None:
    """Bisection: the half width falls with every replication."""
    if n_max < 2 or wide(n_max):
        return None
    low, high = 1, n_max  # the answer is in (low, high]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if wide(middle) else (low, middle)
    return high


def _quantile(level: float, degrees: int) -> float:
    from scipy.special import stdtrit  # the t quantile itself; scipy.stats is slow to load

    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    return float(stdtrit(degrees, (1 + level) / 2))


def _defined(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64).ravel()
    return array[~np.isnan(array)]

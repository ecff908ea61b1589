"""Distributions in few numbers."""

import numpy as np
from numpy.typing import NDArray

from simlib.decision.choice.values import Spread

Values = NDArray[np.float64]


def spread(values: Values, level: float) -> Spread:
    """Mean, median and central interval of draws; raises ValueError for none at all."""
    if values.size == 0:
        raise ValueError("no draws, no spread")
    low, median, high = np.quantile(values, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return Spread(float(values.mean()), float(median), float(low), float(high))


def interval_ends(values: Values, level: float) -> tuple[float, float]:
    """The central interval alone."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)

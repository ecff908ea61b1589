"""Mean latencies of two programs over several seeds, and their difference: both must simulate the same thing."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

LEVEL = 0.999


class Means(NamedTuple):
    """Mean latencies of both programs, in seconds, one per seed."""

    ours: Sequence[float]
    theirs: Sequence[float]

    @property
    def equal(self) -> bool:
        """Whether Welch's interval of the difference holds 0."""
        return bool(stats.ttest_ind(self.ours, self.theirs, equal_var=False).pvalue > 1 - LEVEL)

    def told(self) -> str:
        """Both means and the word for their difference."""
        word = "equal" if self.equal else "DIFFERENT"
        return f"mean {np.mean(self.ours):.3f} and {np.mean(self.theirs):.3f} s: {word} ({LEVEL:.1%} interval)"


def compared(seeds: int, ours: Callable[[int], float], theirs: Callable[[int], float]) -> Means:
    """The means of both for seeds 1 to ``seeds``."""
    numbers = range(1, seeds + 1)
    return Means([ours(seed) for seed in numbers], [theirs(seed) for seed in numbers])

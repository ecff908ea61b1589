"""Running totals over blocks of rows: sums and counts of values, counts by index, and sketched quantiles."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.columns import Floats, ratio
from simlib.scenario.errors import require_packages

SKETCH_K = 8_192
"""Accuracy of a sketch: it keeps at most about three times so many values, and all of them up to so many."""


class Totals:
    """Sum and number of the values of each name."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def add(self, name: str, values: NDArray[Any]) -> None:
        """Add the values of a block; those of a mask count as 0 and 1."""
        self._sums[name] = self._sums.get(name, 0.0) + float(values.sum())
        self._counts[name] = self._counts.get(name, 0) + values.size

    def sum(self, name: str) -> float:
        """The sum of all values, 0 of none."""
        return self._sums.get(name, 0.0)

    def mean(self, name: str) -> float:
        """The arithmetic mean of all values, NaN of none."""
        return ratio(self.sum(name), self._counts.get(name, 0))


class IndexCounts:
    """Number of rows with each small index."""

    def __init__(self) -> None:
        self._counts = np.zeros(0, dtype=np.int64)

    def add(self, indices: NDArray[Any]) -> None:
        """Count the indices of a block, each 0 or more."""
        counts = np.bincount(indices, minlength=len(self._counts))
        counts[: len(self._counts)] += self._counts
        self._counts = counts

    def cumulate(self, length: int) -> NDArray[np.int64]:
        """Number of rows with each index or a smaller one, of the first so many indices."""
        counts = np.zeros(length, dtype=np.int64)
        counts[: len(self._counts)] = self._counts[:length]
        return np.cumsum(counts)

    def list_indices(self) -> NDArray[np.int64]:
        """All indices up to the largest one that was counted."""
        return np.arange(len(self._counts))

    def sum(self, which: NDArray[np.bool_]) -> int:
        """The number of rows whose index is marked in a mask over `list_indices`."""
        return int(self._counts[which].sum())


class QuantileSketch:
    """Quantiles of any number of values in constant memory: the KLL sketch of Apache DataSketches.

    A quantile is one of the values. The share of the values up to it differs from the requested share by at most
    `rank_error`, in 99 of 100 sketches (Karnin, Lang, Liberty: Optimal Quantile Approximation in Streams, 2016); which
    values are kept is drawn at random, beyond the seed of a run. Up to `SKETCH_K` values nothing is left out. Raises
    InputError without the package datasketches.
    """

    def __init__(self) -> None:
        require_packages("a summary sink", ("datasketches",), "scale")
        from datasketches import kll_doubles_sketch

        self._sketch: Any = kll_doubles_sketch(SKETCH_K)

    @property
    def rank_error(self) -> float:
        """Largest difference, as a share of all values, between the rank of a quantile and the requested one."""
        return float(self._sketch.normalized_rank_error(False))

    @property
    def kept(self) -> int:
        """Number of the values that are in memory."""
        return int(self._sketch.num_retained)

    def add(self, values: Floats) -> None:
        """Add the values of a block."""
        self._sketch.update(values)

    def find(self, share: float) -> float:
        """The value up to which this share of the values lies, NaN of none."""
        return np.nan if self._sketch.is_empty() else float(self._sketch.get_quantile(share))

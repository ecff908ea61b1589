"""Quantiles of latencies: what one replication gives, and intervals over replications that cover in short runs too.

A sample quantile of a short run is too low in the mean, because requests that meet the same queue exceed it together,
and its distribution is skewed to the right, so Student's interval of four sample p99 covers 87 to 93 % where 95 % are
stated. Here the bias is estimated by the jackknife of Quenouille (Biometrika 43, 1956): the quantile of a replication
less the mean of those of its two halves. Student's interval is taken of the corrected values, and its upper end on a
logarithmic scale. `tests/intervals` tries both against the closed form of the M/M/1 queue, and keeps the coverage in
data/intervals.csv: 93 to 97 % at four replications, unless so few long queues are behind a quantile that it is marked.
Intervals of differences of two designs cover as much, or up to 99 % where the designs meet hardly any queue.

Where a quantile lies in a gap between two kinds of requests, such as 5 % of misses at p95, a replication gives a value
on either side, and 88 to 91 % is covered. Such a quantile is marked: of the spacings between neighbouring latencies
where it may lie by chance, each times the number of latencies above it, one has more than 20 % of the sum, and more
where there are few: 0.6 over the root of their number is added. These products are alike in a smooth tail (Rényi, Acta
Mathematica Hungarica 4, 1953). `tests/theory/test_coverage_of_gaps.py` finds the mark wherever too little is covered
next to a gap, in 99 % of the cases up to a standard error from one, and hardly any in distributions without one. With
20 % or more of the slower requests spread over the gap there is no mark, and 92 to 97 % is covered.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simlib.analysis.columns import Floats
from simlib.analysis.intervals import Interval, compare_pairs, student
from simlib.analysis.metrics import METRICS

HALVES, EXCURSIONS, GAP = "_halves", "_excursions", "_gap"
"""Endings of the columns beside a quantile: mean of the quantiles of both halves, number of excursions beyond it, and
the largest share that one spacing between latencies has of all where the quantile may lie, less an allowance."""
FEWEST_EXCURSIONS = 7.0
"""Excursions per replication below which an interval covers less than it states: found by `tests/intervals`."""
LARGEST_GAP, ALLOWANCE = 0.2, 0.6
"""Mean share over the replications from which on a quantile lies in a gap, and what is taken off it before, times the
root of the number of spacings, because one of few is large by chance: found by `tests/theory`."""
FEWEST_SPACINGS = 12
"""Spacings below which the largest one says nothing; a quantile with so few beyond it has few excursions."""
BATCHES, ERRORS = 20, 2.5
"""Batches in time for the standard error of the share of latencies beyond a quantile, and so many errors about it."""
LARGEST_EXPONENT = 1.0
"""Half width as a share of the mean up to which the upper end is exponential; beyond it goes on along the tangent."""


def summarise_quantiles(latency: Floats, percentages: Mapping[str, float]) -> dict[str, float]:
    """Compute quantiles of latencies (seconds, in the order of arrival), by name, with `HALVES` and `EXCURSIONS`."""
    middle, ordered = len(latency) // 2, np.sort(latency)
    figures: dict[str, float] = {}
    for name, percentage in percentages.items():
        quantile = _compute_quantile(latency, percentage)
        halves = [_compute_quantile(half, percentage) for half in (latency[:middle], latency[middle:])]
        figures[name] = quantile
        figures[name + HALVES] = sum(halves) / 2 if middle else quantile
        figures[name + EXCURSIONS] = count_excursions(latency, quantile)
        figures[name + GAP] = measure_gap(latency, ordered, percentage / 100.0)
    return figures


def measure_gap(latency: Floats, ordered: Floats, level: float) -> float:
    """Measure the largest spacing, as a share of all, between the latencies where a quantile may lie by chance.

    What one of so many has by chance is taken off (`ALLOWANCE`). ``ordered``: the same latencies by size. NaN with too
    few of them; 0 where they are all equal.
    """
    last = len(ordered) - 1
    if last < 1:
        return math.nan
    reach = ERRORS * _estimate_error(latency > _compute_quantile(ordered, 100.0 * level), level)
    low, high = max(math.floor((level - reach) * last), 0), min(math.ceil((level + reach) * last), last)
    if high - low < FEWEST_SPACINGS:
        return math.nan
    spacings = np.diff(ordered[low : high + 1]) * (last - np.arange(low, high))
    total = float(spacings.sum())
    return float(spacings.max()) / total - ALLOWANCE / math.sqrt(high - low) if total > 0 else 0.0


def _estimate_error(beyond: NDArray[np.bool_], level: float) -> float:
    """Standard error of the share beyond a quantile, by batches; at least that of independent requests."""
    size = len(beyond) // BATCHES
    independent = math.sqrt(level * (1.0 - level) / len(beyond))
    if not size:
        return independent
    shares = beyond[: size * BATCHES].reshape(BATCHES, size).mean(axis=1)
    return max(independent, float(shares.std(ddof=1)) / math.sqrt(BATCHES))


def count_excursions(latency: Floats, quantile: float) -> float:
    """Count how often latencies, in the order of arrival, go beyond a value; each time lasts down to their median.

    Requests that meet the same long queue go up and down about the value together, and are one event, not several.
    """
    if not latency.size:
        return 0.0
    crossings = latency[(latency > quantile) | (latency <= np.median(latency))] > quantile
    return float(np.count_nonzero(crossings[1:] & ~crossings[:-1]) + np.count_nonzero(crossings[:1]))


def _compute_quantile(latency: Floats, percentage: float) -> float:
    return float(np.percentile(latency, percentage)) if latency.size else np.nan


class Rows(Protocol):
    """Columns with a value per replication: a data frame, or a mapping of lists."""

    def __getitem__(self, name: Any, /) -> Any:
        """Return a column."""

    def __contains__(self, name: Any, /) -> bool:
        """Return whether there is a column."""


def compute_interval(rows: Rows, name: str, level: float = 0.95) -> Interval:
    """Compute the interval of the mean of one figure over replications; of a quantile with its correction.

    It ends where values of a metric are impossible: below 0, and for shares above 1.
    """
    values = rows[name]
    corrected = correct_values(rows, name)
    interval = student(values, level) if corrected is None else _stretch(student(corrected, level), values)
    return interval.limit(METRICS[name].lowest, METRICS[name].highest) if name in METRICS else interval


def compare_quantiles(
    values: ArrayLike, baseline: ArrayLike, own: ArrayLike, base: ArrayLike, level: float
) -> Interval:
    """Compute the interval of the mean difference of two quantiles; ``own`` and ``base`` are corrected.

    Short runs make both too low by about as much, so the difference itself is not corrected; its interval has the width
    of that of the corrected differences, which knows how much the quantile of a run varies.
    """
    plain, corrected = compare_pairs(values, baseline, level), compare_pairs(own, base, level)
    half = max(plain.half_width, corrected.half_width) if math.isfinite(plain.half_width) else math.inf
    return replace(plain, low=plain.mean - half, high=plain.mean + half) if plain.n else plain


def correct_values(rows: Rows, name: str) -> NDArray[np.float64] | None:
    """Correct the bias of a quantile in each replication; None for a figure without `HALVES`."""
    if name + HALVES not in rows:
        return None
    return 2.0 * _to_array(rows[name]) - _to_array(rows[name + HALVES])


def _stretch(interval: Interval, values: ArrayLike) -> Interval:
    """Put the upper end on a logarithmic scale; the mean is that of the values as they were measured."""
    defined = _to_array(values)
    mean, half = interval.mean, interval.half_width
    if mean > 0 and math.isfinite(half):
        share = half / mean
        below = min(share, LARGEST_EXPONENT)
        interval = replace(interval, high=mean * math.exp(below) * (1.0 + share - below))
    return _include_mean(interval, float(np.nanmean(defined)) if interval.n else math.nan)


def _include_mean(interval: Interval, mean: float) -> Interval:
    """The interval with another mean, around which it is widened where it does not hold it."""
    return replace(interval, mean=mean, low=min(interval.low, mean), high=max(interval.high, mean))


def _to_array(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64).ravel()


def rests_on_few_excursions(rows: Rows, name: str) -> bool:
    """Whether a quantile rests on so few excursions that its interval covers less than it states."""
    if name + EXCURSIONS not in rows:
        return False
    counts = _to_array(rows[name + EXCURSIONS])
    counts = counts[~np.isnan(counts)]
    return bool(counts.size) and bool(0 < counts.mean() < FEWEST_EXCURSIONS)


def lies_in_gap(rows: Rows, name: str) -> bool:
    """Whether a quantile lies in or next to a gap of the latencies, so that its interval covers less than it states."""
    if name + GAP not in rows:
        return False
    shares = _to_array(rows[name + GAP])
    shares = shares[~np.isnan(shares)]
    return bool(shares.size) and bool(shares.mean() > LARGEST_GAP)

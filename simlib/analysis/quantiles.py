"""Quantiles of latencies: what one replication gives, and intervals over replications that cover in short runs too.

A sample quantile of a short run is too low in the mean, because requests that meet the same queue exceed it together,
and its distribution is skewed to the right, so Student's interval of four sample p99 covers 87 to 93 % where 95 % are
stated. Here the bias is estimated by the jackknife of Quenouille (Biometrika 43, 1956): the quantile of a replication
less the mean of those of its two halves. Student's interval is taken of the corrected values, and its upper end on a
logarithmic scale. `tests/intervals` tries both against the closed form of the M/M/1 queue, and keeps the coverage in
data/intervals.csv: 93 to 97 % at four replications, unless so few long queues are behind a quantile that it is marked.
Intervals of differences of two designs cover as much, or up to 99 % where the designs meet hardly any queue. Where a
quantile falls in the gap between two kinds of requests, such as 5 % of misses at p95, 91 % is covered; the interval
then spans most of the gap.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simlib.analysis.columns import Floats
from simlib.analysis.intervals import Interval, compare_pairs, student

HALVES, EXCURSIONS = "_halves", "_excursions"
"""Endings of the columns beside a quantile: mean of the quantiles of both halves, number of excursions beyond it."""
FEWEST_EXCURSIONS = 7.0
"""Excursions per replication below which an interval covers less than it states: found by `tests/intervals`."""
LARGEST_EXPONENT = 1.0
"""Half width as a share of the mean up to which the upper end is exponential; beyond it goes on along the tangent."""


def summarise_quantiles(latency: Floats, percentages: Mapping[str, float]) -> dict[str, float]:
    """Compute quantiles of latencies (seconds, in the order of arrival), by name, with `HALVES` and `EXCURSIONS`."""
    middle = len(latency) // 2
    figures: dict[str, float] = {}
    for name, percentage in percentages.items():
        quantile = _compute_quantile(latency, percentage)
        halves = [_compute_quantile(half, percentage) for half in (latency[:middle], latency[middle:])]
        figures[name] = quantile
        figures[name + HALVES] = sum(halves) / 2 if middle else quantile
        figures[name + EXCURSIONS] = count_excursions(latency, quantile)
    return figures


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
    """Compute the interval of the mean of one figure over replications; of a quantile with its correction."""
    values = rows[name]
    corrected = correct_values(rows, name)
    return student(values, level) if corrected is None else _stretch(student(corrected, level), values)


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

"""Quantiles of latencies and their intervals: counts of excursions, corrected means, marks of short runs."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.analysis.intervals import compare_pairs, student
from simlib.analysis.quantiles import (
    EXCURSIONS,
    FEWEST_EXCURSIONS,
    HALVES,
    compare_quantiles,
    compute_interval,
    count_excursions,
    rests_on_few_excursions,
    summarise_quantiles,
)

latencies = st.lists(st.integers(0, 9), min_size=1, max_size=60).map(lambda values: np.array(values, dtype=float))
replications = st.lists(st.floats(0.01, 100.0), min_size=1, max_size=8)


def count_one_by_one(latency: Any, quantile: float) -> int:
    """A walk along the requests that is inside an excursion, or outside."""
    median, inside, count = sorted(latency)[len(latency) // 2], False, 0
    if len(latency) % 2 == 0:
        median = (median + sorted(latency)[len(latency) // 2 - 1]) / 2
    for value in latency:
        if value > quantile and not inside:
            inside, count = True, count + 1
        elif value <= median and not value > quantile:
            inside = False
    return count


@given(latencies, st.integers(0, 9))
def test_excursions_are_those_of_a_walk_along_the_requests(latency: Any, quantile: int) -> None:
    quantile = max(quantile, float(np.median(latency)))
    assert count_excursions(latency, quantile) == count_one_by_one(latency, quantile)


def test_requests_of_one_queue_are_one_excursion() -> None:
    queue = [1.0] * 50 + [9.0, 5.0, 9.0, 4.0, 9.0] + [1.0] * 45
    assert count_excursions(np.array(queue), 6.0) == 1.0
    apart = [1.0] * 50 + [9.0, 1.0, 9.0, 1.0, 9.0] + [1.0] * 45
    assert count_excursions(np.array(apart), 6.0) == 3.0
    assert count_excursions(np.array([]), math.nan) == 0.0


@given(latencies)
def test_halves_are_the_mean_of_the_quantiles_of_both_halves(latency: Any) -> None:
    figures = summarise_quantiles(latency, {"p95_s": 95.0})
    middle = len(latency) // 2
    first, second = latency[:middle], latency[middle:]
    expected = np.percentile(latency, 95) if not middle else (np.percentile(first, 95) + np.percentile(second, 95)) / 2
    assert figures["p95_s" + HALVES] == pytest.approx(expected)
    assert figures["p95_s"] == pytest.approx(np.quantile(latency, 0.95))


@given(replications, st.lists(st.floats(0.5, 1.0), min_size=8, max_size=8))
def test_an_interval_holds_its_mean_and_is_in_proportion_to_the_unit(values: list[float], shares: list[float]) -> None:
    halves = [value * share for value, share in zip(values, shares, strict=False)]
    own = compute_interval({"p99_s": values, "p99_s" + HALVES: halves}, "p99_s")
    assert own.low <= own.mean <= own.high
    assert own.mean == pytest.approx(np.mean(values))
    times = [1e3 * value for value in values]
    larger = compute_interval({"p99_s": times, "p99_s" + HALVES: [1e3 * half for half in halves]}, "p99_s")
    assert (larger.low, larger.high) == pytest.approx((1e3 * own.low, 1e3 * own.high), rel=1e-6)


@given(replications)
def test_without_halves_it_is_the_interval_of_student(values: list[float]) -> None:
    assert compute_interval({"mean_s": values}, "mean_s") == student(values).limit(0.0)
    assert compute_interval({"own": values}, "own") == student(values)


@given(st.lists(st.tuples(*[st.floats(0.01, 100.0)] * 4), min_size=2, max_size=8))
def test_a_difference_has_the_plain_mean_and_no_narrower_interval(rows: list[tuple[float, ...]]) -> None:
    values, baseline, own, base = (list(column) for column in zip(*rows, strict=True))
    difference, plain = compare_quantiles(values, baseline, own, base, 0.95), compare_pairs(values, baseline)
    assert difference.mean == plain.mean
    assert difference.half_width >= plain.half_width * (1 - 1e-9)


@pytest.mark.parametrize(
    ("counts", "few"),
    [
        ([FEWEST_EXCURSIONS - 1] * 4, True),
        ([FEWEST_EXCURSIONS] * 4, False),
        ([0.0, math.nan], False),
        ([math.nan, 1.0], True),
        ([], False),
    ],
)
def test_few_excursions_are_marked(counts: list[float], few: bool) -> None:
    assert rests_on_few_excursions({"p99_s" + EXCURSIONS: counts}, "p99_s") is few
    assert not rests_on_few_excursions({"mean_s": counts}, "mean_s")

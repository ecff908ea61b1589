"""Student intervals against scipy.stats and against the coverage that they promise; stability on known slopes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from simlib.analysis import assess_stability, compare_pairs, estimate_replications, is_unstable, student
from simlib.analysis.quantiles import compute_interval

VALUES = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30).filter(lambda v: np.std(v) > 1e-6)


@given(VALUES, st.sampled_from([0.8, 0.95, 0.99]))
def test_the_interval_is_the_one_of_scipy(values: list[float], level: float) -> None:
    interval = student(values, level)
    low, high = stats.t.interval(level, len(values) - 1, np.mean(values), stats.sem(values))
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-9, abs=1e-9)
    assert (interval.level, interval.n) == (level, len(values))


@pytest.mark.parametrize("n", [2, 5, 20])
def test_the_interval_covers_the_true_mean_as_often_as_it_says(n: int) -> None:
    samples = np.random.default_rng(20).normal(3.0, 2.0, size=(4000, n))
    covered = sum(not student(row, 0.9).excludes(3.0) for row in samples)
    assert abs(covered / 4000 - 0.9) < 3.3 * math.sqrt(0.9 * 0.1 / 4000)


def test_undefined_replications_are_dropped_and_counted_out() -> None:
    assert student([1.0, math.nan, 2.0, 4.0]) == student([1.0, 2.0, 4.0])
    assert student([1.0, math.nan, 2.0, 4.0]).n == 3


def test_one_value_has_an_infinite_interval_and_none_has_no_mean() -> None:
    one, none = student([5.0]), student([math.nan])
    assert (one.mean, one.low, one.high, one.n) == (5.0, -math.inf, math.inf, 1)
    assert not one.excludes(0.0)
    assert not one.is_within(1e9)
    assert none.n == 0
    assert math.isnan(none.mean)
    assert none.half_width == math.inf


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_is_a_probability(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        student([1.0, 2.0], level)


def test_pairs_remove_what_both_designs_share() -> None:
    rng = np.random.default_rng(3)
    shared, noise = rng.normal(0, 10, 20), rng.normal(0, 0.1, 20)
    interval = compare_pairs(shared + 1 + noise, shared)
    assert interval == student(shared + 1 + noise - shared)
    assert interval.half_width < 0.1 < student(shared).half_width
    assert interval.excludes(0.0)


def test_pairs_with_an_undefined_side_are_dropped_and_unequal_lengths_refused() -> None:
    assert compare_pairs([1.0, math.nan, 3.0, 5.0], [0.0, 0.0, math.nan, 1.0]) == student([1.0, 4.0])
    with pytest.raises(ValueError, match="3 and 2"):
        compare_pairs([1, 2, 3], [1, 2])


@given(VALUES, st.floats(1.0, 500.0))
def test_the_number_of_replications_is_the_smallest_that_suffices(values: list[float], half_width: float) -> None:
    needed = estimate_replications(values, half_width, 0.95, 10_000_000)
    assert needed is not None

    def half(n: int) -> float:
        return float(stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) / math.sqrt(n))

    assert half(needed) <= half_width * (1 + 1e-9)
    assert needed == 2 or half(needed - 1) > half_width * (1 - 1e-9)


def test_replications_needed_says_when_no_affordable_number_suffices() -> None:
    assert estimate_replications([-1.0, 1.0], 0.001, n_max=1000) is None
    assert estimate_replications([-1.0, 1.0], 0.0) is None
    assert estimate_replications([2.0, 2.0, 2.0], 0.0) == 2
    assert estimate_replications([2.0], 0.1) == 2
    with pytest.raises(ValueError, match="half width"):
        estimate_replications([1.0, 2.0], -1.0)


def slopes(true: float, noise: float, n: int, seed: int = 5) -> list[float]:
    """Least-squares slopes of straight lines with noise, 100 instants over 50 s."""
    rng, time = np.random.default_rng(seed), np.linspace(50, 100, 101)
    return [float(np.polyfit(time, true * time + rng.normal(0, noise, time.size), 1)[0]) for _ in range(n)]


def test_a_backlog_that_grows_surely_and_materially_is_unstable() -> None:
    judged = assess_stability(slopes(5.0, 20.0, 10), arrivals_per_s=100.0)
    assert judged.unstable
    assert judged.growth_share == pytest.approx(0.05, rel=0.1)


def test_a_level_or_falling_backlog_is_stable() -> None:
    assert not is_unstable(slopes(0.0, 20.0, 10), 100.0)
    assert not is_unstable(slopes(-5.0, 20.0, 10), 100.0)


def test_sure_growth_that_is_immaterial_is_stable() -> None:
    grown = slopes(0.5, 1.0, 50)
    assert student(grown, 0.99).low > 0
    assert not is_unstable(grown, 100.0)
    assert is_unstable(grown, 100.0, material_share=0.001)


def test_material_growth_that_is_not_sure_is_stable() -> None:
    assert not is_unstable([30.0, -20.0, 5.0], 100.0)
    assert not is_unstable([4.0, 4.5], 100.0)
    assert not is_unstable([math.nan, math.nan], 100.0)


def test_plain_growth_in_every_one_of_few_replications_is_unstable() -> None:
    assert is_unstable([30.0], 100.0)
    assert is_unstable([10.0, 60.0], 100.0)
    assert student([10.0, 60.0], 0.99).low < 0  # no interval could tell
    assert not is_unstable([60.0, 4.0], 100.0)


def test_stability_without_arrivals_is_refused() -> None:
    with pytest.raises(ValueError, match="arrivals"):
        assess_stability([0.0, 0.0], 0.0)


@pytest.mark.parametrize("probability", [0.02, 0.3, 0.97])
@pytest.mark.parametrize("replications", [2, 4])
def test_an_interval_that_ends_where_shares_do_covers_as_often(probability: float, replications: int) -> None:
    shares = np.random.default_rng(1).binomial(40, probability, (2000, replications)) / 40
    wholes = [student(values) for values in shares]
    limited = [interval.limit(0.0, 1.0) for interval in wholes]
    assert all(0 <= own.low <= own.mean <= own.high <= 1 for own in limited)
    assert [own.excludes(probability) for own in limited] == [own.excludes(probability) for own in wholes]
    assert any(whole.low < 0 or whole.high > 1 for whole in wholes) or probability == 0.3
    rows = {"hit_ratio": shares[0], "mean_s": shares[0] * 1e3}
    assert compute_interval(rows, "hit_ratio") == limited[0]
    assert compute_interval(rows, "mean_s").low >= 0


def test_one_replication_has_no_ends_and_a_mean_beyond_a_limit_is_held() -> None:
    assert student([0.5]).limit(0.0, 1.0) == student([0.5])
    assert student([]).limit(0.0, 1.0).n == 0
    assert student([3.0, 5.0]).limit(highest=2.0).high == 4.0

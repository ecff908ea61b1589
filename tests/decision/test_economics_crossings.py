"""Crossings: places where a value changes its sign, on functions whose places are known."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simlib.decision.economics.crossings import (
    Band,
    Intervals,
    SignChange,
    build_log_grid,
    find_certain_region,
    find_sign_changes,
    find_smallest_step,
)

Values = NDArray[np.float64]
GRID = build_log_grid(0.1, 1000.0, 2001)


@given(st.lists(st.floats(0.2, 900.0), min_size=1, max_size=5, unique=True))
def test_every_root_of_a_polynomial_is_found_with_its_direction(roots: list[float]) -> None:
    ordered = sorted(roots)
    if any(b / a < 1.02 for a, b in pairwise(ordered)):
        return  # closer than the grid can tell

    def function(loads: Values) -> Values:
        return np.asarray(np.prod([loads / root - 1 for root in ordered], axis=0))

    found = find_sign_changes(function, GRID)
    assert [change.at for change in found] == pytest.approx(ordered, rel=1e-9)
    rising = [(len(ordered) - number) % 2 == 1 for number in range(len(ordered))]
    assert [change.to_positive for change in found] == rising


def test_a_jump_over_nothing_is_found_where_it_is() -> None:
    found = find_sign_changes(lambda loads: np.where(loads <= 7.25, -3.0, 5.0), GRID)
    assert [change.to_positive for change in found] == [True]
    assert found[0].at == pytest.approx(7.25, rel=1e-9)


def test_a_saw_tooth_has_all_of_its_crossings() -> None:
    # Each load earns 1, and a further server for every 10 costs 12: up along a tooth, down with each server.
    def function(loads: Values) -> Values:
        return loads - 12.0 * (np.ceil(loads / 10.0) - 1) - 5.0

    found = find_sign_changes(function, build_log_grid(1.0, 100.0, 2001))
    # On tooth k (servers k + 1) it is 0 at 5 + 12 k, which lies on the tooth (10 k, 10 k + 10] for k = 0, 1, 2.
    assert [change.at for change in found if change.to_positive] == pytest.approx([5.0, 17.0, 29.0])
    assert [change.at for change in found if not change.to_positive] == pytest.approx([10.0, 20.0, 30.0])


def test_nothing_is_found_where_nothing_changes() -> None:
    assert find_sign_changes(np.ones_like, GRID) == ()
    assert find_sign_changes(lambda loads: (loads - 10) ** 2, GRID) == ()  # touched, not crossed


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (2.0, 1.0), (1.0, 1.0), (-1.0, 1.0)])
def test_a_range_that_is_none_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="0 < low < high"):
        build_log_grid(low, high, 5)


def test_a_grid_holds_its_ends_and_what_is_asked_for_inside() -> None:
    grid = build_log_grid(1.0, 100.0, 3, [42.0, 1000.0])
    assert grid.tolist() == pytest.approx([1.0, 10.0, 42.0, 100.0])
    assert (
        len(build_log_grid(0.02, 20_000.0, 145, [20.0])) == 145
    )  # rounding makes no second point of the one in the middle


@pytest.mark.parametrize(("width", "step"), [(0.5, 0.1), (1.9, 0.2), (2.1, 0.3), (9.9, None)])
def test_the_step_is_the_smallest_at_which_the_interval_leaves_nothing(width: float, step: float | None) -> None:
    change = SignChange(10.0, True)  # the mean is load - 10, the interval reaches ``width`` to both sides
    found = find_smallest_step(lambda loads: (loads - 10 - width, loads - 10 + width), change, [0.3, 0.1, 0.2])
    assert found == step


def test_the_side_of_a_crossing_counts() -> None:
    def falling(loads: Values) -> tuple[Values, Values]:
        return 10 - loads - 0.1, 10 - loads + 0.1

    assert find_smallest_step(falling, SignChange(10.0, False), [0.1]) == 0.1
    assert find_smallest_step(falling, SignChange(10.0, True), [0.1]) is None


LOADS = build_log_grid(0.01, 10_000.0, 61)


def band(intervals: Intervals) -> Band:
    return Band(LOADS, *intervals(LOADS))


@pytest.mark.parametrize("share", [0.5, 3.0, 9.0])
def test_the_nearest_certain_load_on_each_side_is_where_the_end_of_the_interval_is_0(share: float) -> None:
    """The value is load - 10 and its interval as wide as a share of 10 to both sides."""

    def intervals(loads: Values) -> tuple[Values, Values]:
        return loads - 10 - 10 * share, loads - 10 + 10 * share

    change = SignChange(10.0, True)
    above = find_certain_region(intervals, change, 10_000.0, band(intervals), [0.1, 0.5])
    assert above is not None
    assert above.near == pytest.approx(10 + 10 * share, rel=1e-3)
    assert above.far == 10_000.0
    assert intervals(np.array([above.near]))[0] > 0
    below = find_certain_region(intervals, change, 0.01, band(intervals), [0.1, 0.5])
    if share < 1:
        assert below is not None
        assert below.near == pytest.approx(10 - 10 * share, rel=1e-3)
        assert below.far == 0.01
    else:
        assert below is None


def test_what_is_certain_may_end_before_the_next_crossing() -> None:
    """The value is a parabola over the logarithm, positive from 1 to 100 and certain only where it is above 1 / 2."""

    def intervals(loads: Values) -> tuple[Values, Values]:
        value = 1 - (np.log10(loads) - 1) ** 2
        return value - 0.5, value + 0.5

    found = find_certain_region(intervals, SignChange(1.0, True), 100.0, band(intervals), [0.1])
    assert found is not None
    assert np.log10(found.near) == pytest.approx(1 - math.sqrt(0.5), abs=1e-3)
    assert 10 < found.far <= 10 ** (1 + math.sqrt(0.5)) < 100


def test_a_crossing_nearer_than_the_grid_is_still_looked_beside() -> None:
    def intervals(loads: Values) -> tuple[Values, Values]:
        return loads - 10 - 0.01, loads - 10 + 0.01

    found = find_certain_region(intervals, SignChange(10.0, True), 10.2, band(intervals), [0.001, 0.01, 0.1])
    assert found is not None
    assert found.near == pytest.approx(10.01, rel=1e-3)
    assert found.far <= 10.2


def test_a_falling_value_is_certain_on_the_other_sides() -> None:
    def intervals(loads: Values) -> tuple[Values, Values]:
        return 10 - loads - 5, 10 - loads + 5

    change = SignChange(10.0, False)
    below, above = (find_certain_region(intervals, change, end, band(intervals), [0.1]) for end in (0.01, 10_000.0))
    assert below is not None
    assert above is not None
    assert (below.near, above.near) == pytest.approx((5.0, 15.0), rel=1e-3)
    assert find_certain_region(intervals, SignChange(10.0, True), 0.01, band(intervals), [0.1]) is None

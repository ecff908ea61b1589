"""All places where a value changes its sign, found on functions whose places are known."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simlib.decision.economics.crossings import SignChange, log_grid, sign_changes, smallest_step

Values = NDArray[np.float64]
GRID = log_grid(0.1, 1000.0, 2001)


@given(st.lists(st.floats(0.2, 900.0), min_size=1, max_size=5, unique=True))
def test_every_root_of_a_polynomial_is_found_with_its_direction(roots: list[float]) -> None:
    ordered = sorted(roots)
    if any(b / a < 1.02 for a, b in pairwise(ordered)):
        return  # closer than the grid can tell

    def function(loads: Values) -> Values:
        return np.asarray(np.prod([loads / root - 1 for root in ordered], axis=0))

    found = sign_changes(function, GRID)
    assert [change.at for change in found] == pytest.approx(ordered, rel=1e-9)
    rising = [(len(ordered) - number) % 2 == 1 for number in range(len(ordered))]
    assert [change.to_positive for change in found] == rising


def test_a_jump_over_nothing_is_found_where_it_is() -> None:
    found = sign_changes(lambda loads: np.where(loads <= 7.25, -3.0, 5.0), GRID)
    assert [change.to_positive for change in found] == [True]
    assert found[0].at == pytest.approx(7.25, rel=1e-9)


def test_a_saw_tooth_has_all_of_its_crossings() -> None:
    # Each load earns 1, and a further server for every 10 costs 12: up along a tooth, down with each server.
    def function(loads: Values) -> Values:
        return loads - 12.0 * (np.ceil(loads / 10.0) - 1) - 5.0

    found = sign_changes(function, log_grid(1.0, 100.0, 2001))
    # On tooth k (servers k + 1) it is 0 at 5 + 12 k, which lies on the tooth (10 k, 10 k + 10] for k = 0, 1, 2.
    assert [change.at for change in found if change.to_positive] == pytest.approx([5.0, 17.0, 29.0])
    assert [change.at for change in found if not change.to_positive] == pytest.approx([10.0, 20.0, 30.0])


def test_nothing_is_found_where_nothing_changes() -> None:
    assert sign_changes(np.ones_like, GRID) == ()
    assert sign_changes(lambda loads: (loads - 10) ** 2, GRID) == ()  # touched, not crossed


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (2.0, 1.0), (1.0, 1.0), (-1.0, 1.0)])
def test_a_range_that_is_none_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="0 < low < high"):
        log_grid(low, high, 5)


def test_a_grid_holds_its_ends_and_what_is_asked_for_inside() -> None:
    grid = log_grid(1.0, 100.0, 3, [42.0, 1000.0])
    assert grid.tolist() == pytest.approx([1.0, 10.0, 42.0, 100.0])
    assert len(log_grid(0.02, 20_000.0, 145, [20.0])) == 145  # rounding makes no second point of the one in the middle


@pytest.mark.parametrize(("width", "step"), [(0.5, 0.1), (1.9, 0.2), (2.1, 0.3), (9.9, None)])
def test_the_step_is_the_smallest_at_which_the_interval_leaves_nothing(width: float, step: float | None) -> None:
    change = SignChange(10.0, True)  # the mean is load - 10, the interval reaches ``width`` to both sides
    found = smallest_step(lambda loads: (loads - 10 - width, loads - 10 + width), change, [0.3, 0.1, 0.2])
    assert found == step


def test_the_side_of_a_crossing_counts() -> None:
    def falling(loads: Values) -> tuple[Values, Values]:
        return 10 - loads - 0.1, 10 - loads + 0.1

    assert smallest_step(falling, SignChange(10.0, False), [0.1]) == 0.1
    assert smallest_step(falling, SignChange(10.0, True), [0.1]) is None

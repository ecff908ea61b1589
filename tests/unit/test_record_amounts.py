"""Numbers as a reader of a decision sees them."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.decision.choice.results import Spread
from simlib.report.record.formatting import (
    format_chance,
    format_interval,
    format_mean,
    format_number,
    format_spread,
    negate,
)

FINITE = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)


def read(text: str) -> float:
    return float(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))


@given(FINITE.filter(lambda value: value == 0 or abs(value) > 1e-6))
def test_three_digits_are_kept_and_read_back(value: float) -> None:
    assert read(format_number(value)) == pytest.approx(value, rel=0.006)


@given(FINITE, st.floats(min_value=1e-3, max_value=1e8), st.floats(min_value=1e-3, max_value=1e8))
def test_what_is_rounded_away_is_small_beside_the_interval(middle: float, below: float, above: float) -> None:
    own = Spread(middle, middle, middle - below, middle + above)
    half = (below + above) / 2
    assert read(format_mean(own)) == pytest.approx(own.mean, abs=0.06 * half)
    low, high = (read(end) for end in format_interval(own).split(" to "))
    assert low == pytest.approx(own.low, abs=0.06 * half)
    assert high == pytest.approx(own.high, abs=0.06 * half)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (1234567.0, "1,230,000"),
        (-0.0004567, "\N{MINUS SIGN}0.000457"),
        (60.0, "60"),
        (math.inf, "unlimited"),
        (math.nan, "\N{EN DASH}"),
    ],
)
def test_numbers(value: float, shown: str) -> None:
    assert format_number(value) == shown


def test_a_value_without_an_interval_stands_alone() -> None:
    assert format_spread(Spread(0.0, 0.0, 0.0, 0.0), "USD") == "0 USD"
    assert format_spread(Spread(1234.0, 1200.0, 1034.0, 1434.0), "USD") == "1,230 USD (1,030 to 1,430)"


@given(FINITE, st.floats(min_value=0, max_value=1e6), st.floats(min_value=0, max_value=1e6))
def test_the_other_side_of_a_difference(middle: float, below: float, above: float) -> None:
    own = Spread(middle, middle, middle - below, middle + above)
    other = negate(own)
    assert other.low <= other.high
    assert negate(other) == own


@pytest.mark.parametrize(
    ("share", "shown"), [(1.0, "over 99 %"), (0.0, "under 1 %"), (0.5, "50 %"), (math.nan, "\N{EN DASH}")]
)
def test_no_share_of_draws_is_called_certain(share: float, shown: str) -> None:
    assert format_chance(share) == shown


@given(st.floats(min_value=0, max_value=1))
def test_chances_never_say_all_or_none(share: float) -> None:
    assert not re.search(r"\b(100|0) %", format_chance(share))

"""Distributions against scipy's quantile functions, their means against quadrature, and what they refuse."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy import stats
from scipy.integrate import quad

from simlib.scenario.distributions import Constant, Distribution, Exponential, Lognormal, Quantiles, Uniform

GRID = np.linspace(0.0005, 0.9995, 1001)
SIGMA = math.log(5.0 / 2.0) / stats.norm.ppf(0.99)
MEASURED = (0.0, 0.001, 0.001, 0.004, 0.02)
# Each with scipy's word for the same law.
CASES: list[tuple[Any, Any]] = [
    (Uniform(low_s=1.0, high_s=4.0), stats.uniform(1.0, 3.0)),
    (Exponential(mean_s=0.25), stats.expon(scale=0.25)),
    (Lognormal(median_s=2.0, p99_s=5.0), stats.lognorm(SIGMA, scale=2.0)),
]
ALL = [Constant(value_s=0.3), *(law for law, _ in CASES), Quantiles(values_s=MEASURED), Uniform(low_s=2.0, high_s=2.0)]

laws = (
    st.floats(0, 100).map(lambda value: Constant(value_s=value))
    | st.tuples(st.floats(0, 100), st.floats(0, 100)).map(lambda t: Uniform(low_s=min(t), high_s=max(t)))
    | st.floats(1e-9, 1e6).map(lambda mean: Exponential(mean_s=mean))
    | st.tuples(st.floats(1e-6, 100), st.floats(1.01, 100)).map(lambda t: Lognormal(median_s=t[0], p99_s=t[0] * t[1]))
    | st.lists(st.floats(0, 100), min_size=2, max_size=20).map(lambda values: Quantiles(values_s=tuple(sorted(values))))
)
uniforms = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(("law", "reference"), CASES, ids=lambda value: type(value).__name__)
def test_quantiles_are_those_of_scipy(law: Any, reference: Any) -> None:
    np.testing.assert_allclose(law.invert(GRID), reference.ppf(GRID), rtol=1e-9)
    assert law.mean() == pytest.approx(reference.mean(), rel=1e-9)


def test_a_lognormal_has_the_median_and_99th_percentile_that_it_was_given() -> None:
    law = Lognormal(median_s=0.030, p99_s=0.120)
    np.testing.assert_allclose(law.invert(np.array([0.5, 0.99])), [0.030, 0.120], rtol=1e-9)


def test_measured_quantiles_are_met_and_joined_by_straight_lines() -> None:
    law = Quantiles(values_s=MEASURED)
    probabilities = np.linspace(0.0, 1.0, len(MEASURED))
    np.testing.assert_allclose(law.invert(probabilities), MEASURED, atol=1e-15)
    np.testing.assert_allclose(law.invert(GRID), np.interp(GRID, probabilities, MEASURED), atol=1e-15)


@pytest.mark.parametrize("law", ALL, ids=lambda law: type(law).__name__)
def test_the_mean_is_the_integral_of_the_quantile_function(law: Any) -> None:
    integral, _ = quad(lambda u: float(law.invert(np.array([u]))[0]), 0.0, 1.0, limit=400, points=[0.25, 0.5, 0.75])
    assert law.mean() == pytest.approx(integral, rel=1e-5)


@given(laws, st.lists(uniforms, min_size=2, max_size=20))
def test_seconds_are_finite_not_negative_and_grow_with_the_uniform(law: Any, drawn: list[float]) -> None:
    values = law.invert(np.sort(np.array(drawn)))
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert (np.diff(values) >= -1e-12 * np.abs(values[1:])).all()


@given(laws, st.sampled_from([(0,), (1,), (7,), (2, 3)]))
def test_the_shape_stays(law: Any, shape: tuple[int, ...]) -> None:
    uniform = np.full(shape, 0.25)
    assert law.invert(uniform).shape == shape
    assert (uniform == 0.25).all()


@given(laws)
def test_a_law_comes_back_from_json(law: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Distribution)
    assert adapter.validate_json(adapter.dump_json(law)) == law


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "constant", "value_s": -1.0},
        {"kind": "constant", "value_s": math.nan},
        {"kind": "constant", "value_s": math.inf},
        {"kind": "constant"},
        {"kind": "uniform", "low_s": 2.0, "high_s": 1.0},
        {"kind": "uniform", "low_s": -1.0, "high_s": 1.0},
        {"kind": "exponential", "mean_s": 0.0},
        {"kind": "exponential", "mean_s": 1.0, "rate": 1.0},
        {"kind": "lognormal", "median_s": 1.0, "p99_s": 1.0},
        {"kind": "lognormal", "median_s": 0.0, "p99_s": 1.0},
        {"kind": "quantiles", "values_s": [1.0]},
        {"kind": "quantiles", "values_s": [2.0, 1.0]},
        {"kind": "quantiles", "values_s": [-1.0, 1.0]},
        {"kind": "quantiles", "values_s": [0.0, math.inf]},
        {"kind": "normal", "mean_s": 1.0},
        {"value_s": 1.0},
        1.0,
    ],
    ids=str,
)
def test_what_is_no_distribution_of_durations_is_refused(document: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Distribution).validate_python(document)


def test_a_law_cannot_be_changed() -> None:
    law = Constant(value_s=1.0)
    with pytest.raises(ValidationError):
        law.value_s = 2.0

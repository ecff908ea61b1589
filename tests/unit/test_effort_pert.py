"""The beta-PERT distribution: its quantiles, mean and spread against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta

from simlib.decision.effort import pert_mean, pert_ppf, pert_sd

ESTIMATES = st.lists(st.floats(0, 100), min_size=3, max_size=3).map(sorted).filter(lambda e: e[2] - e[0] > 1e-6)


def frozen_beta(low: float, likely: float, high: float):  # type: ignore[no-untyped-def]
    width = high - low
    return beta(1 + 4 * (likely - low) / width, 1 + 4 * (high - likely) / width, loc=low, scale=width)


@given(ESTIMATES, st.floats(1e-12, 1 - 1e-12))
def test_quantiles_are_those_of_the_beta_distribution(estimate: list[float], u: float) -> None:
    low, likely, high = estimate
    assert float(pert_ppf(u, low, likely, high)) == pytest.approx(
        frozen_beta(low, likely, high).ppf(u), abs=1e-6 * (high - low)
    )


@given(ESTIMATES, st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_quantiles_rise_and_stay_between_the_ends(estimate: list[float], uniforms: list[float]) -> None:
    low, likely, high = estimate
    found = pert_ppf(np.sort(uniforms), low, likely, high)
    assert np.all(np.diff(found) >= 0)
    assert np.all((low - 1e-9 <= found) & (found <= high + 1e-9))
    assert pert_ppf(np.array([0.0, 1.0]), low, likely, high).tolist() == pytest.approx([low, high])


@pytest.mark.parametrize("estimate", [(2.0, 4.0, 10.0), (0.0, 0.0, 6.0), (1.0, 5.0, 5.0), (0.25, 0.5, 1.0)])
def test_mean_and_spread_are_those_of_the_distribution(estimate: tuple[float, float, float]) -> None:
    mean, _ = quad(lambda u: float(pert_ppf(u, *estimate)), 0, 1, limit=200)
    square, _ = quad(lambda u: float(pert_ppf(u, *estimate)) ** 2, 0, 1, limit=200)
    assert pert_mean(*estimate) == pytest.approx(mean, rel=1e-5)
    assert pert_sd(*estimate) == pytest.approx((square - mean**2) ** 0.5, rel=1e-4)
    assert pert_sd(*estimate) == pytest.approx(frozen_beta(*estimate).std())


def test_an_estimate_of_one_point_is_that_point_whatever_the_uniforms() -> None:
    assert pert_ppf(np.array([0.0, 0.3, 1.0]), 2.0, 2.0, 2.0).tolist() == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("estimate", [(2.0, 1.0, 3.0), (1.0, 4.0, 3.0), (0.0, 1.0, float("inf")), (float("nan"), 1, 2)])
def test_estimates_out_of_order_or_infinite_are_refused(estimate: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="must rise and be finite"):
        pert_ppf(0.5, *estimate)

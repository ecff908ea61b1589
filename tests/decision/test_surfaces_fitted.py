"""Response surfaces: they find a polynomial that is there, and say honestly how far they err where none is."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats.qmc import LatinHypercube

from simlib.decision.gain.metamodel import Sample, fit_surface, predict

INPUTS = ("load", "round_trip_s", "cpu_factor")
LOW, MIDDLE, HIGH = np.array([10.0, 0.001, 0.5]), np.array([40.0, 0.002, 1.0]), np.array([100.0, 0.04, 2.0])


def sample(runs: int, seed: int = 1) -> Sample:
    uniform = np.random.default_rng(seed).random((runs, 3))
    return Sample(INPUTS, LOW, MIDDLE, HIGH, np.exp(np.log(LOW) + uniform * np.log(HIGH / LOW)))


def columns(points: Any) -> dict[str, Any]:
    return dict(zip(INPUTS, points.T, strict=True))


@settings(max_examples=25, deadline=None)
@given(powers=st.tuples(*[st.floats(-2, 2) for _ in INPUTS]), factor=st.floats(1e-6, 1e6))
def test_a_product_of_powers_is_found_exactly(powers: tuple[float, ...], factor: float) -> None:
    here, elsewhere = sample(12), sample(50, seed=2)
    surface = fit_surface("jwt", "as_cpu_s", here, factor * np.prod(here.points**powers, axis=1))
    expected = factor * np.prod(elsewhere.points**powers, axis=1)
    assert predict(surface, columns(elsewhere.points)) == pytest.approx(expected, rel=1e-6)
    assert surface.explained == pytest.approx(1.0, abs=1e-6)


def test_a_polynomial_with_squares_and_products_is_found() -> None:
    def figure(points: Any) -> Any:
        a, b, c = (2 * np.log(points / LOW) / np.log(HIGH / LOW) - 1).T
        return 3.0 * a - 1.0 * b + 2.0 * a * b - 0.5 * c**2 - 1.0  # negative in places, so no logarithm is taken

    here, elsewhere = sample(40), sample(60, seed=3)
    surface = fit_surface("jwt", "difference", here, figure(here.points))
    assert not surface.logarithmic
    assert predict(surface, columns(elsewhere.points)) == pytest.approx(figure(elsewhere.points), abs=1e-9)


def test_the_stated_error_holds_where_no_run_was() -> None:
    """What is no polynomial, and noisy: over many samples the stated error is neither too small nor too big."""

    def figure(points: Any, noise: Any) -> Any:
        load, rtt, cpu = points.T
        return (0.002 * cpu / (1 - load / 150) + rtt) * (1 + 0.05 * noise)

    ratios = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        uniform = LatinHypercube(3, rng=seed).random(40)
        here = replace(sample(1), points=np.exp(np.log(LOW) + uniform * np.log(HIGH / LOW)))
        elsewhere = sample(400, seed=100 + seed)
        surface = fit_surface("opaque", "mean_s", here, figure(here.points, rng.standard_normal(40)))
        missed = predict(surface, columns(elsewhere.points)) - figure(elsewhere.points, rng.standard_normal(400))
        ratios.append(surface.error / float(np.sqrt(np.mean(missed**2))))
        assert 0.8 < surface.explained < 1.0
    assert 0.8 < float(np.median(ratios)) < 1.4


def test_noise_is_not_explained() -> None:
    here = sample(30)
    surface = fit_surface("opaque", "mean_s", here, 1.0 + 0.1 * np.random.default_rng(3).standard_normal(30))
    assert surface.explained < 0.3
    assert surface.error == pytest.approx(0.1, rel=0.5)


def test_a_figure_that_never_changes_has_no_error() -> None:
    here = sample(10)
    surface = fit_surface("jwt", "store_s", here, np.zeros(10))
    assert (surface.error, surface.explained) == (0.0, 1.0)
    assert predict(surface, {"load": [20.0, 90.0]}).tolist() == [0.0, 0.0]


def test_what_is_not_named_is_as_in_the_scenario_and_ranges_are_kept() -> None:
    here = sample(12)
    surface = fit_surface("jwt", "mean_s", here, here.points[:, 0] * here.points[:, 2])
    assert predict(surface, {}) == pytest.approx(40.0)
    assert predict(surface, {"load": [1.0, 10.0, 1e6]}) == pytest.approx([10.0, 10.0, 100.0])
    assert predict(surface, {"load": np.ones((2, 1)), "cpu_factor": np.ones((1, 3))}).shape == (2, 3)
    with pytest.raises(ValueError, match="no input 'lode'; a surface has load, round_trip_s, cpu_factor"):
        predict(surface, {"lode": 1.0})


def test_undefined_runs_do_not_count() -> None:
    here = sample(14)
    values = here.points[:, 0].copy()
    values[[2, 5]] = np.nan
    surface = fit_surface("jwt", "exposure_s", here, values)
    assert surface.runs == 12
    assert predict(surface, {"load": 50.0}) == pytest.approx(50.0)
    with pytest.raises(ValueError, match="undefined in every run"):
        fit_surface("jwt", "exposure_s", here, np.full(14, np.nan))


@pytest.mark.parametrize("runs", [1, 2, 3, 5])
def test_few_runs_give_a_simple_surface(runs: int) -> None:
    here = sample(runs)
    surface = fit_surface("jwt", "mean_s", here, here.points[:, 0])
    assert len(surface.terms) in (1, 4)
    assert len(surface.terms) == 1 or runs >= 6

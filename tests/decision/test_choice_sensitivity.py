"""Sensitivity of a decision: indices and swings of models with a known answer, and figures that follow surfaces."""

import numpy as np
import pytest

from simlib.decision.choice.cost_model import SIMULATION, Factor
from simlib.decision.choice.design_case import compute_surface_ratio
from simlib.decision.choice.results import Decision, Sensitivity
from simlib.decision.choice.sensitivity import (
    NO_SALIB,
    NO_SURFACES,
    compute_sobol_indices,
    draw_sobol_sample,
    sample_one_at_a_time,
)
from simlib.decision.effort import compute_team_factor, pert_ppf
from simlib.decision.gain.metamodel import Sample, fit_surface
from simlib.decision.gain.values import Surface
from support.choices import decided, work
from support.comparisons import CACHED, JWT, OPAQUE, Figures
from support.missing_packages import hide_packages

YEAR = 8760 * 3600
ANNUITY = sum(1.05**-year for year in (1, 2, 3))
FLAT: Figures = {
    OPAQUE: {"rs_cpu_s": [0.004] * 4, "as_cpu_s": [0.001] * 4, "bytes_per_request": [1500.0] * 4},
    CACHED: {"rs_cpu_s": [0.004] * 4, "as_cpu_s": [0.0005] * 4, "bytes_per_request": [1500.0] * 4},
    JWT: {"rs_cpu_s": [0.004] * 4, "as_cpu_s": [0.0001] * 4, "bytes_per_request": [2000.0] * 4},
}
ITEMS = (work(OPAQUE, 5.0, 10.0, 20.0), work(JWT, 10.0, 20.0, 30.0), work(JWT, 1.0, 2.0, 4.0, kind="recurring"))


def factors(*groups: str) -> tuple[Factor, ...]:
    return tuple(Factor(f"x{number}", f"x{number}", group, "", np.asarray) for number, group in enumerate(groups))


class TestIndices:
    def test_of_a_sum_they_are_the_shares_of_its_variance(self) -> None:
        own = factors("a", "b", "c")
        sample = draw_sobol_sample(own, 256, 1)
        indices = {one.input: one for one in compute_sobol_indices(own, sample @ np.array([3.0, 4.0, 0.0]), 0.95, 1)}
        for name, share in (("a", 9 / 25), ("b", 16 / 25), ("c", 0.0)):
            assert indices[name].first == pytest.approx(share, abs=0.03)
            assert indices[name].total == pytest.approx(share, abs=0.03)
        assert list(indices) == ["b", "a", "c"]

    def test_what_acts_only_together_has_a_total_and_no_first_order(self) -> None:
        own = factors("a", "b")
        sample = draw_sobol_sample(own, 512, 2)
        for one in compute_sobol_indices(own, (sample[:, 0] - 0.5) * (sample[:, 1] - 0.5), 0.95, 1):
            assert one.first == pytest.approx(0, abs=0.05)
            assert one.total == pytest.approx(1, abs=0.1)

    def test_factors_of_a_group_are_told_as_one(self) -> None:
        own = factors("a", "b", "a")
        sample = draw_sobol_sample(own, 256, 3)
        indices = {one.input: one for one in compute_sobol_indices(own, sample @ np.array([1.0, 1.0, 1.0]), 0.95, 1)}
        assert indices["a"].first == pytest.approx(2 / 3, abs=0.03)
        assert set(indices) == {"a", "b"}

    def test_there_are_none_of_what_never_varies(self) -> None:
        own = factors("a")
        assert compute_sobol_indices(own, np.ones(len(draw_sobol_sample(own, 8, 1))), 0.95, 1) == ()


def sensitivity(told: Decision, design: str = JWT, against: str = OPAQUE) -> Sensitivity:
    return next(one for one in told.sensitivity if (one.design, one.against) == (design, against))


def test_a_tornado_moves_one_input_at_a_time() -> None:
    sample = sample_one_at_a_time(factors("a", "b"))
    assert sample.tolist() == [[0.5, 0.5], [0.05, 0.5], [0.5, 0.05], [0.95, 0.5], [0.5, 0.95]]


def test_swings_are_those_of_the_formula() -> None:
    told = sensitivity(
        decided(FLAT, ITEMS, sensitivity=True, prices__developer_day={"low": 300, "likely": 500, "high": 900})
    )
    swings = {one.input: one for one in told.tornado}
    day = [float(pert_ppf(u, 300.0, 500.0, 900.0)) for u in (0.05, 0.5, 0.95)]
    opaque, jwt = float(pert_ppf(0.5, 5.0, 10.0, 20.0)), float(pert_ppf(0.5, 10.0, 20.0, 30.0))
    yearly = float(pert_ppf(0.5, 1.0, 2.0, 4.0))
    team = float(compute_team_factor(0.5))  # below its mean of 1
    saved = ANNUITY * 20 * YEAR * (0.0009 / 3600 * 0.05 / 0.5 - 500 / 1e9 * 0.02)

    def npv(price: float, built: float = jwt) -> float:
        return saved - team * price * (built - opaque + ANNUITY * yearly)

    assert told.middle == pytest.approx(npv(day[1]))
    own = swings["developer_day"]
    assert (own.low, own.high) == pytest.approx((day[0], day[2]))
    assert (own.npv_low, own.npv_high) == pytest.approx((npv(day[0]), npv(day[2])))
    (built,) = [one for name, one in swings.items() if f"{JWT}.one_off" in name]
    dear = float(pert_ppf(0.95, 10.0, 20.0, 30.0))
    assert built.npv_high == pytest.approx(npv(day[1], dear))
    widths = [abs(one.npv_high - one.npv_low) for one in told.tornado]
    assert widths == sorted(widths, reverse=True)


def test_indices_of_a_decision_name_its_inputs_and_share_its_variance() -> None:
    told = decided(FLAT, ITEMS, sensitivity=True, known=False, samples=256)
    assert {(one.design, one.against) for one in told.sensitivity} == {
        (CACHED, OPAQUE),
        (JWT, OPAQUE),
        (OPAQUE, CACHED),
        (JWT, CACHED),
    }
    own = {one.input: one for one in sensitivity(told).sobol}
    assert {"developer_day", "gigabyte", "team factor", "work once (RS)", "work per year", "discount_rate"} <= set(own)
    # Up to 20 days to build, against 2 a year or a factor of 1.5: it leads, and price and team factor multiply it.
    assert sensitivity(told).sobol[0].input == "work once (RS)"
    assert own[SIMULATION].total == pytest.approx(0, abs=0.01)  # equal replications
    assert 0.8 < sum(one.first for one in own.values()) < 1.1


def test_what_simulation_leaves_uncertain_is_an_input() -> None:
    figures = {**FLAT, JWT: {**FLAT[JWT], "mean_s": [0.01, 0.02, 0.03, 0.02]}}
    told = sensitivity(decided(figures, (work(OPAQUE, 1.0),), sensitivity=True, samples=256, worth__second=0.01))
    assert told.sobol[0].input == SIMULATION
    assert told.sobol[0].total == pytest.approx(1, abs=0.1)
    assert all(one.total < 0.1 for one in told.sobol[1:])


def surface(metric: str, power: float, wobble: float = 0.0, design: str = JWT) -> Surface:
    """A figure that falls or rises as a power of the load, from a quarter to four times that of the tiny scenario."""
    low, middle, high = np.array([5.0]), np.array([20.0]), np.array([80.0])
    points = np.geomspace(5.0, 80.0, 12)[:, None]
    noise = 1 + wobble * np.where(np.arange(12) % 2, 1.0, -1.0)
    return fit_surface(
        design, metric, Sample(("load",), low, middle, high, points), (points[:, 0] / 20) ** power * noise
    )


class TestSurfaces:
    def test_a_figure_follows_as_a_ratio_to_what_it_is_here(self) -> None:
        own = surface("as_cpu_s", -0.5)
        found = compute_surface_ratio(own, {"load": np.array([5.0, 20.0, 80.0, 8000.0])})
        assert np.asarray(found).tolist() == pytest.approx([2.0, 1.0, 0.5, 0.5])  # held at the end of its range
        assert compute_surface_ratio(own, {"other": np.array([1.0])}) == 1.0

    def test_break_even_follows_them(self) -> None:
        """A JWT whose CPU at the server falls with the load pays earlier than one whose does not."""
        items = (work(OPAQUE, 20.0), work(JWT, 20.3))
        plain = decided(FLAT, items).against[OPAQUE][JWT]
        surfaces = {JWT: {"as_cpu_s": surface("as_cpu_s", -1.0)}}
        following = decided(FLAT, items, gain={"surfaces": surfaces}).against[OPAQUE][JWT]
        assert following.npv.mean == pytest.approx(plain.npv.mean)  # the same here
        at = following.curve.loads
        scaled = [20 * YEAR * load / 20 * 0.0001 / 3600 * 0.05 / 0.5 for load in at]
        gained = [ANNUITY * cost * (1 - 20 / min(max(load, 5), 80)) for load, cost in zip(at, scaled, strict=True)]
        assert np.subtract(following.curve.mean, plain.curve.mean).tolist() == pytest.approx(gained, abs=1e-6)

    def test_a_total_that_its_surface_has_grow_with_the_load_does_not_grow_twice(self) -> None:
        extra = {name: {"stored_bytes": 1e12} for name in (OPAQUE, JWT)}
        surfaces = {JWT: {"stored_bytes": surface("stored_bytes", 1.0)}}
        told = decided(FLAT, (work(OPAQUE, 0.0),), extra=extra, gain={"surfaces": surfaces}).against[OPAQUE][JWT]
        plain = decided(FLAT, (work(OPAQUE, 0.0),), extra=extra).against[OPAQUE][JWT]
        assert told.curve.mean == pytest.approx(plain.curve.mean, rel=1e-6)
        assert abs(told.parts["storage"].mean) < 1e-6  # both keep as much

    def test_their_inputs_are_told_and_what_they_miss_is_told(self) -> None:
        def told(wobble: float) -> Decision:
            surfaces = {JWT: {"as_cpu_s": surface("as_cpu_s", -0.5, wobble)}}
            return decided(FLAT, (work(OPAQUE, 0.0),), sensitivity=True, gain={"surfaces": surfaces})

        exact, rough = told(0.0), told(0.3)
        load = next(one for one in sensitivity(exact).tornado if one.input == "load")
        assert 5 < load.low < 20 < load.high < 80
        assert sensitivity(exact).sobol[0].input == "load"
        assert sensitivity(exact).unexplained == pytest.approx(0, abs=1e-9)
        assert 0.001 < sensitivity(rough).unexplained < 1
        assert NO_SURFACES not in exact.left_out
        assert NO_SURFACES in decided(FLAT, sensitivity=True).left_out


def test_without_salib_indices_are_left_out_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_packages(monkeypatch, "SALib")
    told = decided(FLAT, ITEMS, sensitivity=True)
    assert NO_SALIB in told.left_out
    assert all(one.sobol == () and one.tornado for one in told.sensitivity)


def test_no_sensitivity_is_no_sensitivity() -> None:
    told = decided(FLAT, ITEMS)
    assert told.sensitivity == ()
    assert not any("SALib" in sentence for sentence in told.left_out)

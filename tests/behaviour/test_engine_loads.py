"""Loads whose rate changes, and closed load in a scenario."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

import simlib
from simlib.deployment.demand import draw_demand
from simlib.engine.arrival_times import Intensity, build_intensity, draw_arrival_times
from simlib.scenario.loads import BurstyLoad, DailyLoad
from simlib.scenario.variates import Variates
from support.worlds import scenario

DAY = DailyLoad(arrival_rate=8.0, profile=(0.0, 1.0, 3.0, 0.0), period_s=400.0, begin_s=150.0)
BURSTS = BurstyLoad(quiet_rate=2.0, burst_rate=40.0, quiet_s=10.0, burst_s=2.0)


def times(load: Any, horizon: float, replication: int) -> np.ndarray[Any, Any]:
    variates = Variates(11, replication)
    return draw_arrival_times(build_intensity(load, horizon, variates), variates)


def test_a_day_has_the_rates_of_its_hours() -> None:
    counts = sum(np.histogram(times(DAY, 1000.0, r), np.arange(0.0, 1001.0, 50.0))[0] for r in range(20))
    hour = ((np.arange(20) * 50 + 150) // 100).astype(int) % 4
    expected = np.array([0.0, 8.0, 24.0, 0.0])[hour] * 50 * 20
    assert (counts[expected == 0] == 0).all()
    busy = expected > 0
    assert stats.chisquare(counts[busy], expected[busy] * counts.sum() / expected.sum()).pvalue > 0.001
    assert abs(counts.sum() - expected.sum()) < 4 * math.sqrt(expected.sum())


def test_a_day_s_mean_rate_is_the_one_that_was_asked_for() -> None:
    assert build_intensity(DAY, 4000.0, Variates(1, 0)).cumulative()[-1] == pytest.approx(8.0 * 4000.0)


def test_bursts_have_the_mean_and_the_dispersion_of_a_two_state_mmpp() -> None:
    horizon, runs = 400.0, 400
    counts = np.array([len(times(BURSTS, horizon, r)) for r in range(runs)])
    mean = BURSTS.arrival_rate * horizon
    leave_quiet, leave_burst = 1 / BURSTS.quiet_s, 1 / BURSTS.burst_s
    both = leave_quiet + leave_burst
    weight = BURSTS.quiet_rate * leave_burst + BURSTS.burst_rate * leave_quiet
    # Index of dispersion of counts (Heffes and Lucantoni 1986), with the correction for a finite interval.
    limit = 2 * (BURSTS.burst_rate - BURSTS.quiet_rate) ** 2 * leave_quiet * leave_burst / (both**2 * weight)
    dispersion = 1 + limit * (1 - (1 - math.exp(-both * horizon)) / (both * horizon))
    assert abs(counts.mean() - mean) < 4 * math.sqrt(dispersion * mean / runs)
    ratio = counts.var(ddof=1) / mean / dispersion
    assert stats.chi2.ppf(0.0005, runs - 1) < ratio * (runs - 1) < stats.chi2.ppf(0.9995, runs - 1)


def test_a_constant_intensity_is_inverted_exactly_and_gaps_stay_empty() -> None:
    steps = Intensity(np.array([0.0, 1.0, 2.0, 5.0]), np.array([0.0, 100.0, 0.0]))
    found = draw_arrival_times(steps, Variates(2, 0))
    assert len(found) > 50
    assert found.min() >= 1.0
    assert found.max() <= 2.0
    assert (np.diff(found) >= 0).all()


@pytest.mark.parametrize("load", [DAY, BURSTS])
def test_a_longer_run_begins_like_a_shorter_one(load: Any) -> None:
    short, long = times(load, 300.0, 1), times(load, 600.0, 1)
    np.testing.assert_allclose(long[: len(short)], short, rtol=1e-12)


def test_under_closed_load_nobody_has_two_requests_at_once_and_designs_think_alike() -> None:
    load = {"kind": "closed", "think": {"kind": "exponential", "mean_s": 1.0}}
    closed = scenario(users=10, world={"load": load})
    demand = draw_demand(closed, Variates(closed.run.seed, 0))
    assert demand.cycles is not None
    for design in closed.designs:
        rows = simlib.simulate(closed, design)["requests"]
        assert (rows["user"] == demand.users[rows["request"]]).all()
        for user in np.unique(rows["user"]):
            mine = np.sort(rows["request"][rows["user"] == user])
            spans = [(rows["arrival"][rows["request"] == r][0], rows["end"][rows["request"] == r][0]) for r in mine]
            thinks = demand.cycles.thinks.ravel()
            for (_, end), (arrival, _), request in zip(spans, spans[1:], mine[1:], strict=False):
                assert arrival == end + thinks[request]

"""Bundled scenarios start in their steady state: no figure drifts, and short runs agree with longer ones."""

import math
from dataclasses import replace

import numpy as np
import pytest

from simlib import load_scenario
from simlib.analysis.drift import find_drifts, measure_drift
from simlib.deployment.simulate import simulate
from simlib.experiment.compare import compare
from simlib.scenario.loads import ClosedLoad
from simlib.scenario.scenario import Scenario
from support.truth import Measured

BUNDLED = (
    *("batch-workers", "busy-api", "call-chain", "gateway-defaults"),
    *("internal-tool", "mobile-and-things", "web-shop"),
)
REQUESTS, RUNS = 400, 5
SIZES = pytest.mark.parametrize(
    ("requests", "runs"), [(80, 3), pytest.param(REQUESTS, RUNS, marks=pytest.mark.truth)], ids=["few", "many"]
)
"""Some requests in the suite, and more with ``make truth``."""
FEW_DESIGNS = 3
"""Of each scenario in the suite; all with ``make truth``."""
ALIKE = ("hit_ratio", "as_requests_per_s", "as_utilisation", "rs_utilisation", "failed_share", "mean_s", "as_cpu_s")
"""What sizing predicts and a comparison measures, whatever the length of the run."""

TAILS, TAIL = ("p95_s", "p99_s"), 0.1
"""High quantiles of some hundred requests; a drift of a tenth of them is one."""


def shortened(name: str, requests: float, runs: int = RUNS) -> Scenario:
    """The scenario without faults, begun as it says, with all of a short run counted."""
    own = load_scenario(name)
    load = own.world.load
    rate = own.expected_requests / own.horizon_s
    begun = 0.0 if not isinstance(load, ClosedLoad) else load.think.mean()  # users of a closed load think first
    world = own.world.model_copy(update={"faults": {}})
    run = {"length_s": begun + requests / rate, "warm_up_s": begun, "replications": runs}
    return replace(own, world=world, run=own.run.model_copy(update=run))


@SIZES
@pytest.mark.parametrize("name", BUNDLED)
def test_no_figure_of_a_bundled_scenario_drifts(name: str, requests: int, runs: int, measured: Measured) -> None:
    scenario = shortened(name, requests, runs)
    if requests < REQUESTS:
        scenario = replace(scenario, designs=dict([*scenario.designs.items()][:FEW_DESIGNS]))
    compared = compare(scenario)
    assert compared.drifts
    margins = {design: {name: TAIL * compared.table[name].mean() for name in TAILS} for design in scenario.designs}
    assert find_drifts(compared.drifts, margins, 0.99) == ()
    measured(f"{sum(map(len, compared.drifts.values()))} figures, {runs} runs of {requests} requests: none drifts")


@pytest.mark.truth
@pytest.mark.parametrize("name", BUNDLED)
def test_short_and_longer_runs_of_a_bundled_scenario_agree(name: str, measured: Measured) -> None:
    short, longer = compare(shortened(name, REQUESTS / 4)), compare(shortened(name, REQUESTS))
    most = 0.0
    for design in short.designs:
        for metric in ALIKE:
            one, other = (np.array(each.list_values(design, metric)) for each in (short, longer))
            if np.isnan(one).any() or np.isnan(other).any():
                continue
            error = math.sqrt((one.var(ddof=1) + other.var(ddof=1)) / RUNS)
            beyond = abs(one.mean() - other.mean()) - 0.03 * abs(other.mean())
            assert beyond <= 6 * error, (design, metric, one, other)
            most = max(most, beyond / error if beyond > 0 else 0.0)
    measured(f"the most off by {most:.1f} standard errors beyond 3 %")


def test_a_cold_start_is_recognised_as_a_drift() -> None:
    own = shortened("gateway-defaults", 4 * REQUESTS)
    cold = own.with_run(own.run.model_copy(update={"caches": "empty"}))
    drifts = [measure_drift(simulate(cold, "kong", number), 0.0) for number in range(RUNS)]
    found = find_drifts({"kong": {"hit_ratio": [drift["hit_ratio"] for drift in drifts]}}, {}, 0.95)
    assert [(drift.design, drift.metric) for drift in found] == [("kong", "hit_ratio")]
    assert found[0].difference.low > 0

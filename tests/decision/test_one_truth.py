"""One document, one truth: servers are sized to what a comparison on the same servers measures."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simlib import load_scenario, simulate
from simlib.analysis import summarise
from simlib.decision.gain.gain import Budgets, measure_gain
from simlib.decision.gain.loads import select_design
from simlib.decision.gain.pilot_runs import PilotRun, StoredRow, run_pilots
from simlib.decision.gain.run_lengths import fit_run
from simlib.decision.gain.sizing import plan_trial_run
from simlib.scenario.scenario import Scenario
from support.truth import Measured
from support.worlds import DESIGNS, scenario

FLEET = {
    **DESIGNS["cached"],
    "token_lifetime_s": 86_400,
    "service": {"part": "opaque_cached", "ttl_s": 3600, "capacity": 1_000_000},
}
"""A cache of an hour in a run of a minute."""


def fleet(**run: Any) -> Scenario:
    made = scenario(
        users=2000,
        arrival_rate=6.667,
        designs={"cached": FLEET},
        authorization_server={"rate_limit": {"requests_per_s": 1.0, "burst": 5}},
        length_s=60.0,
        warm_up_s=20.0,
        **{"replications": 3, **run},
    )
    return replace(made, limits=made.limits.model_copy(update={"failed_share": 0.01}))


def test_limits_and_measured_tables_of_a_decision_agree() -> None:
    compared, gain = measure_gain(fleet(), budgets=Budgets(2.0, 2.0, 0.0), surfaces=False)
    failed = compared.table["failed_share"]
    assert float(failed.mean()) < 0.01
    assert float(compared.table["hit_ratio"].mean()) == pytest.approx(12 / 13, abs=0.03)
    size = gain.sizes["cached"]
    assert size.met
    assert size.intervals["failed_share"].low <= float(failed.mean()) <= max(size.intervals["failed_share"].high, 0.01)


@pytest.mark.parametrize("caches", ["empty", "stationary"])
def test_every_run_of_a_decision_begins_as_the_scenario_says(caches: str) -> None:
    own = fleet(caches=caches)
    pilots = run_pilots(own)
    trial, fitted = plan_trial_run(own, pilots["cached"], 1.0), fit_run(own, pilots, 1.0).run
    assert {trial.caches, fitted.caches} == {caches}
    shares = [summarise(simulate(own.with_run(run), "cached", 0), 0.0)["failed_share"] for run in (trial, fitted)]
    assert [share > 0.3 for share in shares] == [caches == "empty"] * 2


BUNDLED = [
    *("batch-workers", "busy-api", "call-chain", "gateway-defaults"),
    *("internal-tool", "mobile-and-things", "web-shop"),
]
SAME = ("hit_ratio", "no_call_ratio", "as_requests_per_s", "asked_per_request")
"""Figures that do not depend on the number of servers, as long as they keep up."""


@pytest.mark.parametrize("name", BUNDLED)
@pytest.mark.parametrize("caches", ["empty", "stationary"])
def test_trials_and_comparisons_of_bundled_scenarios_begin_as_their_own_run(name: str, caches: str) -> None:
    own = load_scenario(name)
    own = own.with_run(own.run.model_copy(update={"caches": caches}))
    pilots = {d: PilotRun(d, 1e-3, 0.1, {}, StoredRow(0.0, 0.0)) for d in own.designs}
    runs = [plan_trial_run(select_design(own, d), pilots[d], 1.0) for d in own.designs]
    assert {run.caches for run in (*runs, fit_run(own, pilots, 1.0).run)} == {caches}
    if caches == "stationary":  # a longer warm-up is for what begins empty
        assert max(run.warm_up_s for run in runs) <= own.run.warm_up_s


@pytest.mark.parametrize(
    ("names", "budget"),
    [(["internal-tool"], 1.0), *(pytest.param([name], 2.0, marks=pytest.mark.truth) for name in BUNDLED)],
    ids=["few", *BUNDLED],
)
def test_sizes_and_tables_of_a_decision_about_bundled_scenarios_agree(
    names: list[str], budget: float, measured: Measured
) -> None:
    """The servers differ in number, the same tokens are validated at the same places."""
    most = 0.0
    for name in names:
        own = load_scenario(name)
        own = replace(own, world=own.world.model_copy(update={"faults": {}}))
        compared, gain = measure_gain(own, budgets=Budgets(budget, budget, 0.0), surfaces=False)
        for design, size in gain.sizes.items():
            replicas = own.designs[design].replicas
            if any(size.settings.get(f"designs.{design}.replicas.{host}", n) != n for host, n in replicas.items()):
                continue  # each replica has a cache of its own
            for metric in SAME:
                sized, values = size.intervals.get(metric), compared.list_values(design, metric)
                if sized is None or np.isnan(values).any():
                    continue
                spread = np.std(values, ddof=1) / math.sqrt(len(values)) + sized.half_width / 3
                beyond = abs(sized.mean - np.mean(values)) - 0.03 * abs(sized.mean)
                assert beyond <= 5 * spread, (name, design, metric, sized, values)
                most = max(most, beyond / spread if beyond > 0 else 0.0)
    measured(f"the most off by {most:.1f} standard errors beyond 3 %")

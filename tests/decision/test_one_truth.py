"""One document, one truth: servers are sized to what a comparison on the same servers measures."""

from dataclasses import replace
from typing import Any

import pytest

from simlib import simulate
from simlib.analysis import summarise
from simlib.decision.gain.gain import Budgets, measure_gain
from simlib.decision.gain.pilot_runs import run_pilots
from simlib.decision.gain.run_lengths import fit_run
from simlib.decision.gain.sizing import plan_trial_run
from simlib.scenario.scenario import Scenario
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

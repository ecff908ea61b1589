"""Plan of a sweep from few settings: values, length, warm-up, designs."""

from copy import deepcopy
from typing import Any

import pandas as pd
import pytest

from simlib.analysis import METRICS
from simlib.commands.sweep import build_sweep_tables
from simlib.experiment.sweep import change_scenario
from simlib.experiment.sweep_plan import BUDGET, SHARES, plan_sweep
from simlib.experiment.variation import Variation, parse_variation
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario
from support.scenarios import design_of, scenario

LOAD, TTL = [Variation("load")], [Variation("ttl")]
DESIGNS = {
    "opaque": design_of("opaque_introspection", "reference_token"),
    "cached": design_of("opaque_cached", "reference_token", service={"part": "opaque_cached", "ttl_s": 8.0}),
    "jwt": design_of("jwt_local", "jwt_access_token"),
}


def small(**changes: Any) -> Scenario:
    return scenario(**{"designs": deepcopy(DESIGNS), **changes})


def test_loads_are_shares_of_what_the_api_alone_could_take() -> None:
    plan = plan_sweep(small(), LOAD)
    assert plan.key == "world.load.arrival_rate"
    assert plan.values == pytest.approx([share / 0.004 for share in SHARES], rel=0.05)
    assert list(plan.scenario.designs) == list(DESIGNS)
    assert plan.runs == len(SHARES) * 3 * 2


def test_a_long_load_sweep_is_shortened_to_its_budget_but_never_to_its_warm_up() -> None:
    long = small(run__length_s=5000.0, run__replications=8)
    plan = plan_sweep(long, LOAD)
    run = plan.scenario.run
    assert run.replications == 4
    assert sum(plan.values) * 3 * run.replications * run.length_s == pytest.approx(BUDGET, rel=0.01)
    warm = plan_sweep(small(run__length_s=5000.0, run__warm_up_s=2000.0), LOAD).scenario.run
    assert (warm.warm_up_s, warm.length_s) == (2000.0, 2500.0)


def test_length_and_replications_are_as_asked() -> None:
    run = plan_sweep(small(), LOAD, length_s=33.0, replications=7).scenario.run
    assert (run.length_s, run.replications, run.warm_up_s) == (33.0, 7, 5.0)


def test_a_sweep_of_a_time_to_live_takes_the_caching_design_alone_and_warms_up_for_the_longest() -> None:
    assert plan_sweep(small(), TTL).scenario.run.warm_up_s == 5.0  # entries of all ages are there at once
    plan = plan_sweep(small(run__caches="empty"), TTL)
    assert plan.key == "designs.cached.service.ttl_s"
    assert plan.varied_design == "cached"
    assert list(plan.scenario.designs) == ["cached"]
    assert plan.values == pytest.approx([8 / 12, 2.0, 4.0, 8.0, 16.0], rel=0.01)
    assert plan.scenario.run.warm_up_s == 16.0
    assert plan.scenario.run.length_s == 20.0 + 16.0 - 5.0  # as much is measured as before
    assert plan.runs == 5 * 2


def test_named_designs_stay_and_one_that_does_not_change_is_run_once() -> None:
    plan = plan_sweep(small(), [parse_variation("ttl=1,2.0,2")], ["cached", "jwt"])
    assert list(plan.scenario.designs) == ["cached", "jwt"]
    assert plan.values == (1.0, 2.0)
    assert plan.runs == (2 + 1) * 2


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        ({}, True),
        ({"world__load": {"kind": "closed", "think": {"kind": "exponential", "mean_s": 1.0}}}, False),
        ({"designs__cached__service__capacity": 19}, False),
        ({"designs__cached__service__capacity": 20}, True),
    ],
)
def test_the_closed_form_is_used_where_it_holds(change: dict[str, Any], holds: bool) -> None:
    plan = plan_sweep(small(**change), TTL)
    assert plan.has_closed_form == holds
    assert len(plan.notes) == 1
    assert ("r / (1 + r)" in plan.notes[0]) == holds


def test_the_closed_form_is_that_of_every_token_at_every_replica() -> None:
    equal = {"world__population__zipf_exponent": 0.0}
    plan = plan_sweep(small(**equal), TTL)
    once = 20.0 / 20 * 4.0  # requests per second, users, seconds
    assert plan.compute_hit_ratio(4.0) == pytest.approx(once / (1 + once))
    two = plan_sweep(small(**equal, designs__cached__replicas={"service": 2}), TTL)
    assert two.compute_hit_ratio(8.0) == pytest.approx(plan.compute_hit_ratio(4.0))


def test_a_load_has_no_closed_form_and_no_notes() -> None:
    plan = plan_sweep(small(), LOAD)
    assert (plan.varied_design, plan.has_closed_form, plan.notes) == (None, False, ())


def test_designs_that_a_decision_or_a_fault_names_may_be_left_out() -> None:
    gateway = {"work": {"kind": "constant", "value_s": 0.0}}
    phantom = design_of("jwt_local", "signing_reference_token", gateway={"part": "phantom_token"})
    faults = {
        "proxy": {"kind": "slow", "host": "gateway", "factor": 2.0, "at_s": 6.0, "length_s": 1.0},
        "second": {"kind": "clock_skew", "host": "service", "replica": 1, "skew_s": 1.0, "at_s": 6.0, "length_s": 1.0},
        "server": {"kind": "slow", "host": "authorization_server", "factor": 2.0, "at_s": 6.0, "length_s": 1.0},
    }
    whole = small(
        world__gateway=gateway,
        world__faults=faults,
        designs__phantom=phantom,
        designs__opaque__replicas={"service": 2},
        decision={"baseline": "phantom", "present": "jwt", "horizon_years": 5.0},
    )
    plan = plan_sweep(whole, [Variation("load", (5.0, 10.0))], ["cached", "jwt"])
    assert list(plan.scenario.world.faults) == ["server"]
    for value in plan.values:
        changed = change_scenario(plan.scenario, {plan.key: value})
        assert list(changed.designs) == ["cached", "jwt"]
        assert (changed.terms.baseline, changed.terms.present, changed.terms.horizon_years) == (None, "jwt", 5.0)
    assert plan_sweep(whole, [Variation("load", (5.0,))]).scenario.terms.baseline == "phantom"
    with pytest.raises(InputError, match="has no design 'gone'"):
        whole.with_designs(["jwt", "gone"])


def test_a_key_without_values_is_refused() -> None:
    with pytest.raises(InputError, match="which values"):
        plan_sweep(small(), [Variation("world.service.work.mean_s")])


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_load_that_is_none_is_left_to_the_check_of_the_scenario(value: float) -> None:
    assert plan_sweep(small(), [Variation("load", (value,))]).values == (value,)


def test_what_nothing_is_known_about_is_not_called_unstable() -> None:
    plan = plan_sweep(small(), [Variation("ttl", (1.0, 2.0))])
    slopes = {1.0: 0.0, 2.0: 5.0}
    rows = [
        {plan.key: value, "design": "cached", "arrivals_per_s": 20.0, "backlog_slope": slope, **dict.fromkeys(METRICS)}
        for value, slope in slopes.items()
        for _ in range(3)
    ]
    _, exposure = build_sweep_tables(plan, pd.DataFrame(rows).astype(dict.fromkeys(METRICS, float)), "p95_s")
    assert list(exposure.columns[1].cells) == ["\N{EN DASH}", "unstable"]

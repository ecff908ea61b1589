"""Loads, lengths of runs, probes, limits of sizes, inputs of surfaces, and all of it together on a small scenario."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simlib.analysis import METRICS
from simlib.decision.economics.prices import resolve_prices
from simlib.decision.gain import Budgets, Gain, compute_load, measure_gain, predict, run_pilots, scale_to_load
from simlib.decision.gain.metamodel_inputs import (
    CPU,
    LIFETIME,
    LOAD,
    ROUND_TRIP,
    TTL,
    USER_RATE,
    apply_inputs,
    list_input_ranges,
    scale_distribution,
)
from simlib.decision.gain.pilot_runs import PilotRun, StoredRow
from simlib.decision.gain.run_lengths import FEWEST, estimate_cpu_s, extend_warm_up, fit_run
from simlib.decision.gain.sizing import size_designs
from simlib.decision.gain.sizing_search import add_assumed_limits, list_broken_limits, read_limits
from simlib.decision.gain.tiers import Level, build_setup_keys, list_tiers
from simlib.decision.promises import compute_promises
from simlib.experiment import Comparison
from simlib.experiment.jobs import Replication
from simlib.scenario.distributions import Constant, Lognormal, Quantiles
from simlib.scenario.economics import Prices
from simlib.scenario.errors import InputError
from simlib.scenario.limits import Limits
from simlib.scenario.scenario import Scenario
from support.worlds import DESIGNS, constant, document, exponential, link, scenario

SMALL = Budgets(comparison=3.0, sizing=0.6, surfaces=1.5)


# --- loads -----------------------------------------------------------------------------------------------------------


def test_more_load_is_more_users_who_ask_as_often() -> None:
    own = scenario(users=50, arrival_rate=20.0, world={"revocations": {"rate": 0.2}})
    more = scale_to_load(own, 60.0)
    assert compute_load(more) == 60.0
    assert more.world.population.users == 150
    assert more.world.revocations.rate == pytest.approx(0.6)
    assert scale_to_load(own, None) is own
    assert scale_to_load(own, 20.0) is own


def test_every_kind_of_load_can_be_raised_but_a_replayed_one() -> None:
    bursty = {"kind": "bursty", "quiet_rate": 5.0, "burst_rate": 35.0, "quiet_s": 10.0, "burst_s": 10.0}
    closed = {"kind": "closed", "think": constant(2.0)}
    daily = {"kind": "daily", "arrival_rate": 20.0, "profile": [1.0, 3.0]}
    for load in (bursty, closed, daily):
        own = scenario(world={"load": load})
        assert compute_load(scale_to_load(own, 3 * compute_load(own))) == pytest.approx(3 * compute_load(own))
    with pytest.raises(InputError, match="must be above 0 requests per second, not 0"):
        scale_to_load(scenario(), 0.0)


def test_a_replayed_log_has_its_own_load(tmp_path: Path) -> None:
    from simlib.deployment.parts import PARTS
    from simlib.scenario.loading import build_scenario

    (tmp_path / "log.csv").write_text("time,user\n" + "".join(f"{n},u{n % 3}\n" for n in range(30)))
    made = document(world={"load": {"kind": "replay", "file": "log.csv", "time_column": "time", "user_column": "user"}})
    own = build_scenario(made, PARTS, tmp_path / "own.toml")
    with pytest.raises(InputError, match="a replayed log has a load of its own"):
        scale_to_load(own, 2.0)
    assert [one.name for one in list_input_ranges(own, probes_of(own))][:2] == [ROUND_TRIP, TTL]


# --- lengths ---------------------------------------------------------------------------------------------------------


def probes_of(own: Scenario, work_s: float = 1e-3, set_up_s: float = 0.1) -> dict[str, PilotRun]:
    cpu = {"service": 0.005, "authorization_server": 0.001}
    return {name: PilotRun(name, work_s, set_up_s, cpu, StoredRow(150.0, 60.0)) for name in own.designs}


def test_a_run_that_fits_is_used_as_it_is() -> None:
    own = scenario(replications=5)
    assert fit_run(own, probes_of(own), 1000.0) == (own.run, "")


def test_first_there_are_fewer_replications_then_shorter_ones() -> None:
    own = scenario(replications=8, length_s=100.0, warm_up_s=10.0)
    probes = probes_of(own)
    one = estimate_cpu_s(own, probes.values(), own.expected_requests)
    fewer = fit_run(own, probes, 5.5 * one)
    assert (fewer.run.replications, fewer.run.length_s) == (5, 100.0)
    assert fewer.note == "The comparison has 5 replications instead of 8, to take no longer."
    shorter = fit_run(own, probes, 1.5 * one)
    assert shorter.run.replications == FEWEST
    assert 30.0 < shorter.run.length_s < 60.0
    assert shorter.run.warm_up_s == 10.0
    assert estimate_cpu_s(own, probes.values(), 20.0 * shorter.run.length_s) * FEWEST <= 1.55 * one
    assert "3 replications of" in shorter.note
    assert {run.caches for run in (own.run, shorter.run, fewer.run)} == {"stationary"}  # all begin alike
    tiny = fit_run(own, probes, 0.0)
    assert 0 < tiny.run.warm_up_s < tiny.run.length_s  # what is left can still be run
    assert fit_run(own.with_run(own.run.model_copy(update={"replications": 2})), probes, 0.0).run.replications == 2


def test_what_begins_empty_is_filled_before_it_counts() -> None:
    exchanging = {**DESIGNS["jwt"], "downstream": {"part": "token_exchange", "ttl_s": 10.0}}
    tax = {"audience": "https://tax.example", "scope": "tax", "work": constant(0.001), "reply_bytes": 10}
    own = scenario(
        length_s=100.0,
        designs={"exchanging": exchanging, "cached": DESIGNS["cached"]},
        service={"calls": ["tax"]},
        world={"inner_services": {"tax": tax}},
    )
    short = own.run.model_copy(update={"length_s": 5.0, "warm_up_s": 1.0, "caches": "empty"})
    filled = extend_warm_up(short, own.design("exchanging"), 100.0)
    assert (filled.warm_up_s, filled.length_s, filled.caches) == (10.0, 20.0, "empty")
    assert extend_warm_up(short, own.design("exchanging"), 8.0).length_s == 8.0
    full = short.model_copy(update={"caches": "stationary"})
    assert extend_warm_up(full, own.design("exchanging"), 100.0).warm_up_s == 1.0
    plain = scenario(length_s=100.0)
    cached = extend_warm_up(short, plain.design("cached"), 100.0)
    assert (cached.warm_up_s, cached.length_s, cached.caches) == (1.0, 5.0, "empty")


# --- probes ----------------------------------------------------------------------------------------------------------


def test_a_probe_sees_where_time_goes_and_what_is_stored() -> None:
    own = scenario(users=100, arrival_rate=40.0, world={"store": {"kind": "sqlite"}})
    probes = run_pilots(own)
    assert probes["opaque"].cpu_s["authorization_server"] > 3 * probes["jwt"].cpu_s["authorization_server"]
    assert probes["opaque"].cpu_s["service"] == pytest.approx(0.004, rel=0.2)
    assert probes["opaque"].row.life_s == 60.0
    assert 100 < probes["opaque"].row.size < 250
    assert run_pilots(own, workers=2) == probes


def test_a_probe_sees_all_work_of_servers_that_cannot_bear_it() -> None:
    """At 15 times what one worker can do most requests would not have ended, and their work not have been charged."""
    seen = run_pilots(scenario(arrival_rate=4000.0, users=50, designs={"jwt": DESIGNS["jwt"]}))["jwt"].cpu_s
    assert seen["service"] == pytest.approx(0.004, rel=0.2)


def test_under_rotation_a_renewal_stores_a_refresh_token_too() -> None:
    rotating = {**DESIGNS["jwt"], "refresh": {"rotation": True, "lifetime_s": 6000.0}}
    own = scenario(users=400, arrival_rate=40.0, designs={"jwt": rotating})
    assert run_pilots(own)["jwt"].row.life_s == pytest.approx(6000.0, rel=0.01)


# --- what servers must keep ------------------------------------------------------------------------------------------


def run_with(replication: int, **figures: float) -> Replication:
    usual = {**dict.fromkeys(METRICS, math.nan), "backlog_slope": 0.0, "arrivals_per_s": 10.0}
    return Replication("jwt", replication, {**usual, **figures}, {})


def test_the_upper_end_of_the_interval_counts() -> None:
    requirement = read_limits(Limits(p99_s=0.1, failed_share=0.01, exposure_s=1.0, availability=0.9))
    assert dict(requirement.limits) == {"p99_s": 0.1, "failed_share": 0.01}  # no server helps the others
    assert not requirement.assumed
    steady = [run_with(n, p99_s=0.09 + 0.0001 * n, failed_share=0.0) for n in range(3)]
    assert list_broken_limits(requirement, steady, 0.95) == ()
    wide = [run_with(n, p99_s=value, failed_share=0.0) for n, value in enumerate((0.05, 0.09, 0.10))]
    assert list_broken_limits(requirement, wide, 0.95) == ("p99 latency up to 145.7 ms where 100 ms is allowed",)
    growing = [run_with(n, p99_s=0.05, failed_share=0.0, backlog_slope=2.0 + 0.1 * n) for n in range(3)]
    assert list_broken_limits(requirement, growing, 0.95) == ("backlog grows by 21.0% of what arrives",)
    undefined = [run_with(n) for n in range(3)]
    assert list_broken_limits(requirement, undefined, 0.95) == ()
    assert read_limits(Limits(failed_share=0.01)).assumed


def test_the_noise_of_a_short_run_breaks_no_assumed_limit() -> None:
    """The largest size is idle and is itself what its p99 is compared with, so only noise could break that limit."""
    wide = [run_with(n, p99_s=value, failed_share=0.0) for n, value in enumerate((0.02, 0.02, 0.2))]
    requirement = add_assumed_limits(read_limits(Limits(failed_share=0.01)), 0.5, unloaded_p99_s=0.08)
    assert list_broken_limits(requirement, wide, 0.95) == ()
    assert list_broken_limits(read_limits(Limits(p99_s=0.16)), wide, 0.95) != ()  # stated: surely, or not kept
    slow = [run_with(n, p99_s=0.2 + 0.001 * n, failed_share=0.0) for n in range(3)]
    assert list_broken_limits(requirement, slow, 0.95) == ("p99 latency up to 201 ms where 160 ms is assumed",)
    failing = [run_with(n, p99_s=0.08, failed_share=value) for n, value in enumerate((0.0, 0.0, 0.02))]
    assert list_broken_limits(requirement, failing, 0.95) != ()  # a stated limit beside assumed ones stays one


def test_tiers_follow_the_topology() -> None:
    world: dict[str, Any] = {
        "gateway": {"work": exponential(0.001), "workers": 2},
        "inner_services": {
            name: {"audience": f"https://{name}.example", "scope": name, "work": constant(0.001), "reply_bytes": 10}
            for name in ("stock", "tax")
        },
        "regions": {"names": ["eu", "us"], "shares": [0.5, 0.5], "round_trips": {"eu-us": constant(0.09)}},
        "store": {"kind": "database", "database": {"link": link(), "call": constant(1e-5), "work": constant(1e-4)}},
    }
    design = {**DESIGNS["jwt"], "gateway": {"part": "relay"}, "replicas": {"gateway": 2, "service": 3}}
    own = scenario(designs={"jwt": design}, world=world, service={"calls": ["stock", "tax"]})
    cpu = {"gateway@eu": 0.001, "service@eu": 0.002, "service@us": 0.004, "service/tax@us": 0.003, "store": 0.0001}
    rs, authorization, database = list_tiers(own, own.design("jwt"), 100.0, cpu)
    assert [(one.name, one.hosts, one.busy, one.own) for one in rs.places] == [
        ("gateway", 2, pytest.approx(0.1), Level(2, 2)),
        ("service", 2, pytest.approx(0.4), Level(3, 1)),
        ("inner_service", 4, pytest.approx(0.3), Level(1, 1)),
    ]
    assert [(one.name, one.hosts) for one in authorization.places] == [("authorization_server", 1)]
    assert [(one.name, one.hosts, one.busy) for one in database.places] == [("store", 1, pytest.approx(0.01))]
    setup = {**rs.find_smallest_setup(), "authorization_server": Level(2, 1), "store": Level(1, 3)}
    assert rs.count_vcpus(setup) == 2 + 2 + 4
    assert build_setup_keys(own, "jwt", setup) == {
        "designs.jwt.replicas.gateway": 1,
        "world.gateway.workers": 1,
        "designs.jwt.replicas.service": 1,
        "world.service.workers": 1,
        "designs.jwt.replicas.inner_service": 1,
        "world.inner_services.stock.workers": 1,
        "world.inner_services.tax.workers": 1,
        "designs.jwt.replicas.authorization_server": 2,
        "world.authorization_server.workers": 1,
        "world.store.database.workers": 3,
    }


# --- inputs of surfaces ----------------------------------------------------------------------------------------------


def test_inputs_change_what_they_name_and_nothing_else() -> None:
    own = scenario(users=50, arrival_rate=20.0)
    ranges = {one.name: one for one in list_input_ranges(own, probes_of(own))}
    assert list(ranges) == [LOAD, USER_RATE, ROUND_TRIP, TTL, LIFETIME, CPU]
    assert all(0 < one.low < one.middle < one.high for one in ranges.values())
    same = apply_inputs(own, {name: one.middle for name, one in ranges.items()})
    assert (same.world, dict(same.designs)) == (own.world, dict(own.designs))
    made = apply_inputs(own, {LOAD: 40.0, USER_RATE: 2.0, ROUND_TRIP: 0.01, TTL: 2.0, LIFETIME: 0.5, CPU: 3.0})
    assert (compute_load(made), made.world.population.users) == (40.0, 20)
    assert made.world.network.service_to_authorization_server.round_trip.mean() == pytest.approx(0.01)
    assert made.design("cached").get_settings("service").ttl_s == 20.0
    assert {one.token_lifetime_s for one in made.designs.values()} == {30.0}
    assert made.profile.mean("http.call_out") == pytest.approx(3 * own.profile.mean("http.call_out"))
    assert own.profile.mean("http.call_out") == scenario().profile.mean("http.call_out")


def test_a_closed_load_has_users_who_think() -> None:
    own = scenario(users=40, world={"load": {"kind": "closed", "think": exponential(2.0)}})
    made = apply_inputs(own, {LOAD: 30.0, USER_RATE: 1.5})
    assert made.world.population.users == 20
    assert compute_load(made) == pytest.approx(30.0)


@pytest.mark.parametrize(
    "own", [Constant(value_s=0.1), Lognormal(median_s=0.1, p99_s=0.4), Quantiles(values_s=(0.1, 0.2, 0.4))]
)
def test_a_distribution_is_scaled_as_a_whole(own: Any) -> None:
    made = type(own).model_validate(scale_distribution(own, 3.0))
    uniform = np.linspace(0.01, 0.99, 9)
    assert made.invert(uniform) == pytest.approx(3.0 * own.invert(uniform))


# --- all together ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small() -> Scenario:
    own = scenario(
        users=30,
        arrival_rate=20.0,
        designs={name: DESIGNS[name] for name in ("cached", "jwt")},
        world={"store": {"kind": "sqlite"}, "revocations": {"rate": 0.1}},
        length_s=90.0,
        warm_up_s=10.0,
        replications=3,
    )
    return replace(own, limits=Limits(p99_s=0.2))


@pytest.fixture(scope="module")
def gained(small: Scenario) -> tuple[Comparison, Gain]:
    told: list[tuple[str, int, int]] = []
    made = measure_gain(small, budgets=SMALL, progress=lambda *step: told.append(step))
    assert [stage for stage, done, all_ in told if done == all_] == [
        "probing",
        "comparing",
        "sizing",
        "response surfaces",
    ]
    return made


def test_the_gain_holds_everything(small: Scenario, gained: tuple[Comparison, Gain]) -> None:
    comparison, gain = gained
    assert gain.table is comparison.table
    assert len(gain.table) == 2 * gain.lengths["replications"]
    cached, jwt = (gain.table[gain.table["design"] == name] for name in ("cached", "jwt"))
    rows = cached["kept_rows"]  # tests/decision/test_kept_rows.py
    assert rows.mean() == pytest.approx((cached["rows_written_per_s"] * 60.0).mean(), rel=0.2)
    assert cached["stored_bytes"].tolist() == pytest.approx((rows * gain.structures["cached"].row_bytes).tolist())
    bounds = {name: bound.after_claims_change_s for name, bound in compute_promises(small).items()}
    assert cached["staleness_max_s"].max() <= bounds["cached"] == 10.0
    assert 10.0 < jwt["staleness_max_s"].max() <= bounds["jwt"] == 60.0
    assert jwt["header_bytes"].min() > cached["header_bytes"].max()
    assert {name: size.met for name, size in gain.sizes.items()} == {"cached": True, "jwt": True}
    assert 0 < gain.structures["cached"].served < gain.structures["jwt"].served < 1
    assert (gain.structures["cached"].opaque_to_clients, gain.structures["jwt"].opaque_to_clients) == (True, False)
    assert gain.structures["jwt"].exposure_bound_s == 60.0
    assert gain.lengths["sizing_replications"] == 3


def test_surfaces_agree_with_the_comparison_where_both_look(gained: tuple[Comparison, Gain]) -> None:
    _, gain = gained
    own = gain.surfaces["cached"]
    for metric, within in (("bytes_per_request", 0.15), ("rs_cpu_s", 0.15), ("mean_s", 0.15)):
        seen = float(gain.table.loc[gain.table["design"] == "cached", metric].mean())
        assert float(predict(own[metric], {})) == pytest.approx(seen, rel=within), metric
    assert float(predict(own["as_cpu_s"], {"cpu_factor": 2.0})) > float(predict(own["as_cpu_s"], {"cpu_factor": 0.5}))
    assert float(predict(own["hit_ratio"], {"ttl_factor": 3.0})) > float(predict(own["hit_ratio"], {"ttl_factor": 0.4}))
    assert own["exposure_s"].source == "closed form"
    assert float(predict(own["exposure_s"], {"ttl_factor": 2.0})) == pytest.approx(10.0, rel=0.01)
    assert own["mean_s"].runs == gain.lengths["surfaces_replications"] >= 12


def test_workers_change_nothing(small: Scenario, gained: tuple[Comparison, Gain]) -> None:
    _, again = measure_gain(small, budgets=SMALL, workers=2)
    _, gain = gained
    pd.testing.assert_frame_equal(again.table, gain.table)
    assert again.sizes == gain.sizes
    assert (again.lengths, again.notes) == (gain.lengths, gain.notes)
    for design, figures in gain.surfaces.items():
        for metric, surface in figures.items():
            assert again.surfaces[design][metric].coefficients.tolist() == surface.coefficients.tolist()


def test_what_is_left_out_is_left_out(small: Scenario) -> None:
    _, gain = measure_gain(small, budgets=Budgets(1.0, 0.0, 0.0))
    assert (dict(gain.sizes), dict(gain.surfaces)) == ({}, {})
    assert "sizing_length_s" not in gain.lengths


def test_prices_decide_what_is_cheapest(small: Scenario) -> None:
    dear = resolve_prices(Prices(vcpu_hour=7.0))
    sizes = size_designs(small, dear, budget=0.6)
    assert {size.cost_per_hour for size in sizes.values()} == {14.0}

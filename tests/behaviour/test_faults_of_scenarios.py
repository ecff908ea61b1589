"""Every kind of fault in whole runs of scenarios: it has its effect, nothing is lost by it, and no forgery gets in."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib import load_scenario, simulate, summarise
from simlib.analysis.availability import compute_availability, select_user_requests
from simlib.analysis.exposure import count_wrong_verdicts
from simlib.analysis.usage import find_peak_request_rate
from simlib.deployment.bounds import compute_design_bound
from simlib.deployment.fault_schedule import FaultSchedule
from simlib.deployment.overload import build_flood_arrivals
from simlib.scenario.fault_times import Resolver, schedule_faults
from simlib.scenario.faults import Fault
from simlib.scenario.hosts import ENDPOINTS
from simlib.scenario.records import FINISHED, OUTCOMES, REFUSED, RESET, SESSION, STRANGER, Records
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.services import ENDPOINTS as SERVED
from simlib.strategies import CATALOGUE
from support.pairs import PAIRS, list_needed_regions, name_of
from support.scenarios import design_of
from support.worlds import DESIGNS, constant, link
from support.worlds import scenario as made

Table = dict[str, Any]
AS, RS = "authorization_server", "service"
BEGIN, END, LENGTH_S = 6.0, 12.0, 20.0
WINDOW: Table = {"at_s": BEGIN, "length_s": END - BEGIN}
AT: Table = {"at_s": BEGIN}
JWKS: Table = {"part": "jwt_local", "jwks_lifetime_s": 5.0, "unknown_kid_cooldown_s": 1.0}
SHORT: dict[str, Table] = {**DESIGNS, "jwt": {**DESIGNS["jwt"], "service": JWKS}}

FAULTS: Mapping[str, Table] = {
    "down": {"kind": "down", "host": AS, **WINDOW},
    "service_down": {"kind": "down", "host": RS, **WINDOW},
    "endpoint_down": {"kind": "down", "host": AS, "endpoint": "jwks", **WINDOW},
    "slow": {"kind": "slow", "host": AS, "factor": 100.0, **WINDOW},
    "partition": {"kind": "partition", "between": [RS, AS], **WINDOW},
    "clients_cut_off": {"kind": "partition", "between": ["client", RS], **WINDOW},
    "jwks_emptied": {"kind": "jwks_emptied", **WINDOW},
    "planned": {"kind": "key_rotation", "published_before_s": 4.0, "kept_s": 100.0, **AT},
    "hasty": {"kind": "key_rotation", "published_before_s": 0.0, "kept_s": 0.0, **AT},
    "emergency": {"kind": "key_rotation", "emergency": True, **AT},
    "unknown_kid_flood": {"kind": "unknown_kid_flood", "rate": 20.0, **WINDOW},
    "random_token_flood": {"kind": "random_token_flood", "rate": 20.0, **WINDOW},
    "cold_start": {"kind": "cold_start", "host": RS, **AT},
    "as_cold_start": {"kind": "cold_start", "host": AS, **AT},
    "mass_logout": {"kind": "mass_logout", "share": 0.5, **AT},
    "refresh_herd": {"kind": "refresh_herd", "share": 1.0, **AT},
    "clock_skew": {"kind": "clock_skew", "host": RS, "skew_s": -30.0, **WINDOW},
    "retry_storm": {"kind": "retry_storm", "times": 2, **WINDOW},
    "store_slow": {"kind": "store_slow", "factor": 3000.0, **WINDOW},
    "store_full": {"kind": "store_full", **WINDOW},
}


def world(faults: Mapping[str, Table], designs: Mapping[str, Table] = SHORT, **more: Any) -> Scenario:
    rest = {"length_s": LENGTH_S, "warm_up_s": 2.0, **more}
    own = rest.pop("world", {})
    return made(designs=designs, world={"faults": dict(faults), "revocations": {"rate": 0.3}, **own}, **rest)


@cache
def records_of(name: str, design: str) -> Records:
    """A run with that fault, or with none."""
    return simulate(world({name: FAULTS[name]} if name else {}), design)


def served(records: Records, begin: float = BEGIN, end: float = END) -> float:
    return compute_availability(records, begin, end)


def called(records: Records, target: str, begin: float = BEGIN, end: float = END) -> int:
    calls = records["calls"]
    named = calls["target"] == records.names.index(target)
    return int((named & (calls["sent"] >= begin) & (calls["sent"] < end)).sum())


def seconds(records: Records, operation: str) -> float:
    rows = records["operations"]
    return float(rows["seconds"][rows["operation"] == records.names.index(operation)].sum())


def mean_latency(records: Records) -> float:
    rows = select_user_requests(records)
    done = (rows["outcome"] == FINISHED) & (rows["arrival"] >= BEGIN) & (rows["arrival"] < END)
    return float((rows["end"] - rows["arrival"])[done].mean())


def statuses(records: Records) -> set[int]:
    found: set[int] = set(records["requests"]["status"].tolist())
    return found


def refusals(records: Records) -> int:
    return int(records["requests"]["refusals"].sum())


# --- each kind of fault does something, and does it to whom it should ---

Effect = Callable[[Records, Records], bool]

EFFECTS: list[tuple[str, str, Effect]] = [
    ("down", "opaque", lambda with_it, _: served(with_it) == 0.0),
    ("down", "cached", lambda with_it, _: 0.1 < served(with_it) < 0.9),
    ("service_down", "jwt", lambda with_it, _: served(with_it) == 0.0 and RESET in with_it["calls"]["status"]),
    ("endpoint_down", "jwt", lambda with_it, _: served(with_it) < 0.8 and 503 in statuses(with_it)),
    ("endpoint_down", "opaque", lambda with_it, without: served(with_it) == served(without)),
    ("slow", "opaque", lambda with_it, without: mean_latency(with_it) > 3 * mean_latency(without)),
    ("partition", "opaque", lambda with_it, _: served(with_it) == 0.0 and RESET not in with_it["calls"]["status"]),
    ("partition", "jwt", lambda with_it, _: 0.0 < served(with_it) < 0.8),
    ("clients_cut_off", "jwt", lambda with_it, _: served(with_it) == 0.0),
    ("jwks_emptied", "jwt", lambda with_it, _: served(with_it) < 0.8 and 401 in statuses(with_it)),
    ("jwks_emptied", "cached", lambda with_it, without: served(with_it) == served(without)),
    ("planned", "jwt", lambda with_it, without: seconds(with_it, "jwt.sign.ES256") > 0 and served(with_it) == 1.0),
    (
        "hasty",
        "jwt",
        lambda with_it, without: with_it["requests"]["refusals"].sum() > without["requests"]["refusals"].sum(),
    ),
    ("emergency", "jwt", lambda with_it, without: called(with_it, "token") > called(without, "token") + 10),
    ("emergency", "opaque", lambda with_it, without: called(with_it, "token") == called(without, "token")),
    ("unknown_kid_flood", "jwt", lambda with_it, without: called(with_it, "jwks") > called(without, "jwks")),
    ("unknown_kid_flood", "opaque", lambda with_it, w: called(with_it, "introspect") > called(w, "introspect") + 80),
    ("random_token_flood", "cached", lambda with_it, w: called(with_it, "introspect") > called(w, "introspect") + 80),
    ("cold_start", "cached", lambda with_it, w: called(with_it, "introspect", 6, 8) > called(w, "introspect", 6, 8)),
    ("cold_start", "jwt", lambda with_it, without: called(with_it, "jwks", 6, 7) > called(without, "jwks", 6, 7)),
    ("as_cold_start", "opaque", lambda with_it, _: served(with_it, BEGIN + 1, LENGTH_S) == 0.0),
    ("mass_logout", "opaque", lambda with_it, _: 400 in statuses(with_it)),
    ("refresh_herd", "jwt", lambda with_it, without: called(with_it, "token") > called(without, "token") + 20),
    ("clock_skew", "jwt", lambda with_it, _: 401 in statuses(with_it)),
    ("store_slow", "opaque", lambda with_it, without: mean_latency(with_it) > 1.5 * mean_latency(without)),
    ("store_full", "opaque", lambda with_it, _: 500 in statuses(with_it)),
]


@pytest.mark.parametrize(("name", "design", "effect"), EFFECTS, ids=lambda value: str(value) if value in SHORT else "")
def test_a_fault_does_what_it_says_to_whom_it_should(name: str, design: str, effect: Effect) -> None:
    assert effect(records_of(name, design), records_of("", design))


DATABASE: Table = {"kind": "database", "database": {"link": link(), "call": constant(0.0), "work": constant(0.0)}}


@pytest.mark.parametrize(
    ("fault", "reaches"),
    [
        *((table, name == "store_full") for name, table in FAULTS.items()),
        ({"kind": "down", "host": "store", **WINDOW}, True),
        ({"kind": "partition", "between": [AS, "store"], **WINDOW}, True),
        ({"kind": "slow", "host": "store", "factor": 2.0, **WINDOW}, False),
    ],
    ids=str,
)
def test_only_what_reaches_the_store_makes_it_fail(fault: Table, reaches: bool) -> None:
    own = {"store": DATABASE} if "store" in str(fault) else {}
    assert FaultSchedule(world({"f": fault}, world=own), Variates(1, 0)).affects_store == reaches


def test_every_kind_of_fault_is_among_these() -> None:
    kinds = {Fault.__args__[0].__args__[n].model_fields["kind"].default for n in range(14)}  # type: ignore[attr-defined]
    assert {table["kind"] for table in FAULTS.values()} == kinds
    assert kinds - {FAULTS[name]["kind"] for name, _, _ in EFFECTS} == {"retry_storm"}  # which has a test of its own


def test_a_retry_storm_repeats_what_fails_and_only_that() -> None:
    down = {"down": FAULTS["down"]}
    storm = {**FAULTS["retry_storm"], "caller": RS}
    alone, both = simulate(world({"storm": storm}), "opaque"), simulate(world({**down, "storm": storm}), "opaque")
    assert called(alone, "introspect") == called(records_of("", "opaque"), "introspect")
    assert called(both, "introspect") == 3 * called(simulate(world(down), "opaque"), "introspect")
    people = simulate(world({**down, "storm": FAULTS["retry_storm"]}), "opaque")
    assert called(people, "introspect") == 3 * called(simulate(world(down), "opaque"), "introspect")


def test_what_a_fault_does_is_over_when_it_is() -> None:
    for name in ("down", "service_down", "partition", "store_full"):
        assert served(records_of(name, "opaque"), END + 0.5, LENGTH_S) > 0.95, name


def test_before_the_fault_everything_is_as_without_it() -> None:
    for name in FAULTS:
        for design in ("cached", "jwt"):
            with_it, without = records_of(name, design)["requests"], records_of("", design)["requests"]
            ended = [with_it["request"][with_it["end"] < BEGIN], without["request"][without["end"] < BEGIN]]
            assert np.array_equal(*ended), name


# --- nothing is lost, no forgery gets in ---


@pytest.mark.parametrize("design", list(SHORT))
@pytest.mark.parametrize("name", list(FAULTS))
def test_every_request_has_one_row_and_one_outcome(name: str, design: str) -> None:
    records = records_of(name, design)
    requests = records["requests"]
    usual = records_of("", design)["requests"]
    users = requests["user"] != STRANGER
    assert sorted(requests["request"].tolist()) == list(range(len(users)))
    order, same = np.argsort(requests["request"][users]), np.argsort(usual["request"])
    assert np.array_equal(requests["arrival"][users][order], usual["arrival"][same])
    counts = [int((requests["outcome"] == outcome).sum()) for outcome in range(len(OUTCOMES))]
    assert sum(counts) == len(users)
    assert np.isfinite(requests["end"]).sum() == sum(counts[:3])
    calls = records["calls"]
    assert set(calls["status"].tolist()) <= {-3, -2, -1, 0, 200, 400, 401, 500, 503, 504}
    answered = ~np.isin(calls["status"], (-1, 0))
    assert np.isfinite(calls["received"][answered]).all()
    figures = summarise(records, 2.0)
    assert figures["arrivals"] == (usual["arrival"] >= 2.0).sum()
    assert 0 <= figures["availability"] <= 1


def test_a_flood_counts_in_nobodys_latency() -> None:
    flooded, usual = summarise(records_of("random_token_flood", "jwt"), 2.0), summarise(records_of("", "jwt"), 2.0)
    assert flooded["arrivals"] == usual["arrivals"]
    assert flooded["refused"] == usual["refused"]
    assert np.isnan(usual["availability"])


EVERYTHING = {name: FAULTS[name] for name in ("unknown_kid_flood", "jwks_emptied", "emergency", "slow", "clock_skew")}
RANDOM = {
    "random_token_flood": FAULTS["random_token_flood"],
    "cold_start": FAULTS["cold_start"],
    "down": FAULTS["down"],
}


@pytest.mark.parametrize("pair", PAIRS, ids=name_of)
@pytest.mark.parametrize("faults", [EVERYTHING, RANDOM], ids=["keys", "answers"])
def test_no_fault_lets_a_strangers_token_in(pair: tuple[type[Any], type[Any]], faults: Mapping[str, Table]) -> None:
    validator, issuer = pair
    store = {"link": link(), "call": constant(0.0001), "work": constant(0.0001)}
    own: Table = {"shared_store": store, **list_needed_regions(issuer)}
    design = design_of(validator.name, issuer.name)
    if hasattr(validator, "forwards"):
        own["gateway"] = {"work": constant(0.0001)}
        inner = next(kind for kind in CATALOGUE["service"].values() if kind.token_format == validator.forwards)
        design |= {"gateway": {"part": validator.name}, "service": {"part": inner.name}}
        design["user_information"] = inner.user_information_sources[0]
    possible = getattr(issuer, "user_information_sources", None)
    if possible is not None:
        design["user_information"] = next(s for s in validator.user_information_sources if s in possible)
    scenario = world(faults, {"it": design}, world=own, length_s=12.0)
    records = simulate(scenario, "it")
    strangers = records["requests"]["user"] == STRANGER
    assert strangers.sum() > 60
    assert not (records["requests"]["accepted"][strangers] == 1).any()
    assert not (records["requests"]["outcome"][strangers] == FINISHED).any()
    bound = compute_design_bound(scenario, scenario.design("it"))
    assert count_wrong_verdicts(records, 0.0, bound.after_revocation_s, bound.after_expiry_s).forged == 0


def test_without_a_flood_nobody_comes_beside_the_users() -> None:
    scenario = world({})
    assert build_flood_arrivals(scenario.world, [], "client", Variates(1, 0)) is None


def test_a_clock_that_is_behind_lets_expired_tokens_in_and_the_figures_say_so() -> None:
    behind = {**FAULTS["clock_skew"], "skew_s": -100.0, "at_s": 0.5, "length_s": 19.0}
    patient = {"part": "bearer", "retry_refused": False}
    # The client's clock is right and renews in time; a token that it has lost ends all the same.
    design = {**SHORT["jwt"], "client": patient}
    records = simulate(world({"skew": behind}, {"it": design}), "it")
    assert 401 in statuses(records)
    assert count_wrong_verdicts(records, 0.0).refused > 0


# --- logouts and emergencies in the records ---


def test_after_a_mass_logout_the_right_answer_is_a_refusal() -> None:
    opaque, jwt = records_of("mass_logout", "opaque"), records_of("mass_logout", "jwt")
    ended = opaque["revocations"]["token"] == SESSION
    assert ended.sum() == (jwt["revocations"]["token"] == SESSION).sum() > 10
    out = set(opaque["revocations"]["user"][ended].tolist())
    rows = select_user_requests(opaque)
    late = np.isin(rows["user"], list(out)) & (rows["arrival"] > BEGIN + 0.5)
    assert (rows["outcome"][late] == REFUSED).all()
    assert served(opaque) > 0.98 > served(jwt)
    bound = compute_design_bound(world({}), world({}).design("jwt"))
    found = count_wrong_verdicts(jwt, BEGIN, bound.after_revocation_s)
    assert found.beyond == 0 < found.within


def test_users_who_can_sign_in_do_so_after_a_mass_logout() -> None:
    clients = [{"kind": "web", "share": 1.0, "session": constant(600.0)}]
    records = simulate(world({"logout": FAULTS["mass_logout"]}, world={"clients": clients}), "opaque")
    rows = select_user_requests(records)
    assert (rows["signing_in"][rows["arrival"] > BEGIN] > 0).sum() > 10
    assert served(records, BEGIN + 0.5, LENGTH_S) > 0.97


def test_an_emergency_revokes_every_token_of_the_old_key_and_no_other() -> None:
    records = records_of("emergency", "jwt")
    tokens, revocations = records["tokens"], records["revocations"]
    old = set(tokens["token"][(tokens["issued"] < BEGIN) & (tokens["expires"] > BEGIN)].tolist())
    at_once = revocations["effective"] == BEGIN
    assert set(revocations["token"][at_once].tolist()) == old
    assert not (records_of("emergency", "opaque")["revocations"]["effective"] == BEGIN).any()


# --- luck ---

OFTEN: Table = {"kind": "down", "host": AS, "mean_between_s": 4.0, "mean_length_s": 2.0}


def test_random_faults_are_the_same_for_all_designs_and_in_the_records() -> None:
    scenario = world({"often": OFTEN, "herds": {"kind": "refresh_herd", "share": 0.5, "mean_between_s": 5.0}})
    tables = [simulate(scenario, design)["faults"] for design in scenario.designs]
    assert len(tables[0]["begin"]) > 3
    for table in tables[1:]:
        assert all(np.array_equal(tables[0][name], table[name]) for name in ("begin", "end"))
    other = simulate(scenario, "jwt", 1)["faults"]
    assert not np.array_equal(tables[0]["begin"], other["begin"])
    again = simulate(scenario, "opaque")
    assert again.equals(simulate(scenario, "opaque"))
    assert "often" in again.names


FAULT_TABLES = st.sampled_from(
    [
        OFTEN,
        {"kind": "slow", "host": AS, "factor": 2.0, "mean_between_s": 3.0, "mean_length_s": 3.0},
        {"kind": "jwks_emptied", "at_s": 5.0, "length_s": 10.0},
        {"kind": "store_slow", "factor": 2.0, "mean_between_s": 3.0, "mean_length_s": 1.0},
        {"kind": "key_rotation", "published_before_s": 2.0, "kept_s": 1.0, "mean_between_s": 3.0},
        {"kind": "key_rotation", "emergency": True, "mean_between_s": 3.0},
        {"kind": "down", "host": AS, "endpoint": "jwks", "mean_between_s": 1.0, "mean_length_s": 5.0},
    ]
)


@settings(max_examples=60)
@given(st.lists(FAULT_TABLES, min_size=1, max_size=5), st.integers(0, 50))
def test_drawn_faults_never_contradict_each_other_or_given_ones(tables: list[Table], replication: int) -> None:
    faults = world({f"f{n}": table for n, table in enumerate(tables) if n == 0 or "at_s" not in table}).world.faults
    resolve = Resolver(())
    times = schedule_faults(faults, resolve, 50.0, Variates(1, replication))
    assert all(0 <= time.begin <= time.end <= 50.0 for time in times)
    assert list(times) == sorted(times, key=lambda time: (time.begin, time.name))
    for number, one in enumerate(times):
        for other in times[number + 1 :]:
            if faults[one.name].list_claims(resolve) & faults[other.name].list_claims(resolve):
                assert other.begin >= one.end
                assert other.begin > one.begin


def test_the_endpoints_that_a_fault_may_name_are_those_that_there_are() -> None:
    assert tuple(SERVED) == ENDPOINTS


def test_peaks_count_the_busiest_second() -> None:
    usual, herd = records_of("", "jwt"), records_of("refresh_herd", "jwt")
    assert find_peak_request_rate(herd, 2.0) > find_peak_request_rate(usual, 2.0)


# --- servers in the middle of their lives ---


def test_stationary_caches_hit_from_the_first_second_as_often_as_later_on() -> None:
    hits = []
    for number in range(8):
        records = simulate(world({}, length_s=12.0, caches="stationary", arrival_rate=60.0), "cached", number)
        rows = records["requests"]
        hits.append([float((rows["asked"][(rows["arrival"] // 4) == part] == 0).mean()) for part in range(3)])
    first, *later = np.mean(hits, axis=0)
    assert later == pytest.approx([first, first], abs=0.04)
    cold = simulate(world({}, length_s=4.0, arrival_rate=60.0, caches="empty"), "cached")["requests"]
    assert (cold["asked"] == 0).mean() < first - 0.1


def test_stationary_key_sets_do_not_end_together() -> None:
    replicas = {**SHORT["jwt"], "replicas": {"service": 6}}
    records = simulate(world({}, {"jwt": replicas}, length_s=5.0, caches="stationary"), "jwt")
    calls = records["calls"]
    fetched = calls["sent"][calls["target"] == records.names.index("jwks")]
    assert len(fetched) >= 5
    assert np.diff(np.sort(fetched)).max() < 4.0
    assert np.diff(np.sort(fetched)).min() > 0


@pytest.mark.parametrize("name", ["call-chain", "mobile-and-things"])
def test_every_bundled_topology_can_begin_in_the_middle_of_its_life(name: str) -> None:
    bundled = load_scenario(name)
    begun = bundled.with_run(bundled.run.model_copy(update={"length_s": 1.0, "warm_up_s": 0.0, "caches": "stationary"}))
    for design in begun.designs:
        assert len(simulate(begun, design)["requests"]["request"])

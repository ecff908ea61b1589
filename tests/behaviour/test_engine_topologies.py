"""Gateways, call graphs, regions, shared stores, limits: what a request meets on its way, in closed form."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from simlib import simulate
from simlib.scenario.records import FAILED, FINISHED, Records
from simlib.scenario.scenario import Scenario
from support.topologies import JWT, OPAQUE, PHANTOM, Document, design, free_world
from support.worlds import constant, exponential, link

CLIENT_S, AS_S, INSIDE_S = 0.010, 0.002, 0.004
LINKS = {
    "client_to_service": link(CLIENT_S),
    "service_to_authorization_server": link(AS_S),
    "between_services": link(INSIDE_S),
}
INNER = {"scope": "inner", "work": constant(0.0), "reply_bytes": 100}
CHAIN = {
    "stock": {**INNER, "audience": "https://stock.example", "calls": ["prices"]},
    "prices": {**INNER, "audience": "https://prices.example"},
}
GATEWAY = {"work": constant(0.0)}
SHARED = {"link": link(0.001), "call": constant(0.0), "work": constant(0.0)}


def made(designs: Mapping[str, Document], **overrides: Any) -> Scenario:
    """A free world with the links of these tests."""
    return free_world(designs, **{"links": LINKS, **overrides})


def latencies(records: Records) -> np.ndarray[Any, Any]:
    """Seconds of each request that was served, first the earliest."""
    rows = records["requests"]
    done = rows["outcome"] == FINISHED
    taken: np.ndarray[Any, Any] = (rows["end"] - rows["arrival"])[done][np.argsort(rows["arrival"][done])]
    return taken


def calls(records: Records) -> Counter[tuple[str, str, str]]:
    """(caller, callee, target) of every call."""
    rows, names = records["calls"], records.names
    columns = zip(rows["caller"], rows["callee"], rows["target"], strict=True)
    return Counter((names[a], names[b], names[c]) for a, b, c in columns)


@pytest.mark.parametrize(
    ("chosen", "gateway", "expected"),
    [
        (OPAQUE, False, CLIENT_S + 3 * AS_S + 2 * INSIDE_S),
        ({**OPAQUE, "gateway": {"part": "relay"}}, True, CLIENT_S + 3 * AS_S + 3 * INSIDE_S),
        (JWT, False, CLIENT_S + 2 * INSIDE_S),
        ({**JWT, "gateway": {"part": "relay"}}, True, CLIENT_S + 3 * INSIDE_S),
        (PHANTOM, True, CLIENT_S + 3 * INSIDE_S),
    ],
    ids=["opaque", "opaque behind a gateway", "jwt", "jwt behind a gateway", "phantom"],
)
def test_a_chain_takes_the_sum_of_its_round_trips(chosen: Document, gateway: bool, expected: float) -> None:
    world = {"inner_services": CHAIN, **({"gateway": GATEWAY} if gateway else {})}
    records = simulate(made({"it": chosen}, world=world, service={"calls": ["stock"]}, users=5, caches="empty"), "it")
    late = latencies(records)[100:]  # caches are warm, nobody needs a new token
    assert len(late) > 300
    assert late == pytest.approx(expected, abs=1e-12)


def test_every_service_of_a_call_graph_is_called_once_for_each_of_its_callers() -> None:
    world = {
        "inner_services": {
            "a": {**INNER, "audience": "https://a.example", "calls": ["c", "d"]},
            "b": {**INNER, "audience": "https://b.example", "calls": ["d"]},
            "c": {**INNER, "audience": "https://c.example"},
            "d": {**INNER, "audience": "https://d.example"},
        }
    }
    records = simulate(made({"it": JWT}, world=world, service={"calls": ["a", "b"]}, length_s=20.0), "it")
    found = calls(records)
    requests = found["client", "service", "api"]
    for caller, callee in [("", "a"), ("", "b"), ("a", "c"), ("a", "d"), ("b", "d")]:
        key = ("service" + (f"/{caller}" if caller else ""), f"service/{callee}", f"api/{callee}")
        assert found[key] == pytest.approx(requests, abs=2)  # the last ones may be under way
    rows = records["requests"]
    assert set(rows["validations"][rows["outcome"] == FINISHED]) == {6}


def test_a_gateway_and_inner_services_are_stations_that_work_is_charged_to() -> None:
    world = {"gateway": {"work": constant(0.003)}, "inner_services": CHAIN}
    inner = {**CHAIN, "stock": {**CHAIN["stock"], "work": constant(0.002)}}
    chosen = {**JWT, "gateway": {"part": "relay"}}
    free = simulate(made({"it": chosen}, world={**world, "gateway": GATEWAY}, service={"calls": ["stock"]}), "it")
    dear = simulate(made({"it": chosen}, world={**world, "inner_services": inner}, service={"calls": ["stock"]}), "it")
    assert np.median(latencies(dear)) == pytest.approx(np.median(latencies(free)) + 0.005, abs=1e-4)
    stations = dear["stations"]
    busy = {dear.names[host]: float(stations["busy"][stations["host"] == host].max()) for host in stations["host"]}
    requests = len(dear["requests"]["request"])
    assert busy["gateway"] == pytest.approx(0.003 * requests, rel=0.01)
    assert busy["service/stock"] == pytest.approx(0.002 * requests, rel=0.01)
    assert busy["service/prices"] == 0.0


def test_a_phantom_token_is_a_reference_outside_and_a_jwt_inside() -> None:
    records = simulate(made({"it": PHANTOM}, world={"gateway": GATEWAY}), "it")
    rows, names = records["calls"], records.names
    target = np.array([names[number] for number in rows["target"]])
    outside, inside = rows["request_bytes"][target == "gateway"], rows["request_bytes"][target == "api"]
    assert outside.max() < 300 + len("Bearer ") + 64
    assert inside.min() > outside.max() + 300
    assert len(records["tokens"]["size"]) > 0
    assert set(records["tokens"]["size"]) == {43}


REGIONS = {
    "names": ["eu", "us"],
    "shares": [0.6, 0.4],
    "roaming_share": 0.25,
    "round_trips": {"eu-us": constant(0.08)},
}


def test_an_authorization_server_on_another_continent_costs_its_round_trip() -> None:
    records = simulate(made({"it": OPAQUE}, world={"regions": REGIONS}, users=200, length_s=60.0), "it")
    rows, names = records["calls"], records.names
    taken = rows["received"] - rows["sent"]
    caller = np.array([names[number] for number in rows["caller"]])
    target = np.array([names[number] for number in rows["target"]])
    for region, expected in (("eu", AS_S), ("us", 0.08)):
        asked = taken[(caller == f"service@{region}") & (target == "introspect@eu") & np.isfinite(taken)]
        assert len(asked) > 100
        assert asked == pytest.approx(expected, abs=1e-12)
    at_us = (target == "api@us").mean() / np.isin(target, ("api@eu", "api@us")).mean()
    assert at_us == pytest.approx(0.4 * 0.75 + 0.6 * 0.25, abs=0.05)  # at home and roaming


def test_a_client_reaches_another_continent_by_its_own_line_and_then_across() -> None:
    chosen = {**OPAQUE, "token_lifetime_s": 20}
    line = {"client_to_authorization_server": link(0.05)}
    world = {"regions": REGIONS}
    records = simulate(made({"it": chosen}, world=world, links=LINKS | line, users=200, length_s=60.0), "it")
    rows, names = records["calls"], records.names
    taken = rows["received"] - rows["sent"]
    caller = np.array([names[number] for number in rows["caller"]])
    to_token = np.array([names[number] for number in rows["target"]]) == "token@eu"
    for region, further in (("eu", 0.0), ("us", 0.08)):
        waited = taken[(caller == f"client@{region}") & to_token & np.isfinite(taken)]
        assert len(waited) > 20
        assert waited == pytest.approx(0.05 + further, abs=1e-12)


def test_tokens_that_name_their_region_are_asked_about_where_they_were_issued() -> None:
    regional = design("opaque_regional", "regional_reference_token", "introspection")
    made_up = made({"it": regional}, world={"regions": {**REGIONS, "roaming_share": 0.0}}, users=50)
    found = calls(simulate(made_up, "it"))
    for region in ("eu", "us"):
        there = (f"service@{region}", f"authorization_server@{region}", f"introspect@{region}")
        assert found[there] > 0
    assert not [key for key in found if key[0].partition("@")[2] != key[1].partition("@")[2]]


def test_headers_beyond_the_limit_are_refused_by_431_before_anything_is_checked() -> None:
    long = {"user_information": {"claims": 60, "value_bytes": 60}}
    both = made({"opaque": OPAQUE, "jwt": JWT}, world=long, service={"header_limit_bytes": 2048})
    rows = simulate(both, "jwt")["requests"]
    assert set(rows["outcome"]) == {FAILED}  # no verdict on a token, so no refusal
    assert set(rows["status"]) == {431}
    assert set(rows["validations"]) == {0}
    assert FINISHED in simulate(both, "opaque")["requests"]["outcome"]
    larger = made({"jwt": JWT}, world=long, service={"header_limit_bytes": 16_384})
    assert (simulate(larger, "jwt")["requests"]["outcome"] == FINISHED).mean() > 0.95


@pytest.mark.parametrize(("caches", "saved"), [("empty", 5.0), ("stationary", 0.0)])
def test_an_authorization_server_with_a_rate_limit_says_when_to_come_back(caches: str, saved: float) -> None:
    """Callers who need more than the limit have used up what a bucket saved, unless the run begins cold."""
    limit = {"rate_limit": {"requests_per_s": 5.0, "burst": 5}}
    records = simulate(made({"it": OPAQUE}, authorization_server=limit, arrival_rate=20.0, caches=caches), "it")
    rows, names = records["calls"], records.names
    asked = np.array([names[number] for number in rows["target"]]) == "introspect"
    served = (rows["status"][asked] == 200).sum()
    assert served == pytest.approx(saved + 5.0 * 30.0, abs=3)
    assert (rows["status"][asked] == 429).sum() > served
    unlimited = simulate(made({"it": OPAQUE}, arrival_rate=20.0), "it")
    assert (unlimited["calls"]["status"] != 429).all()


def test_a_shared_cache_asks_once_for_all_replicas_and_each_look_is_a_round_trip() -> None:
    cached = {"ttl_s": 500.0, "part": "opaque_cached"}
    base = design("opaque_cached", "reference_token", "introspection", replicas={"service": 4})
    both = made(
        {"own": {**base, "service": cached}, "shared": {**base, "service": {**cached, "shared": True}}},
        world={"shared_store": SHARED},
        users=20,
        caches="empty",
    )
    own, shared = (simulate(both, name) for name in ("own", "shared"))
    users = len(set(own["requests"]["user"]))
    asked = {name: sum(n for key, n in calls(run).items() if key[2] == "introspect") for name, run in
             (("own", own), ("shared", shared))}  # fmt: skip
    assert asked["shared"] <= users + 5  # two requests of one user may miss at once
    assert asked["own"] > 2.5 * users
    assert np.median(latencies(own)) == pytest.approx(CLIENT_S, abs=1e-12)
    assert np.median(latencies(shared)) == pytest.approx(CLIENT_S + 0.001, abs=1e-12)


def test_each_replica_polls_at_its_own_phase() -> None:
    polled = {**JWT, "wrappers": [{"part": "denylist_polled", "poll_s": 2.0}], "replicas": {"service": 3}}
    records = simulate(made({"it": polled}, length_s=40.0), "it")
    rows, names = records["calls"], records.names
    sent = rows["sent"][np.array([names[number] for number in rows["target"]]) == "revocations"]
    assert len(sent) == pytest.approx(3 * 40.0 / 2.0, abs=6)
    phases = np.unique(np.round((sent[sent > 10.0] - AS_S * np.arange((sent > 10.0).sum())) % 2.0, 1))
    assert len(phases) > 1


def test_work_of_a_chain_is_equal_for_equal_seeds_and_arrivals_are_equal_for_all_designs() -> None:
    world = {
        "inner_services": {**CHAIN, "prices": {**CHAIN["prices"], "work": exponential(0.002)}},
        "gateway": {"work": exponential(0.001)},
        "regions": REGIONS,
    }
    designs = {"phantom": PHANTOM, "jwt": JWT}
    both = made(designs, world=world, service={"calls": ["stock"], "work": exponential(0.003)})
    first, again, other = simulate(both, "phantom"), simulate(both, "phantom"), simulate(both, "jwt")
    assert first.equals(again)
    one, two = (run["requests"]["arrival"][np.argsort(run["requests"]["request"])] for run in (first, other))
    assert one.tolist() == two.tolist()

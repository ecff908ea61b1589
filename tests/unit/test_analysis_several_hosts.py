"""Summaries and steps where several hosts check tokens, in several regions, and where users sign in."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from simlib.analysis import summarise
from simlib.analysis.latency_steps import OPTIONAL_STEPS, STEPS, measure_steps
from simlib.report.latency_figures import compute_tail, steps_figure
from simlib.scenario.records import FINISHED, SCHEMA, Records
from simlib.scenario.sinks import MemorySink

HOSTS = (
    "client",
    "gateway",
    "service",
    "service/stock",
    "authorization_server@eu",
    "authorization_server@us",
    "store@eu",
    "store@us",
    "shared_store",
    "service.threads",
)
CLIENT, GATEWAY, SERVICE, STOCK, AS_EU, AS_US, STORE_EU, STORE_US, SHARED, THREADS = range(len(HOSTS))
USERINFO = len(HOSTS)
NAN = math.nan
BLANK: Mapping[str, Any] = {"end": NAN, "decided": NAN, "based_on": NAN, "token": -1, "replica": -1, "accepted": -1}


def records(names: tuple[str, ...] = HOSTS, **tables: Iterable[Mapping[str, Any]]) -> Records:
    sink = MemorySink()
    for table, rows in tables.items():
        for row in rows:
            sink.open_writer(table)(tuple(row.get(name, BLANK.get(name, 0)) for name in SCHEMA[table]))
    workers = {name: 2 if name.startswith("service") else 1 for name in names if name != "client"}
    return Records(sink.close(), (*names, "userinfo"), 100.0, workers, dict.fromkeys(workers, "fifo_events"))


def request(arrival: float, taken: float = 1.0, **columns: Any) -> dict[str, Any]:
    answered = {"end": arrival + taken, "decided": arrival, "outcome": FINISHED, "accepted": 1, "validations": 1}
    return {"arrival": arrival, **answered, **columns}


def worked(**busy: float) -> list[dict[str, Any]]:
    """Samples at 0 and at 100 s; hosts by name, with underscores for what a keyword cannot hold."""
    found = {globals()[name]: seconds for name, seconds in busy.items()}
    return [{"host": host, "time": t, "busy": b * t / 100} for host, b in found.items() for t in (0.0, 100.0)]


def test_the_gateway_and_every_service_are_charged_to_the_resource_server() -> None:
    summary = summarise(
        records(stations=worked(GATEWAY=10.0, SERVICE=20.0, STOCK=30.0), requests=[request(1.0), request(2.0)]), 0.0
    )
    assert summary["rs_utilisation"] == pytest.approx(60 / (100 + 200 + 200))
    assert summary["rs_cpu_s"] == pytest.approx(60 / 2)
    assert summary["gateway_utilisation"] == pytest.approx(0.1)


def test_the_regions_of_a_server_and_of_its_store_count_as_one() -> None:
    calls = [{"callee": AS_EU, "sent": 1.0}, {"callee": AS_US, "sent": 2.0}, {"callee": STOCK, "sent": 3.0}]
    busy = worked(AS_EU=10.0, AS_US=30.0, STORE_EU=4.0, STORE_US=0.0)
    summary = summarise(records(stations=busy, calls=calls), 0.0)
    assert summary["as_utilisation"] == pytest.approx(0.2)
    assert summary["store_utilisation"] == pytest.approx(0.02)
    assert summary["as_requests_per_s"] == pytest.approx(2 / 100)


def test_the_time_of_threads_is_no_work() -> None:
    assert summarise(records(stations=worked(SERVICE=20.0, THREADS=99.0)), 0.0)["rs_utilisation"] == pytest.approx(0.1)


def test_what_a_design_does_not_have_is_undefined() -> None:
    summary = summarise(records(("client", "service", "authorization_server"), requests=[request(1.0)]), 0.0)
    for name in ("gateway_utilisation", "shared_store_utilisation", "store_utilisation"):
        assert math.isnan(summary[name])


def test_sign_ins_are_counted_and_are_no_latency() -> None:
    signed_in = request(2.0, 30.0, signing_in=25.0, obtaining=26.0)
    made = records(
        requests=[request(float(n), 0.5) for n in range(30)] + [signed_in, request(3.0, 9.0, signing_in=5.0)]
    )
    summary = summarise(made, 0.0)
    assert summary["mean_s"] == summary["p99_s"] == 0.5
    assert summary["obtaining_mean_s"] == 0
    assert summary["sign_in_share"] == pytest.approx(2 / 32)
    assert summary["sign_in_mean_s"] == pytest.approx(15.0)
    assert summary["arrivals"] == 32
    assert compute_tail([made], 0.0).latencies[0].mean == pytest.approx(0.5)


def test_nobody_signs_in_where_sessions_last() -> None:
    summary = summarise(records(requests=[request(1.0)]), 0.0)
    assert summary["sign_in_share"] == 0
    assert math.isnan(summary["sign_in_mean_s"])


CHAIN = (
    # host, arrival, end: a gateway that asks, a service that waits for a thread, an inner service that asks
    (GATEWAY, 1.00, 1.10),
    (GATEWAY, 1.30, 1.40),  # 0.20 at the authorization server in between
    (SERVICE, 1.60, 1.70),  # reached at 1.50, where it waited for a thread
    (STOCK, 1.80, 1.95),
    (STOCK, 2.25, 2.35),  # 0.30 at the shared store in between
    (SERVICE, 2.45, 2.95),
)


def chain(*more: Mapping[str, Any], checking: float = 0.9, taken: float = 3.0) -> Records:
    visits = [{"request": 0, "host": host, "arrival": arrival, "end": end} for host, arrival, end in CHAIN]
    visits.append({"request": 0, "host": THREADS, "arrival": 1.5, "end": 2.95})
    calls = [
        {"request": 0, "caller": GATEWAY, "callee": SERVICE, "sent": 1.4, "received": 3.05},
        {"request": 0, "caller": STOCK, "callee": SHARED, "sent": 1.95, "received": 2.25},
        *more,
    ]
    made = request(0.5, taken, checking=checking, obtaining=0.1, decided=2.3, validations=3)
    return records(requests=[made], visits=visits, calls=calls)


def test_the_steps_of_a_chain_are_the_gaps_and_stays_of_its_hosts() -> None:
    found = measure_steps(chain(), 0.0)
    assert set(found) == {*STEPS, *OPTIONAL_STEPS}
    assert found == pytest.approx(
        {
            "obtaining_s": 0.1,
            "network_s": 3.0 - 0.1 - (3.05 - 1.0),
            "between_s": 0.1 + 0.1 + 0.1 + 0.1,
            "queueing_s": 0.1,
            "sharing_s": 0.3,
            "asking_s": 0.2,
            "checking_s": 0.9 - 0.2 - 0.3,
            "work_s": 1.05 - 0.4,
        }
    )
    assert sum(found.values()) == pytest.approx(3.0)


def test_a_question_about_the_user_is_no_part_of_a_check() -> None:
    about_user = {"request": 0, "caller": GATEWAY, "callee": AS_EU, "target": USERINFO, "sent": 1.1, "received": 1.3}
    without = measure_steps(chain(checking=0.7), 0.0)["checking_s"]
    assert measure_steps(chain(about_user, checking=0.7), 0.0)["checking_s"] == pytest.approx(without + 0.2)


@pytest.fixture(scope="module")
def runs() -> dict[str, Records]:
    """A gateway that checks, one that does not, and none, before a service that calls two others."""
    from simlib.deployment.simulate import simulate
    from support.scenarios import scenario

    inner = {"audience": "https://in.example", "scope": "in", "work": {"kind": "constant", "value_s": 0.002}}
    own = ("opaque_introspection", "opaque_cached", "jwt_local")
    made = scenario(
        run__detail="visits",
        world__revocations__rate=0.0,
        world__gateway={"work": {"kind": "constant", "value_s": 0.001}},
        world__service__calls=["one", "two"],
        world__inner_services={
            "one": {**inner, "reply_bytes": 100, "calls": ["two"]},
            "two": {**inner, "reply_bytes": 100, "threads": 2},
        },
        designs__opaque_introspection__gateway={"part": "opaque_introspection"},
        designs__jwt_local__gateway={"part": "relay"},
    )
    return {design: simulate(made, design) for design in own}


def test_the_steps_of_simulated_chains_add_up_to_the_mean_latency(runs: dict[str, Records]) -> None:
    for design, made in runs.items():
        found = measure_steps(made, 5.0)
        assert sum(found.values()) == pytest.approx(summarise(made, 5.0)["mean_s"], rel=1e-9)
        assert min(found.values()) >= -1e-12
        calls = 3 if design == "opaque_cached" else 4  # the gateway's call and three between services
        assert found["between_s"] == pytest.approx(calls * 0.001)


def test_only_the_chain_that_asks_waits_for_the_authorization_server(runs: dict[str, Records]) -> None:
    found = {design: measure_steps(made, 5.0) for design, made in runs.items()}
    assert found["opaque_introspection"]["asking_s"] > 0.005  # five checks, a round trip of 1 ms each
    assert found["jwt_local"]["asking_s"] == pytest.approx(0, abs=2e-4)
    assert all(0 < own["checking_s"] < 0.01 for own in found.values())


def test_the_figure_of_a_chain_shows_its_further_step(runs: dict[str, Records]) -> None:
    figure, alt = steps_figure({design: [made] for design, made in runs.items()}, 5.0)
    labels = [one.get_label() for one in figure.axes[0].containers if hasattr(one[0], "get_width")]
    assert OPTIONAL_STEPS["between_s"] in labels
    assert OPTIONAL_STEPS["sharing_s"] not in labels
    assert OPTIONAL_STEPS["between_s"] in alt


def test_slow_motion_has_a_lane_for_each_host(runs: dict[str, Records]) -> None:
    from simlib.report.process_figures import find_comparable_request, timeline_figure

    figure, words = timeline_figure(runs, find_comparable_request(runs, 0.5))
    lanes = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert lanes == ["gateway", "resource server", "service one", "service two", "authorization server"]
    assert "opaque_introspection: token checking takes" in words

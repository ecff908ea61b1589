"""Whole scenarios: nothing is lost, Little holds at every station, every bundled scenario runs under every design."""

from typing import Any

import numpy as np
import pytest

from simlib import load_scenario, simulate
from simlib.analysis import check_littles_law
from simlib.deployment.demand import draw_demand
from simlib.scenario.base import bundled_scenarios
from simlib.scenario.loads import PoissonLoad
from simlib.scenario.records import FAILED, FINISHED, REFUSED, SCHEMA, UNFINISHED, Records
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from support.worlds import DESIGNS, costing, link, scenario

WHOLE = {name: load_scenario(name) for name in bundled_scenarios()}
BUNDLED = [
    (name, design)
    for name, whole in WHOLE.items()
    for design in whole.designs
    if isinstance(whole.world.load, PoissonLoad)  # of a closed load nobody knows the arrivals before
]


def shortened(name: str, requests: float) -> Scenario:
    full = WHOLE[name]
    assert isinstance(full.world.load, PoissonLoad)
    length = requests / full.world.load.arrival_rate
    return full.with_run(full.run.model_copy(update={"length_s": length, "warm_up_s": 0.0, "detail": "visits"}))


def assert_nothing_is_lost(made: Scenario, records: Records) -> dict[int, int]:
    """Arrivals = finished + refused + failed + unfinished, each once; returns how many there were of each."""
    rows, demand = records["requests"], draw_demand(made, Variates(made.run.seed, 0))
    order = np.argsort(rows["request"])
    assert rows["request"][order].tolist() == list(range(len(demand.times)))
    assert rows["arrival"][order].tolist() == demand.times.tolist()
    assert rows["user"][order].tolist() == demand.users.tolist()
    outcomes = {code: int((rows["outcome"] == code).sum()) for code in (FINISHED, REFUSED, FAILED, UNFINISHED)}
    assert sum(outcomes.values()) == len(demand.times)
    assert ((rows["outcome"] == UNFINISHED) == np.isnan(rows["end"])).all()
    return outcomes


def assert_little(records: Records) -> None:
    table = check_littles_law(records)
    assert {"service", "authorization_server"} <= {name.partition("@")[0] for name in table["host"]}
    assert set(table["host"]) == set(records.workers)
    assert (table["relative_difference"].abs() <= 1e-9).all(), table


@pytest.mark.parametrize(("name", "design"), BUNDLED)
def test_every_bundled_scenario_loses_nothing_and_obeys_little(name: str, design: str) -> None:
    made = shortened(name, 250)
    records = simulate(made, design)
    outcomes = assert_nothing_is_lost(made, records)
    assert outcomes[FINISHED] > 215
    assert_little(records)
    assert set(records.forms) == set(records.workers)
    assert records.tables.keys() == SCHEMA.keys()


def overloaded(**overrides: Any) -> Scenario:
    """An AS near its limit and callers that give up after 50 ms, refused clients that do not try again."""
    designs = {
        "opaque": {
            **DESIGNS["opaque"],
            "client": {"part": "bearer", "retry_refused": False},
            "service": {"part": "opaque_introspection", "timeout_s": 0.05},
        }
    }
    made = scenario(
        designs=designs,
        arrival_rate=40.0,
        world={"revocations": {"rate": 1.0}},
        length_s=20.0,
        detail="visits",
        **overrides,
    )
    return costing(made, token__hash=0.018, http__call_in=0.001, http__call_out=0.001)


@pytest.mark.parametrize("discipline", ["fifo", "processor_sharing"])
def test_work_that_nobody_waits_for_any_more_is_counted_too(discipline: str) -> None:
    made = overloaded(authorization_server={"discipline": discipline}, service={"discipline": discipline})
    records = simulate(made, "opaque")
    outcomes = assert_nothing_is_lost(made, records)
    assert all(outcomes.values()), outcomes  # all four ends occur
    assert_little(records)
    calls = records["calls"]
    late = calls["status"] == -1
    assert late.sum() > 50
    answered = calls["received"] - calls["sent"]
    at_service = calls["caller"] == records.names.index("service")
    assert (answered[late & at_service & ~np.isnan(answered)] >= 0.05).all()
    assert (answered[~late & at_service & ~np.isnan(answered)] < 0.05).all()
    # The AS was busy with all of it, waited for or not.
    stations = records["stations"]
    busy = stations["busy"][stations["host"] == records.names.index("authorization_server")][-1]
    operations = records["operations"]
    charged = operations["seconds"][operations["host"] == records.names.index("authorization_server")].sum()
    assert charged - 0.5 < busy <= charged
    assert busy > 0.8 * 20.0


def test_bytes_of_a_request_are_those_of_its_calls_in_both_directions() -> None:
    made = scenario(length_s=10.0)
    for design in made.designs:
        records = simulate(made, design)
        requests, calls = records["requests"], records["calls"]
        total = np.zeros(len(requests["request"]), dtype=np.int64)
        own = calls["request"] >= 0
        np.add.at(total, calls["request"][own], (calls["request_bytes"] + calls["reply_bytes"])[own])
        done = requests["outcome"] == FINISHED
        assert requests["bytes"][done].tolist() == total[requests["request"]][done].tolist()
        # At least both heads and the reply's body.
        assert requests["bytes"][done].min() >= 300 + 200 + 1000


def test_latency_without_work_or_queues_is_the_round_trips() -> None:
    links = {
        "client_to_service": link(0.100),
        "client_to_authorization_server": link(0.070),
        "service_to_authorization_server": link(0.010, connections=50, connect_round_trips=2.0, keep_alive_s=5.0),
    }
    made = costing(scenario(links=links, service={"work": {"kind": "constant", "value_s": 0.0}}, arrival_rate=2.0))
    records = simulate(made, "opaque")
    rows = records["requests"]
    done = rows["outcome"] == FINISHED
    # An introspection takes 10 ms, or 30 ms with a new connection; a new token takes 70 ms.
    possible = {0.110, 0.130, 0.180, 0.200}
    taken = (rows["end"] - rows["arrival"])[done]
    assert set(np.round(taken, 9).tolist()) <= possible
    assert set(np.round(rows["checking"][done], 9).tolist()) <= {0.010, 0.030}
    assert set(np.round(rows["obtaining"][done], 9).tolist()) == {0.0, 0.070}
    assert taken == pytest.approx(0.100 + rows["checking"][done] + rows["obtaining"][done])


def test_introspection_asks_always_a_cache_sometimes_and_a_jwt_never() -> None:
    made = scenario()
    asked = {design: simulate(made, design)["requests"]["asked"].mean() for design in made.designs}
    assert asked["opaque"] >= 1.0
    assert 0.1 < asked["cached"] < 0.9
    assert asked["jwt"] < 0.01


def test_only_signed_tokens_cost_signatures() -> None:
    made = scenario(length_s=60.0)
    for design in made.designs:
        records = simulate(made, design)
        operations = records["operations"]
        names = [records.names[number] for number in operations["operation"]]
        verified = [name == "jwt.verify.ES256" for name in names]
        assert any(verified) == (design == "jwt")
        if design == "jwt":
            presented = records["requests"]["token"]
            assert operations["distinct"][verified].tolist() == [np.unique(presented[presented >= 0]).size]
            assert (operations["count"][verified] > operations["distinct"][verified]).all()

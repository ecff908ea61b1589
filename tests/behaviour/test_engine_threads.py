"""A thread per request that is kept while waiting, and a token store on a host of its own."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import simlib
from simlib.analysis import check_littles_law
from simlib.analysis.queueing import mg1_mean_sojourn
from simlib.deployment.demand import draw_poisson_times
from simlib.engine.network import Host, Network, Path
from simlib.engine.simulation import run_network
from simlib.scenario.distributions import Constant, Exponential
from simlib.scenario.effects import Call, Compute
from simlib.scenario.errors import InputError
from simlib.scenario.variates import Variates
from support.networks import Law, Message, assert_covered, does, ends
from support.worlds import constant, link, scenario

ASK, LOOK = Call("serve", Message()), Call("look", Message())
WAIT = 0.5


def nested(threads: int | None, work: Law, looked: float = WAIT) -> Network:
    """A client asks a server, which works and then waits for a third host; ``threads`` of the server."""
    from simlib.engine.costs import StatedCosts

    return Network(
        hosts=(Host("client", None), Host("server", 4, threads=threads), Host("behind", None)),
        entry=("client", lambda _: does(ASK)),
        costs=StatedCosts({"work": work}),
        paths=(Path("client", "server", Constant(value_s=0.0)), Path("server", "behind", Constant(value_s=looked))),
        handlers={
            "serve": ("server", lambda _: does(Compute("work"), LOOK)),
            "look": ("behind", lambda _: does()),
        },
    )


def run(network: Network, arrivals: Any, horizon: float, **more: Any) -> Any:
    return run_network(network, np.asarray(arrivals, dtype=float), horizon, Variates(5, 0), **more)


def test_an_event_loop_serves_others_while_it_waits_and_a_thread_does_not() -> None:
    arrivals = [0.0, 0.0, 0.0, 0.0]
    loop = run(nested(None, Constant(value_s=1.0), 4.0), arrivals, 100.0)
    threads = run(nested(2, Constant(value_s=1.0), 4.0), arrivals, 100.0)
    assert ends(loop) == [5.0, 5.0, 5.0, 5.0]
    assert ends(threads) == [5.0, 5.0, 10.0, 10.0]


def test_one_thread_is_an_m_g_1_queue_whose_service_includes_the_waiting() -> None:
    mean, rate = 0.4, 0.8
    second_moment = WAIT**2 + 2 * WAIT * mean + 2 * mean**2
    expected = mg1_mean_sojourn(rate, mean + WAIT, second_moment)
    found = []
    for replication in range(10):
        variates = Variates(9, replication)
        arrivals = draw_poisson_times(rate, 6000.0, variates)
        records = run_network(
            nested(1, Exponential(mean_s=mean)), arrivals, 6000.0, variates, detail="requests", warm_up=200.0
        )
        rows = records["requests"]
        kept = (rows["arrival"] > 200.0) & np.isfinite(rows["end"])
        found.append(float((rows["end"] - rows["arrival"])[kept].mean()))
    assert_covered(found, expected, 0.2)


def test_threads_keep_little_s_law_and_are_all_given_back() -> None:
    variates = Variates(7, 0)
    arrivals = draw_poisson_times(3.0, 200.0, variates)
    records = run_network(nested(3, Exponential(mean_s=0.3)), arrivals, 200.0, variates, detail="visits")
    law = check_littles_law(records).set_index("host")
    assert set(law.index) == {"server", "server.threads"}
    assert (law["relative_difference"].abs() < 1e-9).all()
    assert records.workers["server.threads"] == 3
    last = run(nested(3, Exponential(mean_s=0.3)), arrivals[:50], 500.0)["stations"]
    assert (last["number"][-2:] == 0).all()


def test_designs_that_ask_hold_threads_longer() -> None:
    held = {}
    for design in ("opaque", "jwt"):
        world = scenario(service={"threads": 8}, links={"service_to_authorization_server": link(0.05)})
        records = simlib.simulate(world, design)
        stations = records["stations"]
        threads = stations["host"] == records.names.index("service.threads")
        held[design] = stations["busy"][threads][-1]
    assert held["opaque"] > 2 * held["jwt"]


DATABASE = {"kind": "database", "database": {"link": link(0.002), "call": constant(1e-4), "work": constant(5e-4)}}


def test_a_database_apart_answers_alike_and_takes_its_time() -> None:
    near, apart = scenario(), scenario(world={"store": DATABASE})
    for design in near.designs:
        inside, outside = simlib.simulate(near, design), simlib.simulate(apart, design)
        for name in ("request", "user", "token", "accepted", "asked", "validations"):
            assert (by_number(inside)[name] == by_number(outside)[name]).all(), name
    rows = by_number(simlib.simulate(apart, "opaque"))
    longer = (rows["checking"] - by_number(simlib.simulate(near, "opaque"))["checking"])[rows["asked"] > 0]
    assert longer.mean() == pytest.approx(0.002 + 1e-4 + 5e-4, abs=2e-4)


def by_number(records: Any) -> dict[str, Any]:
    rows = records["requests"]
    order = np.argsort(rows["request"])
    kept = order[np.isfinite(rows["end"][order])][:500]
    return {name: column[kept] for name, column in rows.items()}


def test_a_pool_of_one_connection_lets_one_request_at_a_time_into_the_database() -> None:
    pooled = {**DATABASE, "database": {**DATABASE["database"], "link": link(0.02, connections=1)}}
    records = simlib.simulate(scenario(world={"store": pooled}), "opaque")
    calls = records["calls"]
    mine = calls["callee"] == records.names.index("store")
    sent, received = calls["sent"][mine], calls["received"][mine]
    order = np.argsort(sent)
    assert mine.sum() > 100
    assert (sent[order][1:] >= received[order][:-1])[np.isfinite(received[order][:-1])].all()


def test_little_s_law_holds_at_the_database() -> None:
    world = scenario(world={"store": DATABASE}, detail="visits")
    law = check_littles_law(simlib.simulate(world, "opaque")).set_index("host")
    assert "store" in law.index
    assert (law["relative_difference"].abs() < 1e-9).all()


@pytest.mark.parametrize("store", [{"kind": "database"}, {"kind": "dict", "database": DATABASE["database"]}])
def test_a_database_table_belongs_to_a_database(store: Any) -> None:
    with pytest.raises(InputError, match=r"world\.store"):
        scenario(world={"store": store})


def test_the_caller_s_network_is_left_as_it_was() -> None:
    network = nested(2, Constant(value_s=1.0))
    before = replace(network)
    run(network, [0.0], 10.0)
    assert network == before

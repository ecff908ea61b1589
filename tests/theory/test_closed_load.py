"""Closed load against exact mean value analysis, where its preconditions hold."""

from typing import Any

import numpy as np
import pytest

from simlib.analysis.queueing import ClosedStation, mean_value_analysis
from simlib.engine.arrivals import Cycles, draw_cycles
from simlib.engine.costs import StatedCosts
from simlib.engine.network import Host, Network, Path
from simlib.engine.simulation import run_network
from simlib.scenario.distributions import Constant, Exponential
from simlib.scenario.effects import Call, Compute
from simlib.scenario.loads import ClosedLoad
from simlib.scenario.variates import Variates
from support.networks import Message, assert_covered, does

HORIZON, WARM_UP = 600.0, 100.0
THINK, LINK, RS, AS = 2.0, 0.2, 0.05, 0.08


def network(servers: int) -> Network:
    """Two visits of one mean to the resource server, one to the authorization server in between."""
    half = Exponential(mean_s=RS)
    costs = StatedCosts({"before": half, "after": half, "look": Exponential(mean_s=AS)})
    asks = does(Compute("before"), Call("introspect", Message()), Compute("after"))
    return Network(
        hosts=(Host("service", servers), Host("authorization_server", 1)),
        entry=("service", lambda _: asks),
        costs=costs,
        paths=(Path("service", "authorization_server", Constant(value_s=LINK)),),
        handlers={"introspect": ("authorization_server", lambda _: does(Compute("look")))},
    )


def run(users: int, servers: int, replication: int) -> tuple[float, float]:
    """Throughput and mean response of one replication after the warm-up."""
    variates = Variates(20, replication)
    cycles = draw_cycles(ClosedLoad(think=Exponential(mean_s=THINK)), users, HORIZON, variates)
    rows: Any = run_network(network(servers), cycles, HORIZON, variates, detail="requests")["requests"]
    done = (rows["arrival"] >= WARM_UP) & np.isfinite(rows["end"])
    return done.sum() / (HORIZON - WARM_UP), float((rows["end"] - rows["arrival"])[done].mean())


@pytest.mark.parametrize(("users", "servers"), [(5, 1), (20, 1), (40, 2)])
def test_throughput_and_response_are_those_of_mean_value_analysis(users: int, servers: int) -> None:
    answer = mean_value_analysis(users, THINK + LINK, [ClosedStation(2, RS, servers), ClosedStation(1, AS)])
    runs = [run(users, servers, replication) for replication in range(8)]
    assert_covered([throughput for throughput, _ in runs], answer.throughput, 0.05)
    assert_covered([response for _, response in runs], answer.response_s + LINK, 0.15)


def test_one_user_never_waits_for_another() -> None:
    answer = mean_value_analysis(1, 1.0, [ClosedStation(2, 0.1), ClosedStation(1, 0.3, 4)])
    assert answer.response_s == pytest.approx(0.5)
    assert answer.throughput == pytest.approx(1 / 1.5)


def test_many_users_are_held_back_by_the_busiest_station() -> None:
    answer = mean_value_analysis(500, 1.0, [ClosedStation(2, 0.1, 3), ClosedStation(1, 0.05)])
    assert answer.throughput == pytest.approx(3 / 0.2, rel=1e-3)


def test_many_servers_are_as_good_as_a_delay() -> None:
    answer = mean_value_analysis(10, 1.0, [ClosedStation(1, 0.4, 10)])
    assert answer.response_s == pytest.approx(0.4)


def test_each_user_has_one_request_at_a_time_and_thinks_in_between() -> None:
    variates = Variates(3, 0)
    cycles = draw_cycles(ClosedLoad(think=Exponential(mean_s=1.0)), 7, 60.0, variates)
    rows = run_network(network(1), cycles, 60.0, variates, detail="requests")["requests"]
    order = np.argsort(rows["request"])
    request, arrival, end = (rows[name][order] for name in ("request", "arrival", "end"))
    thinks = cycles.thinks.ravel()
    for before, after in zip(range(len(request) - 1), range(1, len(request)), strict=True):
        if request[after] == request[before] + 1 and request[after] % cycles.thinks.shape[1]:
            assert arrival[after] == end[before] + thinks[request[after]]
    assert len(np.unique(request // cycles.thinks.shape[1])) == 7


@pytest.mark.parametrize("bad", [(0, 1.0), (3, 0.0)])
def test_nobody_and_nothing_are_refused(bad: tuple[int, float]) -> None:
    with pytest.raises(ValueError, match="mean value analysis needs"):
        mean_value_analysis(bad[0], bad[1], [])


def test_think_times_outlast_the_run() -> None:
    cycles = draw_cycles(ClosedLoad(think=Constant(value_s=0.3)), 4, 10.0, Variates(1, 0))
    assert isinstance(cycles, Cycles)
    assert (cycles.earliest.reshape(4, -1)[:, -1] >= 10.0).all()

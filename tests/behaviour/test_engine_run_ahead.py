"""Work that runs ahead of the event list: every record is, byte for byte, that of a run in which all are events."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.engine.costs import StatedCosts
from simlib.engine.kernel import Kernel
from simlib.engine.network import Network
from simlib.engine.simulation import Simulation
from simlib.scenario.distributions import Constant
from simlib.scenario.effects import Call, Compute, Once, Sleep
from simlib.scenario.records import Records
from simlib.scenario.sinks import MemorySink
from simlib.scenario.variates import Variates
from support.networks import Floats, Message, client_and_server, does
from support.random_networks import arrivals, grid, networks

CALL_COSTS = ("http.call_out", "http.call_in", "http.connect_out", "http.connect_in")
LIMITS = st.sampled_from([None, None, 1, 2])


@st.composite
def served_by_events(draw: st.DrawFn) -> Network:
    """Random networks that also charge for calls, keep connections and give threads."""
    network = draw(networks())
    costs = network.costs
    assert isinstance(costs, StatedCosts)
    calls = {name: grid(0, draw(st.integers(0, 2))) for name in CALL_COSTS}
    hosts = [h if h.workers is None else replace(h, threads=draw(LIMITS)) for h in network.hosts]
    paths = [
        replace(path, connections=draw(LIMITS), keep_alive_s=draw(st.sampled_from([None, 0.5, 3.0])))
        for path in network.paths
    ]
    charges = draw(st.booleans())  # which no host that knows its work on arrival may do
    return replace(
        network,
        hosts=tuple(replace(host, known_on_arrival=not charges and draw(st.booleans())) for host in hosts),
        paths=tuple(replace(path, connect_round_trips=draw(st.sampled_from([0.0, 1.0]))) for path in paths),
        costs=StatedCosts({**costs.costs, **calls}),
        charge_calls=charges,
    )


def run(network: Network, times: Floats, horizon: float, ahead: bool, **more: Any) -> tuple[Records, int]:
    """The records, and how many events it took."""
    options = {"form": "auto", "remember": True, "detail": "visits", "sink": MemorySink(), "stopwatch": None, **more}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Kernel, "runs_ahead", ahead)
        simulation = Simulation(network, np.asarray(times), horizon, Variates(3, 0), **options)
        records = simulation.run(0.0, None)
    return records, next(simulation.kernel._eid)


@settings(max_examples=200, deadline=None)
@given(
    served_by_events(),
    arrivals(),
    st.sampled_from([2.25, 7.75, 1000.0]),
    st.sampled_from(["auto", "events"]),
    st.sampled_from(["requests", "calls", "visits"]),
)
def test_running_ahead_changes_no_record(
    network: Network, times: Floats, horizon: float, form: str, detail: str
) -> None:
    events, without = run(network, times, horizon, False, form=form, detail=detail)
    ahead, with_it = run(network, times, horizon, True, form=form, detail=detail)
    assert ahead.equals(events)
    assert with_it <= without


SHARED = does(Compute("work"), Once("key", lambda: does(Compute("work"))(None)), Sleep(0.5), Compute("work"))


@pytest.mark.parametrize("gap", [10.0, 0.75, 0.0])
def test_an_isolated_request_needs_few_events_and_shared_work_is_shared(gap: float) -> None:
    """Between requests that do not meet, only arrivals, sleeps and the end of the run are events."""
    times = gap * np.arange(20)
    network = client_and_server(does(Call("serve", Message())), Constant(value_s=0.25), server=lambda _: SHARED)
    events, without = run(network, times, 1000.0, False)
    ahead, with_it = run(network, times, 1000.0, True)
    assert ahead.equals(events)
    assert with_it < without
    if gap == 10.0:
        # Besides the arrival: the sleep alone. By events also: two ways, three services.
        assert without - with_it == 5 * len(times)


def test_a_thread_that_is_handed_on_does_not_delay_the_answer_of_who_had_it() -> None:
    """The next request begins in the middle of the event that answers the last one."""
    network = client_and_server(does(Call("serve", Message())), Constant(value_s=1.0))
    client, server = network.hosts
    network = replace(network, hosts=(client, replace(server, threads=1)))
    records, _ = run(network, np.zeros(3), 1000.0, True)
    assert records["requests"]["end"].tolist() == [3.0, 4.0, 5.0]  # two ways of 1 s, and so many services

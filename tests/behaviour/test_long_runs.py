"""Long runs: with a window of variates and streamed requests, a run is what it is with everything in memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib import load_scenario, simulate
from simlib.deployment import demand
from simlib.engine import arrival_times, request_window
from simlib.engine.arrival_times import Intensity, PoissonTimes, build_intensity, draw_arrival_times
from simlib.engine.request_window import RequestWindow
from simlib.scenario.distributions import Exponential
from simlib.scenario.effects import Call
from simlib.scenario.loads import BurstyLoad, DailyLoad, OpenLoad, PoissonLoad
from simlib.scenario.records import Records
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import MemorySink
from simlib.scenario.variates import WORDS, Variates
from support.networks import Message, client_and_server, does, one_station, poisson, run

VARIATES = Variates(11, 2)
TABLES = ("requests", "calls", "visits", "tokens", "revocations", "stations")


class RowlessSink(MemorySink):
    """Sink that says that it keeps no rows, so that requests are streamed, and keeps them to be compared."""

    keeps_rows = False


def set_sizes(patch: pytest.MonkeyPatch, largest: int, block: int) -> None:
    for module in (request_window, demand):
        patch.setattr(module, "LARGEST", largest)
    for module in (arrival_times, demand):
        patch.setattr(module, "BLOCK", block)


def assert_equal(one: Records, other: Records) -> None:
    for table in TABLES:
        for name, column in one[table].items():
            np.testing.assert_array_equal(column, other[table][name], f"{table}.{name}")
    for name in ("host", "operation", "count", "distinct"):
        np.testing.assert_array_equal(one["operations"][name], other["operations"][name])
    np.testing.assert_allclose(one["operations"]["seconds"], other["operations"]["seconds"], rtol=1e-12)


def shorten(whole: Scenario, requests: int) -> Scenario:
    length = requests * whole.horizon_s / whole.expected_requests
    return whole.with_run(whole.run.model_copy(update={"length_s": length, "warm_up_s": 0.0, "detail": "visits"}))


@pytest.mark.parametrize(
    ("name", "design"),
    [("busy-api", "opaque"), ("busy-api", "opaque_cached"), ("busy-api", "jwt"), ("web-shop", "opaque_cached")],
)
def test_records_do_not_depend_on_how_much_of_a_run_is_in_memory(
    name: str, design: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shorten(load_scenario(name), 1500)
    whole = simulate(made, design, sink=RowlessSink())
    assert 1200 < len(whole["requests"]["request"]) < 1800
    set_sizes(monkeypatch, 128, 256)
    assert_equal(simulate(made, design, sink=RowlessSink()), whole)


def test_a_window_grows_where_requests_stay_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the load that a station can serve: at the end half of the requests are still under way."""
    arrivals = poisson(2.0, 600, 0)
    overloaded = one_station(Exponential(mean_s=1.0), discipline="processor_sharing")
    calls = client_and_server(does(*[Call("serve", Message())] * 3), Exponential(mean_s=0.9))
    for network in (overloaded, calls):
        whole = run(network, arrivals, 300.0)
        monkeypatch.setattr(request_window, "LARGEST", 8)
        assert_equal(run(network, arrivals, 300.0), whole)
        monkeypatch.undo()
        assert np.isnan(whole["requests"]["end"]).sum() > 100


LOADS = [
    PoissonLoad(kind="poisson", arrival_rate=3.0),
    DailyLoad(kind="daily", arrival_rate=3.0, profile=(1.0, 0.0, 4.0), period_s=90.0),
    BurstyLoad(kind="bursty", quiet_rate=0.0, burst_rate=9.0, quiet_s=20.0, burst_s=10.0),
]


@pytest.mark.parametrize("load", LOADS, ids=lambda load: str(load.kind))
def test_streamed_instants_are_those_drawn_at_once(load: OpenLoad, monkeypatch: pytest.MonkeyPatch) -> None:
    intensity = build_intensity(load, 200.0, VARIATES)
    monkeypatch.setattr(arrival_times, "BLOCK", 64)
    stream = PoissonTimes(intensity, 200.0, VARIATES)
    for _ in range(2):  # it may be read again
        blocks = list(stream.iterate_blocks())
        assert len(blocks) > 3
        np.testing.assert_array_equal(np.concatenate(blocks), draw_arrival_times(intensity, VARIATES))
        assert len(stream) == sum(map(len, blocks))


def test_nothing_arrives_at_the_horizon_or_after_it() -> None:
    stream = PoissonTimes(Intensity(np.array([0.0, 100.0]), np.array([5.0])), 60.0, VARIATES)
    times = np.concatenate(list(stream.iterate_blocks()))
    assert 200 < len(stream) == len(times) < 400
    assert times.max() < 60.0


@given(st.integers(0, 40), st.integers(0, 50))
def test_a_block_is_a_part_of_its_column(steps: int, count: int) -> None:
    begin = steps * WORDS
    column = VARIATES.draw_column("purpose", begin + count)
    np.testing.assert_array_equal(VARIATES.draw_block("purpose", begin, count), column[begin:])


def test_a_block_that_would_begin_within_a_step_of_the_generator_is_refused() -> None:
    with pytest.raises(ValueError, match="a block begins at subject 6; allowed: multiples of 4"):
        VARIATES.draw_block("purpose", 6, 2)


class Placed:
    """Task under way."""

    def __init__(self, subject: int, place: int) -> None:
        self.subject, self.place = subject, place


@given(st.lists(st.integers(0, 60), min_size=1, max_size=300))
def test_requests_under_way_have_places_of_their_own(lengths: list[int]) -> None:
    """Request i is under way until ``lengths[i]`` later ones have come."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(request_window, "LARGEST", 8)
        window = RequestWindow(len(lengths), moves=True)
    tasks: list[Placed] = []
    for request in range(len(lengths)):
        tasks = [task for task in tasks if task.subject + lengths[task.subject] >= request]
        window.make_room(request, tasks)
        tasks.append(Placed(request, window.find_place(request)))
        assert [window.find_request(task.place) for task in tasks] == [task.subject for task in tasks]
        assert len({task.place for task in tasks}) == len(tasks)
    assert window.size <= max(8, 4 * (max(lengths) + 1))
    assert window.find_place(-1) == -1 == window.find_request(-1)

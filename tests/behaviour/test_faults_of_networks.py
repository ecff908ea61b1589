"""Faults of small networks, with instants worked out by hand; and nothing is lost in random ones.

Unless a test says otherwise: a client without a station, one server, round trips of 2 s and work of 1 s.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.engine.calls_with_faults import CONNECTING_S, RETRANSMITTING_S
from simlib.engine.costs import StatedCosts
from simlib.engine.faults import Cut, ExtraArrivals, Faults, Job, Outage, Restart, Skew, Slowdown
from simlib.engine.network import Host, Network, Path
from simlib.scenario.distributions import Constant
from simlib.scenario.effects import Call, Compute, Failed, Once, Reply, Sleep
from simlib.scenario.records import GIVEN_UP, LOST, RESET, Records
from support.networks import Message, by_request, client_and_server, does, ends, run
from support.random_networks import arrivals, networks

ASK = Call("serve", Message())
SECOND = Constant(value_s=1.0)


def heard(call: Call, faults: Faults, at: list[float], server: Any = None, **more: Any) -> tuple[list[Any], Records]:
    """What each request's client heard and when, and the records."""
    answers: dict[int, Any] = {}

    def client(number: int) -> Any:
        answers[number] = yield call

    network = client_and_server(client, SECOND, **({"server": server} if server else {}), **more)
    records = run(replace(network, faults=faults), at)
    return [(answers.get(n), end) for n, end in enumerate(ends(records))], records


def bound(*effects: Any) -> Any:
    """A bind whose handler does these and answers."""
    return lambda _: does(*effects)


def status(records: Records) -> list[int]:
    found: list[int] = by_request(records, "calls")["status"].tolist()
    return found


# --- a server that is down ---


def test_a_server_that_is_down_refuses_after_the_way_there_and_back_and_loses_what_it_has_in_hand() -> None:
    down = Faults(outages=(Outage("server", 10.0, 20.0),))
    told, records = heard(ASK, down, [5.0, 8.5, 9.5, 18.5, 19.5])
    answer = Reply(200)
    assert told == [
        (answer, 8.0),
        (Failed("unreachable"), 11.0),  # in service when the server went, and hears of it half a round trip later
        (Failed("refused"), 11.5),  # there at 10.5
        (Failed("refused"), 20.5),
        (answer, 22.5),  # there at 20.5, when the server was back
    ]
    assert status(records) == [200, RESET, RESET, RESET, 200]


def test_what_waits_in_the_queue_of_a_server_is_lost_with_it_and_its_integrals_say_so() -> None:
    down = Faults(outages=(Outage("server", 2.5, 20.0),))
    _, records = heard(ASK, down, [0.0] * 3)
    stations = records["stations"]
    assert ends(records) == [3.0, 3.5, 3.5]  # one was served from 1 to 2, two were lost at 2.5
    assert stations["number"][-1] == 0
    assert stations["busy"][-1] == pytest.approx(1.5)
    assert records.forms == {"server": "fifo_varying"}


def test_an_endpoint_that_is_down_refuses_and_nothing_else_is_lost() -> None:
    def client(number: int) -> Any:
        yield Call("serve" if number else "other", Message())

    network = client_and_server(client, SECOND, workers=2)
    network = replace(network, handlers={**network.handlers, "other": ("server", bound(Compute("work")))})
    records = run(replace(network, faults=Faults(outages=(Outage("server", 1.5, 20.0, "serve"),))), [0.0, 1.0, 2.0])
    assert status(records) == [200, RESET, RESET]
    assert ends(records) == [3.0, 3.0, 4.0]


def test_an_endpoint_stays_down_when_another_one_of_its_server_is_back() -> None:
    def client(number: int) -> Any:
        yield Call("serve" if number % 2 else "other", Message())

    network = client_and_server(client, SECOND, workers=2)
    network = replace(network, handlers={**network.handlers, "other": ("server", bound(Compute("work")))})
    down = (Outage("server", 0.0, 20.0, "serve"), Outage("server", 0.0, 10.0, "other"))
    records = run(replace(network, faults=Faults(outages=down)), [5.0, 5.0, 15.0, 15.0, 25.0, 25.0])
    assert status(records) == [RESET, RESET, 200, RESET, 200, 200]


def test_a_caller_that_set_a_clock_hears_of_a_loss_before_it_runs_out() -> None:
    told, _ = heard(ASK._replace(timeout=9.0), Faults(outages=(Outage("server", 1.5, 20.0),)), [0.0])
    assert told == [(Failed("unreachable"), 2.5)]


def chain(middle: Any, faults: Faults, **hosts: Any) -> Network:
    """client -> middle -> last, round trips of 2 s, and 1 s of work at the last."""
    step = Constant(value_s=2.0)
    return Network(
        (Host("client", None), Host("middle", 1, **hosts), Host("last", 1)),
        ("client", bound(ASK)),
        StatedCosts({"work": SECOND}),
        (Path("client", "middle", step), Path("middle", "last", step)),
        {"serve": ("middle", middle), "deep": ("last", bound(Compute("work")))},
        faults=faults,
    )


@pytest.mark.parametrize("timeout", [None, 30.0])
def test_what_a_lost_server_had_asked_others_for_is_finished_for_nobody(timeout: float | None) -> None:
    network = chain(bound(Call("deep", Message(), timeout)), Faults(outages=(Outage("middle", 2.5, 2.75),)))
    records = run(network, [0.0, 10.0])
    assert ends(records) == [3.5, 15.0]
    calls = by_request(records, "calls")
    last = calls["callee"] == records.names.index("last")
    assert calls["status"][last].tolist() == [GIVEN_UP, 200]
    assert calls["received"][last].tolist() == [4.0, 14.0]
    assert records["stations"]["arrivals"][-1] == 2


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_of_a_server_that_is_back_are_free_again(threads: int) -> None:
    network = chain(bound(Call("deep", Message())), Faults(outages=(Outage("middle", 2.5, 2.75),)), threads=threads)
    records = run(network, [0.0, 0.0, 10.0, 20.0])
    assert ends(records)[2:] == [15.0, 25.0]


def test_threads_beyond_and_before_a_lost_server_are_given_back() -> None:
    for gone in ("middle", "last"):
        network = chain(bound(Call("deep", Message())), Faults(outages=(Outage(gone, 2.5, 2.75),)))
        hosts = tuple(replace(host, threads=1) if host.workers else host for host in network.hosts)
        records = run(replace(network, hosts=hosts), [0.0, 10.0, 20.0])
        assert ends(records)[1:] == [15.0, 25.0], gone


@pytest.mark.parametrize("gone", ["middle", "last"])
def test_connections_to_and_from_a_lost_server_are_opened_anew(gone: str) -> None:
    network = chain(bound(Call("deep", Message())), Faults(outages=(Outage(gone, 2.5, 9.75),)))
    paths = tuple(replace(path, connections=1, connect_round_trips=1.0) for path in network.paths)
    records = run(replace(network, paths=paths), [0.0, 0.0, 50.0, 60.0])
    done = ends(records)
    anew = 1 if gone == "last" else 2  # a round trip for each new connection, then none
    assert done[2:] == [55.0 + 2.0 * anew, 65.0]
    assert max(done[:2]) < 50.0


def test_work_that_is_shared_is_lost_with_its_host_and_done_again_later() -> None:
    def middle(_: Any) -> Any:
        def handler(_: Any) -> Any:
            yield Once("key", lambda: does(Call("deep", Message()))(None))
            return Reply(200)

        return handler

    records = run(chain(middle, Faults(outages=(Outage("middle", 2.5, 2.75),))), [0.0, 0.0, 10.0, 10.0])
    assert ends(records) == [3.5, 3.5, 15.0, 15.0]


def test_nobody_can_take_away_the_host_where_requests_start() -> None:
    with pytest.raises(ValueError, match="where requests start"):
        heard(ASK, Faults(outages=(Outage("client", 1.0, 2.0),)), [0.0])


# --- messages that get lost ---


def test_a_caller_whose_messages_are_lost_meets_its_clock_or_the_end_of_tcps_patience() -> None:
    cut = Faults(cuts=(Cut("server", "client", 10.0, 20.0),))
    told, records = heard(ASK._replace(timeout=7.0), cut, [5.0, 8.5, 12.0, 19.0, 20.0])
    lost = Failed("timed_out")
    assert told == [(Reply(200), 8.0), (lost, 15.5), (lost, 19.0), (lost, 26.0), (Reply(200), 23.0)]
    assert status(records) == [200, GIVEN_UP, GIVEN_UP, GIVEN_UP, 200]
    assert np.isnan(by_request(records, "calls")["received"][1:4]).all()
    told, records = heard(ASK, cut, [12.0])
    assert told == [(Failed("unreachable"), 12.0 + RETRANSMITTING_S)]
    assert status(records) == [LOST]
    new = Path("client", "server", Constant(value_s=2.0), connections=1, connect_round_trips=1.0)
    told, _ = heard(ASK, cut, [12.0], path=new)
    assert told == [(Failed("unreachable"), 12.0 + CONNECTING_S)]


def test_a_lost_message_gives_its_connection_back_when_its_caller_gives_up() -> None:
    path = Path("client", "server", Constant(value_s=2.0), connections=1)
    cut = Faults(cuts=(Cut("client", "server", 10.0, 20.0),))
    told, _ = heard(ASK._replace(timeout=12.0), cut, [11.0, 21.0, 40.0], path=path)
    assert told == [(Failed("timed_out"), 23.0), (Reply(200), 26.0), (Reply(200), 43.0)]


# --- slow servers, clocks that are off ---


def test_a_slow_server_is_slow_with_what_it_has_in_hand_and_as_quick_as_ever_afterwards() -> None:
    slow = Faults(slowdowns=(Slowdown("server", 10.0, 11.5, 2.0),))
    told, _ = heard(ASK, slow, [8.5, 20.0])
    # Half a second of work before 10, then 0.5 s left at half the speed; the second from its arrival at 21.
    assert [end for _, end in told] == [12.0, 23.0]
    told, _ = heard(ASK, slow, [10.0])  # there at 11: a quarter of a second done at 11.5, and 0.75 s left
    assert [end for _, end in told] == [13.25]


def test_processor_sharing_is_slowed_down_and_emptied_likewise() -> None:
    network = client_and_server(does(ASK), SECOND)
    hosts = (Host("client", None), Host("server", 1, discipline="processor_sharing"))
    slow = Faults(slowdowns=(Slowdown("server", 2.0, 100.0, 2.0),))
    both = run(replace(network, hosts=hosts, faults=slow), [0.0, 0.0])
    assert ends(both) == [5.0, 5.0]  # half of each done at 2, then 1 s of work at half the speed
    gone = run(replace(network, hosts=hosts, faults=Faults(outages=(Outage("server", 2.0, 3.0),))), [0.0, 0.0, 9.0])
    assert ends(gone) == [3.0, 3.0, 12.0]


def test_single_operations_may_be_slow_where_they_begin() -> None:
    network = client_and_server(does(ASK), SECOND, server=bound(Compute("store.get"), Compute("work")))
    costs = StatedCosts({"work": SECOND, "store.get": SECOND})
    slow = Faults(slowdowns=(Slowdown("server", 1.5, 10.0, 3.0, "store."),))
    records = run(replace(network, costs=costs, faults=slow), [0.0, 5.0])
    assert ends(records) == [4.0, 11.0]
    rows = records["operations"]
    assert rows["seconds"][rows["operation"] == records.names.index("store.get")].tolist() == [4.0]
    assert records.forms == {"server": "fifo_events"}


def test_a_clock_is_off_for_its_time_on_its_replica_only() -> None:
    told: list[float] = []

    def server(ctx: Any) -> Any:
        def handler(_: Any) -> Any:
            told.append(ctx.now())
            yield Compute("work")
            return Reply(200)

        return handler

    heard(ASK, Faults(skews=(Skew("server", 4.0, 8.0, -3.0),)), [0.0, 5.0, 10.0], server)
    assert told == [1.0, 3.0, 11.0]
    told.clear()
    heard(ASK, Faults(skews=(Skew("server", 4.0, 8.0, -3.0, replica=1),)), [0.0, 5.0, 10.0], server)
    assert told == [1.0, 6.0, 11.0]


# --- restarts, jobs, strangers ---


def test_a_restart_forgets_what_handlers_knew_and_lets_old_work_end() -> None:
    begun: list[str] = []
    forgotten: list[bool] = []

    def server(_: Any) -> Any:
        known: list[int] = []

        def handler(_: Any) -> Any:
            known.append(1)
            begun.append(f"{len(known)}")
            yield Compute("work")
            begun.append(f"{len(known)} after")
            return Reply(200)

        return handler

    restart = Faults(restarts=(Restart("server", 6.5, lambda: forgotten.append(True)),))
    told, _ = heard(ASK, restart, [0.0, 5.0, 10.0], server)
    assert [end for _, end in told] == [3.0, 8.0, 13.0]
    assert begun == ["1", "1 after", "2", "2 after", "1", "1 after"]
    assert forgotten == [True]


def test_what_a_replica_does_by_itself_begins_anew_with_it_and_only_once() -> None:
    ticks: list[tuple[float, int]] = []
    lives = iter(range(10))

    def background(ctx: Any) -> tuple[Any, ...]:
        life = next(lives)

        def tick() -> Any:
            while True:
                ticks.append((ctx.now(), life))
                yield Sleep(2.0)

        return (tick(),)

    network = replace(client_and_server(does(ASK), SECOND), backgrounds={"server": background})
    restart, outage = Faults(restarts=(Restart("server", 5.0, bool),)), Faults(outages=(Outage("server", 3.0, 5.0),))
    for faults in (restart, outage):
        ticks.clear()
        lives = iter(range(10))
        run(replace(network, faults=faults), [0.0], horizon=10.0)
        before = [0.0, 2.0, 4.0] if faults.restarts else [0.0, 2.0]
        assert ticks == [*((at, 0) for at in before), (5.0, 1), (7.0, 1), (9.0, 1)]


def test_a_job_is_done_at_its_instant_unless_its_host_is_down() -> None:
    done: list[float] = []

    def job(ctx: Any) -> Any:
        yield Compute("work")
        done.append(ctx.now())

    jobs = tuple(Job("server", at, job) for at in (1.0, 5.0, 5.5))
    heard(ASK, Faults(jobs=jobs, outages=(Outage("server", 5.0, 6.0),)), [20.0])
    assert done == [2.0]


def test_strangers_come_beside_the_users_and_have_rows_and_variates_of_their_own() -> None:
    def stranger(number: int) -> Any:
        yield ASK
        return Reply(401)

    law = Constant(value_s=0.5)
    network = client_and_server(does(ASK), law)
    alone = run(network, [0.0, 1.0, 2.0])
    flood = Faults(extra_arrivals=ExtraArrivals((10.0, 10.0, 11.0), "client", stranger))
    flooded = run(replace(network, faults=flood), [0.0, 1.0, 2.0])
    assert ends(flooded)[:3] == ends(alone)
    assert ends(flooded)[3:] == [12.5, 13.0, 13.5]
    assert flooded["requests"]["request"].tolist() == list(range(6))


# --- with the same schedule, and in any network ---


NEVER = 1e8


@settings(max_examples=25)
@given(networks(), arrivals())
def test_stations_that_may_vary_and_do_not_are_the_same_as_others(network: Network, times: Any) -> None:
    hosts = [host.name for host in network.hosts if host.workers]
    never = Faults(slowdowns=tuple(Slowdown(host, NEVER, NEVER + 1, 2.0) for host in hosts))
    plain = run(network, times, detail="visits", form="events")
    varying = run(replace(network, faults=never), times, detail="visits")
    assert set(varying.forms.values()) == {"fifo_varying"}
    for table in ("requests", "calls", "visits", "stations"):
        ours, theirs = by_request(plain, table), by_request(varying, table)
        assert all(np.array_equal(ours[name], theirs[name], equal_nan=True) for name in ours), table


class Counted:
    """A bind whose handlers count the calls that they make."""

    def __init__(self, bind: Any, count: list[int]) -> None:
        self.bind = bind
        self.count = count

    def __call__(self, ctx: Any) -> Any:
        handler = self.bind(ctx)
        return lambda request: self.flow(handler(request))

    def flow(self, flow: Any) -> Any:
        answer = None
        while True:
            try:
                effect = flow.send(answer)
            except StopIteration as stop:
                return stop.value
            self.count[0] += isinstance(effect, Call)
            answer = yield effect


@st.composite
def disturbances(draw: st.DrawFn, hosts: tuple[str, ...]) -> Faults:
    """Outages, slow spells and cuts on the grid of the random networks, several of each."""
    instants = st.integers(0, 60).map(lambda quarter: quarter / 4 + 1 / 16)
    lengths = st.integers(1, 24).map(lambda quarter: quarter / 4)
    host = st.sampled_from(hosts)

    def spans() -> list[Any]:
        return draw(st.lists(st.tuples(host, instants, lengths), max_size=3))

    outages, last = [], dict.fromkeys(hosts, -1.0)
    for where, begin, length in sorted(spans(), key=lambda span: span[1]):
        if begin > last[where]:
            outages.append(Outage(where, begin, begin + length))
            last[where] = begin + length
    factor = st.sampled_from([2.0, 5.0])
    slow = [Slowdown(where, begin, begin + length, draw(factor)) for where, begin, length in spans()]
    cuts, ended = [], {}
    for where, begin, length in sorted(spans(), key=lambda span: span[1]):
        pair = (where, draw(host))
        if begin > ended.get(frozenset(pair), -1.0):
            cuts.append(Cut(*pair, begin, begin + length))
            ended[frozenset(pair)] = begin + length
    return Faults(outages=tuple(outages), slowdowns=tuple(slow), cuts=tuple(cuts))


def with_client(network: Network) -> Network:
    """Its requests start on a host that cannot be taken away."""
    if network.hosts[-1].name == "client":
        return network
    step = Constant(value_s=0.5)
    paths = tuple(Path("client", host.name, step, head_out=16) for host in network.hosts)
    hosts = (*network.hosts, Host("client", None))
    return replace(network, hosts=hosts, entry=("client", network.entry[1]), paths=(*network.paths, *paths))


def servers_of(network: Network) -> tuple[str, ...]:
    return tuple(host.name for host in network.hosts if host.workers)


@settings(max_examples=40)
@given(networks(), arrivals(), st.data())
def test_no_request_and_no_call_is_lost_whatever_goes_wrong(network: Network, times: Any, data: Any) -> None:
    network, count = with_client(network), [0]
    counted = {target: (host, Counted(bind, count)) for target, (host, bind) in network.handlers.items()}
    network = replace(network, handlers=counted, entry=("client", Counted(network.entry[1], count)))
    records = run(replace(network, faults=data.draw(disturbances(servers_of(network)))), times, detail="visits")
    requests, calls = records["requests"], records["calls"]
    assert sorted(requests["request"].tolist()) == list(range(len(times)))
    assert np.isfinite(requests["end"]).all()  # the run outlasts the patience of TCP
    assert len(calls["status"]) == count[0]
    assert set(calls["status"].tolist()) <= {200, GIVEN_UP, RESET, LOST}
    for host in servers_of(network):
        last = records["stations"]["host"] == records.names.index(host)
        assert records["stations"]["number"][last][-1] == 0


@settings(max_examples=30)
@given(networks(), arrivals(), st.integers(1, 2), st.data())
def test_when_all_is_over_a_request_takes_what_it_would_have_taken(
    network: Network, times: Any, connections: int, data: Any
) -> None:
    network = with_client(network)
    few = {path: replace(path, connections=connections) for path in network.paths if path.caller == "client"}
    network = replace(network, paths=tuple(few.get(path, path) for path in network.paths))
    late = [*times, 1e5]
    faulty = run(replace(network, faults=data.draw(disturbances(servers_of(network)))), late)
    assert ends(faulty)[-1] == ends(run(network, late, form="events"))[-1]


def test_a_lost_connection_makes_room_for_one_other_even_when_some_have_given_up_waiting() -> None:
    path = Path("client", "server", Constant(value_s=2.0), connections=1)
    down = Faults(outages=(Outage("server", 1.5, 4.0),))
    asks = {0: ASK, 1: ASK._replace(timeout=0.5), 2: ASK._replace(timeout=0.75)}

    def client(number: int) -> Any:
        yield asks.get(number, ASK)

    network = replace(client_and_server(client, SECOND, workers=3, path=path), faults=down)
    # The first holds the only connection until 2.5; the next two wait for it in vain; then the pool holds one again.
    assert ends(run(network, [0.0, 0.1, 0.2, 20.0, 20.0]))[3:] == [23.0, 26.0]

"""Calls between hosts, with latencies worked out by hand.

Unless a test says otherwise: a client without a station, one server, round trips of 2 s and work of 1 s.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.engine.network import Host, Path
from simlib.scenario.distributions import Constant
from simlib.scenario.effects import Call, Compute, Failed, Reply, Sleep
from simlib.scenario.records import Records
from simlib.scenario.variates import Variates
from support.networks import Listed, Message, by_request, client_and_server, does, ends, run

ASK = Call("serve", Message())
SECOND = Constant(value_s=1.0)


def asking(call: Call = ASK, answers: list[Any] | None = None) -> Any:
    """A client that makes one call and notes the answer."""

    def client(_: Any) -> Any:
        answer = yield call
        if answers is not None:
            answers.append(answer)

    return client


def path(**more: Any) -> Path:
    return Path("client", "server", Constant(value_s=2.0), **more)


def calls(records: Records, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of the calls, in the order in which they were sent."""
    rows = by_request(records, "calls")
    order = np.argsort(rows["sent"], kind="stable")
    return list(zip(*(rows[name][order].tolist() for name in columns), strict=True))


# --- the way there and back ---


def test_a_call_takes_half_a_round_trip_each_way_and_the_service_between() -> None:
    records = run(client_and_server(asking(), SECOND), [0.0, 0.5])
    assert ends(records) == [3.0, 4.0]  # the second waits 0.5 s for the worker
    assert calls(records, "sent", "received", "status") == [(0.0, 3.0, 200), (0.5, 4.0, 200)]


def test_bytes_take_time_in_both_directions_and_are_written_down() -> None:
    def serve(_: Any) -> Any:
        def handler(_: Any) -> Any:
            yield Compute("work")
            return Reply(200, b"x" * 600)

        return handler

    link = path(bandwidth=100.0, head_out=50, head_back=100)
    network = client_and_server(asking(Call("serve", Message(None, 250))), SECOND, 1, serve, link)
    for detail in ("calls", "requests"):
        records = run(network, [0.0], detail=detail)
        assert ends(records) == [1.0 + 3.0 + 1.0 + 1.0 + 7.0], detail
    assert calls(run(network, [0.0]), "request_bytes", "reply_bytes") == [(300, 700)]


def test_server_errors_and_too_many_requests_are_failures_and_other_answers_are_not() -> None:
    def serve(status: int) -> Any:
        def handler(_: Any) -> Any:
            yield Compute("work")
            return Reply(status)

        return lambda _: handler

    for status in (200, 302, 401, 404):
        answers: list[Any] = []
        run(client_and_server(asking(answers=answers), SECOND, 1, serve(status)), [0.0])
        assert answers == [Reply(status)]
    for status in (429, 500, 503):
        answers = []
        run(client_and_server(asking(answers=answers), SECOND, 1, serve(status)), [0.0])
        assert answers == [Failed("status", status)]


def test_a_target_that_nobody_answers_is_named() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        run(client_and_server(asking(Call("nowhere", Message())), SECOND), [0.0])


# --- giving up ---


@pytest.mark.parametrize("form", ["auto", "events"])
def test_a_caller_gives_up_and_the_callee_goes_on(form: str) -> None:
    answers: list[Any] = []
    network = client_and_server(asking(Call("serve", Message(), 2.5), answers), Listed([4.0, 4.0]))
    network = replace(network, hosts=(network.hosts[0], Host("server", 1, known_on_arrival=True)))
    records = run(network, [0.0, 1.0], form=form, detail="visits")
    assert answers == [Failed("timed_out"), Failed("timed_out")]
    assert ends(records) == [2.5, 3.5]
    # Both jobs are worked off although nobody waits for them, and their late replies cross the link.
    assert calls(records, "sent", "received", "status") == [(0.0, 6.0, -1), (1.0, 10.0, -1)]
    assert records["stations"]["busy"][-1] == 8.0
    visits = by_request(records, "visits")
    assert list(zip(visits["arrival"], visits["end"], strict=True)) == [(1.0, 5.0), (2.0, 9.0)]


@pytest.mark.parametrize("form", ["auto", "events"])
@pytest.mark.parametrize(("timeout", "status"), [(2.75, -1), (3.0, -1), (3.25, 200)])
def test_an_answer_at_the_very_timeout_is_too_late(form: str, timeout: float, status: int) -> None:
    records = run(client_and_server(asking(Call("serve", Message(), timeout)), SECOND), [0.0, 20.0], form=form)
    assert calls(records, "received", "status") == [(3.0, status), (23.0, status)]
    assert ends(records) == [min(timeout, 3.0), 20.0 + min(timeout, 3.0)]


def test_a_caller_that_tries_again_makes_the_queue_longer() -> None:
    def client(_: Any) -> Any:
        for _ in range(3):
            answer = yield Call("serve", Message(), 3.5)
            if isinstance(answer, Reply):
                return

    # Each request has its first, second and third cost; the first attempts take 6 s on one worker.
    records = run(client_and_server(client, Constant(value_s=6.0)), [0.0])
    assert calls(records, "sent", "received", "status") == [(0.0, 8.0, -1), (3.5, 14.0, -1), (7.0, 20.0, -1)]
    assert ends(records) == [10.5]
    assert records["stations"]["busy"][-1] == 18.0


def test_calls_that_are_given_up_do_not_disturb_other_requests() -> None:
    def client(number: int) -> Any:
        yield Call("serve", Message(), 0.5 if number % 2 else 50.0)

    records = run(client_and_server(client, SECOND, workers=10), np.arange(10.0) / 4)
    expected = [start + (0.5 if number % 2 else 3.0) for number, start in enumerate(np.arange(10.0) / 4)]
    assert ends(records) == expected


def test_what_is_under_way_at_the_end_is_written_as_unanswered() -> None:
    network = client_and_server(asking(), SECOND, 1, lambda _: does(Call("deeper", Message())))
    network = replace(
        network,
        hosts=(*network.hosts, Host("behind", 1, replicas=3)),
        paths=(*network.paths, Path("server", "behind", Constant(value_s=100.0))),
        handlers={**network.handlers, "deeper": ("behind", lambda _: does())},
    )
    records = run(network, [0.0], 10.0, variates=Variates(4, 0))
    (outer_sent, outer, first), (inner_sent, inner, second) = calls(records, "sent", "status", "replica")
    assert (outer_sent, outer, inner_sent, inner) == (0.0, 0, 1.0, 0)
    assert first == 0  # the only replica of the server, whichever replica is behind it
    assert second == int(Variates(4, 0).draw_column("balance.server.behind", 1)[0] * 3) > 0
    assert np.isnan(records["calls"]["received"]).all()


# --- connections ---


def test_a_connection_is_opened_kept_and_closed_when_idle_for_long() -> None:
    link = path(connections=1, connect_round_trips=2.0, keep_alive_s=5.0)
    arrivals = [0.0, 0.5, 14.9, 22.9, 30.9]
    records = run(client_and_server(asking(), SECOND, path=link), arrivals)
    # Opened: 4 s of handshakes and 3 s as ever. Second: gets the connection at 7. Third: idle for 4.9 s, still open.
    # Fourth: idle for 5 s, closed, so opened again. Fifth: idle for 1 s.
    expected = [7.0, 10.0, 17.9, 29.9, 33.9]
    assert ends(records) == pytest.approx(expected)
    assert [sent for (sent,) in calls(records, "sent")] == pytest.approx([0.0, 7.0, 14.9, 22.9, 30.9])


def test_without_keep_alive_a_limit_connections_stay_open() -> None:
    link = path(connections=2, connect_round_trips=1.0)
    records = run(client_and_server(asking(), SECOND, 5, path=link), [0.0, 0.0, 1000.0, 1000.0])
    assert ends(records) == [5.0, 5.0, 1003.0, 1003.0]


def test_keep_alive_without_a_limit_opens_as_many_as_are_needed() -> None:
    link = path(keep_alive_s=5.0, connect_round_trips=1.0)
    records = run(client_and_server(asking(), SECOND, 5, path=link), [0.0, 0.0, 0.0, 6.0, 6.0, 20.0])
    assert ends(records) == [5.0, 5.0, 5.0, 9.0, 9.0, 25.0]


@settings(max_examples=50, deadline=None)
@given(
    gaps=st.lists(st.sampled_from([0.0, 0.25, 0.5, 2.0]), min_size=1, max_size=20),
    sizes=st.lists(st.integers(1, 12), min_size=20, max_size=20),
    connections=st.integers(1, 4),
    keep_alive=st.sampled_from([None, 0.5, 3.0]),
)
def test_never_more_connections_than_allowed_and_first_come_first_served(
    gaps: list[float], sizes: list[int], connections: int, keep_alive: float | None
) -> None:
    arrivals = np.cumsum(gaps)
    link = path(connections=connections, keep_alive_s=keep_alive, connect_round_trips=0.5)
    network = client_and_server(asking(), Listed(np.array(sizes) / 4), workers=3, path=link)
    records = run(network, arrivals)
    rows = by_request(records, "calls")
    sent, received = rows["sent"], rows["received"]
    for instant in sent:
        assert ((sent <= instant) & (received > instant)).sum() <= connections
    assert (np.diff(sent) >= 0).all()  # rows are in the order of the requests, which is the order of asking
    assert (sent >= arrivals).all()
    for number, instant in enumerate(sent):  # whoever waits takes over at the instant of a release
        assert instant == arrivals[number] or instant in received


def test_a_caller_that_gave_up_leaves_its_connection_busy_until_the_reply() -> None:
    link = path(connections=1)
    network = client_and_server(asking(Call("serve", Message(), 4.0)), Listed([9.0, 1.0]), path=link)
    records = run(network, [0.0, 12.0])
    assert calls(records, "sent", "received", "status") == [(0.0, 11.0, -1), (12.0, 15.0, 200)]
    assert ends(records) == [4.0, 15.0]


def test_a_caller_that_gave_up_in_the_queue_for_a_connection_sends_nothing() -> None:
    link = path(connections=1)
    network = client_and_server(asking(Call("serve", Message(), 4.0)), Listed([9.0, 1.0, 1.0]), path=link)
    records = run(network, [0.0, 2.0, 9.0])
    assert calls(records, "sent", "received", "status") == [(0.0, 11.0, -1), (11.0, 14.0, -1)]
    assert ends(records) == [4.0, 6.0, 13.0]


# --- who goes first ---


def test_at_one_instant_the_lower_request_number_goes_first() -> None:
    def client(number: int) -> Any:
        # All reach the server at 4; the events of the later ones were set earlier.
        for _ in range(3 - number):
            yield Sleep((3.0 - number) / (3 - number))
        yield ASK

    records = run(client_and_server(client, SECOND), [0.0, 1.0, 2.0])
    assert ends(records) == [6.0, 7.0, 8.0]


def test_sleeping_takes_time_and_no_worker() -> None:
    serve = does(Compute("work"), Sleep(10.0))
    records = run(client_and_server(asking(), SECOND, 1, lambda _: serve), [0.0, 0.0])
    assert ends(records) == [13.0, 14.0]
    assert records["stations"]["busy"][-1] == 2.0

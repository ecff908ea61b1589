"""Tracer against the engine: the same messages between the same hosts, byte for byte."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simlib.deployment.deployment import Deployment
from simlib.deployment.network import build_network
from simlib.engine.network import Host, Network, Path
from simlib.engine.simulation import run_network
from simlib.scenario.distributions import Constant
from simlib.scenario.effects import Call, Compute, Draw, Failed, Flow, Once, Reply, Sleep
from simlib.scenario.messages import HttpRequest
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import MemorySink
from simlib.scenario.variates import Variates
from simlib.scenario.world import ClientKind
from simlib.stores import STORES
from simlib.tracing.single_user import isolate_user
from simlib.tracing.tracer import Tracer
from support.worlds import DESIGNS, PHANTOM, constant, link, scenario

ARRIVALS = (1.0, 30.0, 31.0, 32.0, 120.0, 121.0)
"""Far enough apart for the slowest sign-in, some with user information; the last two after the token has ended."""
VARIATES = Variates(5, 0)
POLL = "revocations"
"""Left out: when a replica polls by itself is drawn, and the two drivers draw apart."""

USERINFO = {**DESIGNS["jwt"], "user_information": "userinfo"}
DPOP = {**DESIGNS["jwt"], "wrappers": [{"part": "dpop"}]}
POLLED = {**DESIGNS["jwt"], "wrappers": [{"part": "denylist_polled", "poll_s": 7.0}]}
PUSHED = {**DESIGNS["jwt"], "wrappers": [{"part": "denylist_pushed"}]}
ALL = {
    **DESIGNS,
    **{"userinfo": USERINFO, "phantom": PHANTOM, "dpop": DPOP, "polled": POLLED, "pushed": PUSHED},
}
DATABASE = {"kind": "database", "database": {"link": link(), "call": constant(0.0), "work": constant(0.0)}}


class Free:
    """Work costs a tenth of a millisecond, whatever it is."""

    def invert(self, operation: str, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full(uniform.shape, 1e-4)


def world(name: str, **more: Any) -> Scenario:
    gateway = {"gateway": {"work": constant(0.0)}} if name == "phantom" else {}
    return scenario(designs={name: ALL[name]}, world={**gateway, **more})


def build_deployment(given_scenario: Scenario, name: str, kind: ClientKind) -> tuple[Deployment, Network]:
    single, design = isolate_user(given_scenario, given_scenario.design(name), kind)
    deployment = Deployment(single, design, VARIATES, STORES["dict"], MemorySink())
    client = deployment.population.find_client(0)
    client.access_token, client.refresh_token, client.session_until = None, "", 0.0
    return deployment, replace(build_network(deployment), after=(), costs=Free(), costs_of={})


def run_in_engine(given_scenario: Scenario, name: str, kind: ClientKind) -> list[tuple[Any, ...]]:
    _, network = build_deployment(given_scenario, name, kind)
    records = run_network(network, np.array(ARRIVALS), 130.0, VARIATES, detail="calls")
    calls, names = records["calls"], records.names
    columns = ("sent", "target", "caller", "callee", "request_bytes", "reply_bytes", "status")
    rows = sorted(zip(*(calls[column].tolist() for column in columns), strict=True))
    return [
        (names[what], names[one], names[other], *rest) for _, what, one, other, *rest in rows if names[what] != POLL
    ]


def trace_calls(given_scenario: Scenario, name: str, kind: ClientKind) -> list[tuple[Any, ...]]:
    _, network = build_deployment(given_scenario, name, kind)
    tracer = Tracer(network, VARIATES)
    assert network.open_log is not None
    for number, arrival in enumerate(ARRIVALS):
        tracer.advance_to(arrival)
        assert tracer.run_request(network.entry[0], network.entry[1], network.open_log(number, arrival)).status == 200
    rows, open_calls = [], []
    for step in tracer.steps:
        if step.what == POLL:
            continue
        if step.kind == "request":
            open_calls.append((len(rows), step))
            rows.append(())
        elif step.kind == "reply":
            open_call = next(
                call for call in reversed(open_calls) if (call[1].party, call[1].other) == (step.other, step.party)
            )
            open_calls.remove(open_call)
            at, request = open_call
            rows[at] = (step.what, request.party, request.other, request.size, step.size, step.status)
    assert not open_calls
    return rows


@pytest.mark.parametrize("name", ALL)
def test_the_trace_shows_every_message_of_a_run_with_one_user(name: str) -> None:
    given_scenario = world(name)
    calls = trace_calls(given_scenario, name, "web")
    assert calls == run_in_engine(given_scenario, name, "web")
    assert {call[0] for call in calls} >= {"authorize", "token", "api"}


@pytest.mark.parametrize("kind", ["spa", "spa_bff", "mobile", "machine", "device"])
def test_so_it_does_for_every_kind_of_client(kind: ClientKind) -> None:
    given_scenario = world("opaque")
    assert sorted(trace_calls(given_scenario, "opaque", kind)) == sorted(run_in_engine(given_scenario, "opaque", kind))


def test_so_it_does_when_the_rows_are_in_a_database() -> None:
    given_scenario = world("opaque", store=DATABASE)
    # A code's row holds the instant of the sign-in, whose digits depend on how long messages take.
    hosts_of = [
        [call[:3] for call in calls]
        for calls in (trace_calls(given_scenario, "opaque", "web"), run_in_engine(given_scenario, "opaque", "web"))
    ]
    assert hosts_of[0] == hosts_of[1]
    assert ("store", "authorization_server", "store") in hosts_of[0]


# --- the driver by itself --------------------------------------------------------------------------------------------

Handle = Callable[[Any], Flow[Any]]


def build_tracer(handle: Handle, broken: tuple[str, int] | None = None) -> Tracer:
    """A client that can call "api" on a host."""
    network = Network(
        hosts=(Host("client", None), Host("service")),
        entry=("client", lambda ctx: handle),
        costs={},
        paths=(Path("client", "service", Constant(value_s=0.0), head_out=10, head_back=20),),
        handlers={"api": ("service", lambda ctx: handle)},
    )
    tracer = Tracer(network, VARIATES, broken)
    tracer.phase = "test"
    return tracer


def echo(request: HttpRequest) -> Flow[Reply]:
    body = yield Compute("work", lambda: request.body * 2)
    return Reply(200, body)


def test_a_call_is_two_messages_around_what_the_callee_does() -> None:
    def ask() -> Flow[Reply]:
        answer: Reply = yield Call("api", HttpRequest(body=b"abc"))
        return answer

    tracer = build_tracer(echo)
    assert tracer.run("client", ask()).body == b"abcabc"
    steps = [(s.number, s.party, s.kind, s.what, s.other, s.size, s.status, s.depth) for s in tracer.steps]
    assert steps == [
        (1, "client", "request", "api", "service", 13, 0, 0),
        (2, "service", "work", "work", "", 0, 0, 1),
        (3, "service", "reply", "api", "client", 26, 200, 0),
    ]


def test_a_broken_call_reaches_no_host_and_the_others_do() -> None:
    def ask() -> Flow[list[Any]]:
        return [
            (yield Call("api", HttpRequest())),
            (yield Call("api", HttpRequest())),
            (yield Call("api", HttpRequest())),
        ]

    tracer = build_tracer(echo, broken=("test", 1))
    first, second, third = tracer.run("client", ask())
    assert (first.status, second, third.status) == (200, Failed("unreachable"), 200)
    assert [step.kind for step in tracer.steps].count("reply") == 2


def test_work_under_way_is_done_once_for_all_requests_and_behind_who_does_not_wait() -> None:
    def slow() -> Flow[int]:
        yield Sleep(5.0)
        yield Compute("slow")
        return 7

    def ask() -> Flow[tuple[Any, Any]]:
        nothing = yield Once("key", slow, wait=False)
        return nothing, (yield Once("key", slow))

    tracer = build_tracer(echo)
    assert tracer.run("client", ask()) == (None, 7)
    assert tracer.now == pytest.approx(5.0)
    assert [(step.what, step.behind) for step in tracer.steps] == [("5 s", True), ("slow", True)]


def test_variates_are_the_same_in_every_trace_and_what_is_no_effect_is_refused() -> None:
    def draw() -> Flow[tuple[float, float]]:
        return (yield Draw("jitter")), (yield Draw("jitter"))

    one, other = (build_tracer(echo).run("client", draw()) for _ in range(2))
    assert one == other
    assert one[0] != one[1]

    def wrong() -> Any:
        yield "nothing"

    with pytest.raises(TypeError, match="no effect"):
        build_tracer(echo).run("client", wrong())

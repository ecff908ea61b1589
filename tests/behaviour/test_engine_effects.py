"""The other effects: single-flight, draws, resources in the process, work behind the requests, broken promises."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simlib.engine.costs import StatedCosts
from simlib.engine.hosts import InProcess
from simlib.engine.network import Host, Network, Path
from simlib.engine.request_log import RequestLog
from simlib.scenario.distributions import Constant, Exponential
from simlib.scenario.effects import Call, Compute, Draw, Once, Reply, Sleep
from simlib.scenario.errors import InputError
from simlib.scenario.profile import CostProfile
from simlib.scenario.variates import Variates
from simlib.tokens import Verification, build_access_token_claims, generate_signing_key, sign_access_token
from support.networks import WORK, Listed, Message, client_and_server, does, ends, run

SECOND = Constant(value_s=1.0)


def on_server(handler: Any, known: bool = False, **more: Any) -> Network:
    costs = StatedCosts({"work": SECOND, "lookup": Constant(value_s=0.5)})
    return Network((Host("server", 2, known_on_arrival=known),), ("server", lambda _: handler), costs, **more)


# --- single-flight ---


def shared_work(made: list[int]) -> Any:
    def work() -> Any:
        made.append(1)
        yield Compute("work")
        yield Sleep(4.0)
        return f"answer {len(made)}"

    return work


def test_those_who_ask_while_the_work_is_under_way_get_its_answer() -> None:
    made: list[int] = []
    got: dict[int, Any] = {}

    def client(number: int) -> Any:
        got[number] = yield Once("key", shared_work(made))

    records = run(on_server(client), [0.0, 2.0, 4.5, 5.0, 6.0])
    # The work takes from 0 to 5. Whoever asks at 5 comes to an empty registry and works anew.
    assert got == dict.fromkeys((0, 1, 2), "answer 1") | dict.fromkeys((3, 4), "answer 2")
    assert ends(records) == [5.0, 5.0, 5.0, 10.0, 10.0]
    assert len(made) == 2


def test_different_keys_and_different_replicas_do_not_share() -> None:
    made: list[int] = []

    def client(number: int) -> Any:
        yield Once(number, shared_work(made))

    run(on_server(client), [0.0, 0.0, 0.0])
    assert len(made) == 3

    made.clear()
    replicas = set()

    def bind(ctx: Any) -> Any:
        def handler(_: Any) -> Any:
            replicas.add(ctx.replica)
            yield Once("key", shared_work(made))
            return Reply(200)

        return handler

    network = client_and_server(does(Call("serve", Message())), SECOND, 1, bind)
    run(replace(network, hosts=(Host("client", None), Host("server", 1, replicas=3))), [0.0] * 20)
    assert len(made) == len(replicas) == 3


def test_who_does_not_wait_goes_on_at_once_and_the_work_is_done_behind() -> None:
    made: list[int] = []
    got = []

    def client(number: int) -> Any:
        got.append((yield Once("key", shared_work(made), wait=False)))
        if number == 2:
            got.append((yield Once("key", shared_work(made))))

    records = run(on_server(client), [0.0, 1.0, 3.0])
    assert ends(records) == [0.0, 1.0, 5.0]  # the third joins the work that began behind the first
    assert got == [None, None, None, "answer 1"]
    assert records["stations"]["busy"][-1] == 1.0


def test_waiting_for_the_work_of_another_uses_no_worker() -> None:
    def client(number: int) -> Any:
        if number < 4:
            yield Compute("work")
            yield Once("key", shared_work([]))
        else:
            yield Compute("work")

    records = run(on_server(client), [0.0, 0.0, 0.0, 0.0, 3.5])
    assert ends(records)[4] == 4.5


# --- draws ---


def test_a_draw_belongs_to_the_request_and_not_to_the_order_of_asking() -> None:
    drawn: dict[int, list[float]] = {}

    def client(number: int) -> Any:
        yield Sleep(float(7 * number % 5))
        drawn[number] = [(yield Draw("jitter")), (yield Draw("jitter")), (yield Draw("other"))]

    variates = Variates(3, 1)
    run(on_server(client), [0.0] * 6, variates=variates)
    first, other = variates.draw_column("server.jitter", 6), variates.draw_column("server.other", 6)
    assert drawn == {n: [first[n], variates.draw_one("server.jitter", n, 1), other[n]] for n in range(6)}
    assert len({value for values in drawn.values() for value in values}) == 18


def test_a_second_use_of_a_cost_asks_for_a_further_variate_of_the_same_owner() -> None:
    law = Exponential(mean_s=1.0)

    def client(_: Any) -> Any:
        yield Compute("work")
        yield Compute("work")

    variates = Variates(3, 1)
    network = Network((Host("server", 10),), ("server", lambda _: client), StatedCosts({"work": law}))
    records = run(network, [0.0] * 5, variates=variates)
    first = law.invert(variates.draw_column("server.work", 5))
    again = law.invert(np.array([variates.draw_one("server.work", n, 1) for n in range(5)]))
    assert ends(records) == pytest.approx((first + again).tolist())
    operations = records["operations"]
    assert operations["count"].tolist() == [10]
    assert operations["seconds"][0] == pytest.approx(float((first + again).sum()))


def test_a_verification_is_remembered_and_counted_whatever_the_form_of_the_station() -> None:
    key = generate_signing_key("EdDSA", "k")
    claims = build_access_token_claims("as", "api", "user", "client", "read", 0.0, 60.0, "jti", {})
    token = sign_access_token(claims, key)
    results = []

    def client(_: int) -> Any:
        verification = Verification(token, key.verification_key, ("EdDSA",), "as", "api")
        results.append((yield Compute("jwt.verify.EdDSA", verification)))

    for form in ("auto", "events"):
        host = Host("server", 2, known_on_arrival=True)
        network = Network((host,), ("server", lambda _: client), StatedCosts({"jwt.verify.EdDSA": SECOND}))
        operations = run(network, [0.0, 1.0, 2.0], form=form)["operations"]
        assert (operations["count"].tolist(), operations["distinct"].tolist()) == ([3], [1])
    assert all(verified.claims is not None for verified in results)


# --- inside the process, and behind the requests ---


def test_a_resource_in_the_process_is_time_of_the_callers_worker() -> None:
    asked = []
    store = InProcess(lambda request: "lookup", lambda request: asked.append(request) or f"row of {request}")
    got = []

    def client(number: int) -> Any:
        yield Compute("work")
        got.append((yield Call("store", number)))

    records = run(on_server(client, local={"store": store}), [0.0, 0.0, 0.0])
    assert ends(records) == [1.5, 1.5, 3.0]
    assert (asked, got) == ([0, 1, 2], ["row of 0", "row of 1", "row of 2"])
    assert len(records["calls"]["request"]) == 0


def test_work_behind_the_requests_uses_workers_and_leaves_no_request() -> None:
    def client(_: int) -> Any:
        yield Compute("work")

    later = tuple((2.0, "server", lambda: client(-1)) for _ in range(2))
    records = run(on_server(client, after=later), [0.0, 2.5])
    assert ends(records) == [1.0, 4.0]  # both workers are busy from 2 to 3
    assert records["stations"]["busy"][-1] == 4.0
    assert records["requests"]["request"].tolist() == [0, 1]


# --- promises and mistakes ---


def test_two_services_in_one_visit_break_the_promise() -> None:
    def twice(_: int) -> Any:
        yield Compute("work")
        yield Compute("work")

    with pytest.raises(RuntimeError, match="'server' promised known_on_arrival but computed twice"):
        run(on_server(twice, known=True), [0.0])
    assert ends(run(on_server(twice, known=True), [0.0], form="events")) == [2.0]


def test_sharing_work_breaks_the_promise() -> None:
    def client(_: int) -> Any:
        yield Once("key", shared_work([]))

    with pytest.raises(RuntimeError, match="'server' promised known_on_arrival but"):
        run(on_server(client, known=True), [0.0])


def test_charged_calls_break_the_promise() -> None:
    network = replace(
        client_and_server(does(Call("serve", Message())), SECOND),
        hosts=(Host("client", None), Host("server", 1, known_on_arrival=True)),
        costs=StatedCosts({"work": SECOND, "http.call_in": SECOND}),
        charge_calls=True,
    )
    with pytest.raises(RuntimeError, match="known_on_arrival"):
        run(network, [0.0])


def test_a_host_that_keeps_connections_is_not_looked_ahead_at() -> None:
    # Which connection is free depends on what others do until then, so the promise cannot hold for the caller.
    network = Network(
        hosts=(Host("server", 3, known_on_arrival=True), Host("behind", 3, known_on_arrival=True)),
        entry=("server", lambda _: does(WORK, Call("serve", Message()))),
        costs=StatedCosts({"work": Listed([5.0, 1.0, 1.0])}),
        paths=(Path("server", "behind", Constant(value_s=2.0), connections=1),),
        handlers={"serve": ("behind", lambda _: does())},
    )
    records = run(network, [0.0, 0.0, 0.5])
    assert records.forms == {"server": "fifo_events", "behind": "kiefer_wolfowitz"}
    assert ends(records) == [7.0, 3.0, 5.0]  # the third waits from 1.5 to 3 for the connection


def test_nobody_looks_ahead_where_the_figures_of_a_journey_are_noted() -> None:
    network = replace(
        on_server(does(WORK), known=True), open_log=lambda number, arrival: RequestLog(number, 0, arrival, False)
    )
    records = run(network, [0.0, 0.5], 1.25)
    assert records.forms == {"server": "fifo_events"}
    assert ends(records)[0] == 1.0
    assert np.isnan(ends(records)[1])


def test_an_operation_without_a_cost_is_named_with_those_there_are() -> None:
    def client(_: int) -> Any:
        yield Compute("sing")

    with pytest.raises(KeyError, match="no cost for operation 'sing'; known are lookup, work"):
        run(on_server(client), [0.0])
    bare = CostProfile("bare", {"hum": np.ones(1)}, {})
    network = Network((Host("server"),), ("server", lambda _: client), StatedCosts({}, bare))
    with pytest.raises(InputError, match="profile 'bare' has no operation 'sing'; it has hum"):
        run(network, [0.0])


def test_what_is_no_effect_is_refused() -> None:
    with pytest.raises(TypeError, match="yielded 'hello', which is no effect"):
        run(on_server(does("hello")), [0.0])

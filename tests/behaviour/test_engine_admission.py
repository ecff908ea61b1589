"""A host that turns away what is too much: never more than its limit inside, and no refusal for nothing."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.deployment.parts import PARTS
from simlib.deployment.simulate import simulate
from simlib.engine.costs import StatedCosts
from simlib.engine.network import Host, Network, Path
from simlib.engine.simulation import run_network
from simlib.scenario.design import Admission
from simlib.scenario.distributions import Constant
from simlib.scenario.effects import Call, Compute, Failed, Reply
from simlib.scenario.errors import InputError
from simlib.scenario.loading import build_scenario
from simlib.scenario.records import FAILED
from simlib.scenario.variates import Variates
from support.networks import Message
from support.scenarios import COMPARED, SOURCE, document, scenario

TAKEN_IN = 0.001


class Seen:
    """What clients were answered, and how many requests the server had inside at most."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.inside = 0
        self.most = 0

    def client(self, timeout: float | None) -> Any:
        def flow(_: Any) -> Any:
            answer = yield Call("serve", Message(), timeout)
            self.answers.append(answer)
            return Reply(200)

        return flow

    def server(self, waits: float) -> Any:
        def flow(_: Any) -> Any:
            self.inside += 1
            self.most = max(self.most, self.inside)
            yield Compute("work")
            if waits:
                yield Call("look", Message())
            self.inside -= 1
            return Reply(200)

        return flow


def network(
    seen: Seen, limit: int, *, waits: float = 0.0, timeout: float | None = None, threads: int | None = None
) -> Network:
    costs = {name: Constant(value_s=0.0) for name in ("http.call_out", "http.connect_out", "http.connect_in")}
    costs |= {"http.call_in": Constant(value_s=TAKEN_IN), "work": Constant(value_s=1.0)}
    return Network(
        hosts=(
            Host("client", None),
            Host("server", 1, threads=threads, admission=Admission(limit, 2.0)),
            Host("behind", None),
        ),
        entry=("client", lambda _: seen.client(timeout)),
        costs=StatedCosts(costs),
        paths=(Path("client", "server", Constant(value_s=0.0)), Path("server", "behind", Constant(value_s=waits))),
        handlers={
            "serve": ("server", lambda _: seen.server(waits)),
            "look": ("behind", lambda _: seen_nothing),
        },
        charge_calls=True,
    )


def seen_nothing(_: Any) -> Any:
    yield Compute("nothing")
    return Reply(200)


def run(made: Network, arrivals: Any, horizon: float = 1000.0) -> Any:
    return run_network(made, np.asarray(arrivals, dtype=float), horizon, Variates(5, 0))


REFUSED = Failed("status", 503, 2.0)


def test_the_surplus_is_refused_with_503_and_retry_after() -> None:
    seen = Seen()
    records = run(network(seen, 2), [0.0, 0.0, 0.0, 0.0])
    assert seen.answers.count(REFUSED) == 2
    assert seen.most <= 2
    assert sorted(records["calls"]["status"].tolist()) == [200, 200, 503, 503]


def test_a_refusal_costs_what_taking_in_a_call_costs() -> None:
    seen = Seen()
    records = run(network(seen, 1), [0.0, 0.0, 0.0])
    used = dict(zip(records["operations"]["operation"].tolist(), records["operations"]["count"].tolist(), strict=True))
    names = {records.names[number]: count for number, count in used.items()}
    assert (names["http.call_in"], names["work"]) == (3, 1)


def test_there_is_room_again_when_a_request_is_answered() -> None:
    seen = Seen()
    run(network(seen, 1), [0.0, 0.5, 1.0, 1.5, 2.6])
    assert seen.answers.count(REFUSED) == 2
    assert len(seen.answers) == 5


def test_who_waits_for_another_host_is_still_inside() -> None:
    seen = Seen()
    run(network(seen, 1, waits=10.0), [0.0, 5.0, 12.0])
    assert seen.answers.count(REFUSED) == 1


def test_a_request_whose_caller_has_left_stays_inside() -> None:
    seen = Seen()
    run(network(seen, 1, waits=10.0, timeout=2.0), [0.0, 5.0, 12.0])
    assert seen.answers.count(Failed("timed_out")) == 2
    assert seen.answers.count(REFUSED) == 1


def test_with_threads_those_that_wait_for_one_count_too() -> None:
    seen = Seen()
    run(network(seen, 3, threads=1), [0.0, 0.0, 0.0, 0.0, 0.0])
    assert seen.answers.count(REFUSED) == 2
    assert (seen.most, len(seen.answers)) == (1, 5)


@given(
    gaps=st.lists(st.sampled_from([0.0, 0.2, 1.0]) | st.floats(0.0, 3.0), min_size=1, max_size=40),
    limit=st.integers(1, 5),
    threads=st.sampled_from([None, 1, 2]),
    waits=st.sampled_from([0.0, 2.0]),
    timeout=st.sampled_from([None, 1.5]),
)
@settings(max_examples=60)
def test_never_more_than_the_limit_are_inside_and_every_request_is_answered(
    gaps: list[float], limit: int, threads: int | None, waits: float, timeout: float | None
) -> None:
    seen = Seen()
    run(network(seen, limit, waits=waits, timeout=timeout, threads=threads), np.cumsum(gaps), 10_000.0)
    assert seen.most <= limit
    assert seen.inside == 0
    assert len(seen.answers) == len(gaps)


def test_a_network_that_charges_nothing_for_calls_has_no_doors() -> None:
    made = network(Seen(), 1)
    free = Network(**{**{name: getattr(made, name) for name in made.__dataclass_fields__}, "charge_calls": False})
    with pytest.raises(ValueError, match="a refusal is not free"):
        run(free, [0.0])


# --- in a scenario --------------------------------------------------------------------------------------------------


def test_a_limit_that_is_never_reached_changes_no_record() -> None:
    plain = scenario()
    limited = scenario(designs__jwt_local__admission={"service": {"limit": 10_000}})
    for table in ("requests", "calls", "operations"):
        without, with_ = (simulate(made, "jwt_local", 0)[table] for made in (plain, limited))
        for column in without:
            np.testing.assert_array_equal(without[column], with_[column])


def test_a_limit_at_the_authorization_server_refuses_what_comes_at_once() -> None:
    changes: dict[str, Any] = {
        "designs__opaque_introspection__admission": {"authorization_server": {"limit": 1, "retry_after_s": 1.0}},
        "world__load__arrival_rate": 400.0,
        "run__length_s": 3.0,
        "run__warm_up_s": 1.0,
    }
    calls = simulate(scenario(**changes), "opaque_introspection", 0)["calls"]
    assert (calls["status"] == 503).sum() > 0
    del changes["designs__opaque_introspection__admission"]
    assert (simulate(scenario(**changes), "opaque_introspection", 0)["calls"]["status"] == 503).sum() == 0


def test_retries_ride_out_what_the_authorization_server_refuses_and_add_no_more_than_their_budget() -> None:
    changes: dict[str, Any] = {
        "designs__opaque_introspection__admission": {"authorization_server": {"limit": 1}},
        "world__load__arrival_rate": 300.0,
        "world__service__work": {"kind": "constant", "value_s": 0.0005},
        "run__length_s": 3.0,
        "run__warm_up_s": 1.0,
    }
    lost, asked = [], []
    for wrappers in ([], [{"part": "retry", "back_off_s": 0.05, "budget": 0.2, "burst": 10}]):
        made = scenario(**changes, designs__opaque_introspection__wrappers=wrappers)
        records = simulate(made, "opaque_introspection", 0)
        lost.append(int((records["requests"]["outcome"] == FAILED).sum()))
        target = records.names.index("introspect")
        asked.append(int((records["calls"]["target"] == target).sum()))
    assert lost[1] < lost[0]
    assert asked[0] < asked[1] <= asked[0] * 1.2 + 10 + 1


def test_all_answers_together_lose_no_request_and_come_out_the_same_twice() -> None:
    wrappers = [{"part": name} for name in ("retry", "circuit_breaker", "fail_open", "client_retry")]
    admission = {host: {"limit": 2, "retry_after_s": 0.1} for host in ("service", "authorization_server")}
    chosen = {f"designs__{name}__wrappers": wrappers for name in COMPARED}
    chosen |= {f"designs__{name}__admission": admission for name in COMPARED}
    made = scenario(**chosen, world__load__arrival_rate=150.0, run__length_s=3.0, run__warm_up_s=1.0)
    for name in COMPARED:
        first, second = simulate(made, name, 0)["requests"], simulate(made, name, 0)["requests"]
        assert sorted(first["request"].tolist()) == list(range(len(first["request"])))
        for column in first:
            np.testing.assert_array_equal(first[column], second[column])


@pytest.mark.parametrize(
    ("admission", "message"),
    [
        ({"service": {"limit": 0}}, "admission.service.limit: input should be greater than or equal to 1, not 0"),
        ({"servce": {"limit": 1}}, r"admission.servce: unknown key 'servce' \(did you mean 'service'\?\)"),
        ({"gateway": {"limit": 1}}, "jwt_local.admission.gateway: the design has no such host"),
        ({"inner_service": {"limit": 1}}, "jwt_local.admission.inner_service: the design has no such host"),
        ({"service": {"limit": 1, "retry_after_s": -1.0}}, "retry_after_s: input should be greater than or equal to 0"),
    ],
)
def test_limits_that_mean_nothing_are_refused(admission: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build_scenario(document(designs__jwt_local__admission=admission), PARTS, SOURCE)

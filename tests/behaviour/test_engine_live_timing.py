"""Live timing: work is charged what a stopwatch says that it took, and nothing else of a run changes."""

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from simlib import compare, replicate, simulate, sweep
from simlib.calibration import CpuStopwatch
from simlib.engine.costs import HostCosts, Measured, StatedCosts
from simlib.engine.hosts import InProcess
from simlib.engine.network import Host, Network, Path
from simlib.engine.request_window import RequestWindow
from simlib.scenario.distributions import Constant
from simlib.scenario.effects import Call, Compute, Once, Reply
from simlib.scenario.errors import InputError
from simlib.scenario.records import SCHEMA, Records
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.tokens import Verification
from support.networks import Message, ends, run
from support.scenarios import scenario as one_per_validator
from support.worlds import DESIGNS, constant, costing, link, scenario

STEP = 2.0**-12  # about 0.24 ms: sums of it are exact
REAL = ("jwt.", "json.", "form.", "token.hash", "opaque.issue", "client.authenticate", "jwks.", "store.")
"""Beginnings of the operations that are really done."""
DATABASE = {
    "kind": "database",
    "database": {"workers": 2, "call": constant(0.0), "work": constant(0.003), "link": link(0.001)},
}


class Always:
    """A stopwatch that says the same for every work, and notes what it timed."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.timed: list[Callable[[], Any]] = []

    def __call__(self, work: Callable[[], Any]) -> tuple[Any, float]:
        self.timed.append(work)
        return work(), self.seconds


def live(**overrides: Any) -> Scenario:
    return scenario(world={"revocations": {"rate": 0.2}}, length_s=20.0, detail="visits", timing="live", **overrides)


def in_profile(made: Scenario) -> Scenario:
    return made.with_run(made.run.model_copy(update={"timing": "profile"}))


def is_real(operation: str) -> bool:
    return operation.startswith(REAL) and operation not in ("store.call", "store.work")


def with_real_costs(made: Scenario, seconds: float) -> Scenario:
    """A profile in which every operation that is really done costs the same."""
    return costing(made, **{name.replace(".", "__"): seconds for name in made.profile.quantiles if is_real(name)})


def operations(records: Records) -> dict[tuple[str, str], tuple[int, float]]:
    """(host, operation) -> (count, seconds)."""
    rows = records["operations"]
    return {
        (records.names[host], records.names[operation]): (int(count), float(seconds))
        for host, operation, count, seconds in zip(
            *(rows[name] for name in ("host", "operation", "count", "seconds")), strict=True
        )
    }


# --- a whole scenario ---


@pytest.mark.parametrize("design", list(DESIGNS))
def test_each_real_operation_is_charged_its_count_times_what_the_stopwatch_says(design: str) -> None:
    made = with_real_costs(live(), 100.0)  # a profile that nobody may ask
    charged = operations(simulate(made, design, stopwatch=Always(STEP)))
    real = {key: value for key, value in charged.items() if is_real(key[1])}
    assert len(real) >= 5
    assert {key: seconds for key, (_, seconds) in real.items()} == {key: n * STEP for key, (n, _) in real.items()}


@pytest.mark.parametrize("design", list(DESIGNS))
def test_what_is_not_really_done_keeps_the_costs_of_the_profile(design: str) -> None:
    made = costing(live(), claims__check=0.25, cache__lookup=0.25, http__call_in=0.25, http__call_out=0.25)
    charged = operations(simulate(made, design, stopwatch=Always(0.0)))
    kept = {name: value for (_, name), value in charged.items() if not is_real(name)}
    assert {"claims.check", "http.call_in", "service.work"} <= kept.keys()
    assert all(seconds == n * 0.25 for name, (n, seconds) in kept.items() if name != "service.work")


@pytest.mark.parametrize("store", [{"kind": "dict"}, {"kind": "sqlite"}, DATABASE])
@pytest.mark.parametrize("design", list(DESIGNS))
@pytest.mark.parametrize("seconds", [0.0, STEP])
def test_a_stopwatch_that_says_what_the_profile_says_gives_the_records_of_the_profile(
    design: str, store: dict[str, Any], seconds: float
) -> None:
    world = {"revocations": {"rate": 0.2}, "store": store}
    made = with_real_costs(
        scenario(world=world, arrival_rate=8.0, length_s=20.0, detail="visits", timing="live"), seconds
    )
    theirs = simulate(in_profile(made), design)
    ours = simulate(made, design, stopwatch=Always(seconds))
    assert (ours.names, ours.workers, ours.forms) == (theirs.names, theirs.workers, theirs.forms)
    for table, columns in SCHEMA.items():  # arrivals, verdicts, exposure, distinct verifications and all else
        for column in columns:
            assert ours[table][column].tobytes() == theirs[table][column].tobytes(), (table, column)


def test_slower_work_makes_answers_later_by_what_it_takes() -> None:
    # Nobody queues, everybody's token is in hand: each request pays the same four steps of one introspection.
    fast = {"client_to_service": link(0.0), "service_to_authorization_server": link(0.0)}
    made = costing(live(links=fast, service={"workers": 200, "work": constant(0.0)}, users=5))
    runs = [simulate(made, "opaque", stopwatch=Always(seconds)) for seconds in (STEP, 2 * STEP)]
    quick, slow = (records["requests"]["end"] - records["requests"]["arrival"] for records in runs)
    done = operations(runs[0])
    steps = [name for (host, name), (n, _) in done.items() if n == done["service", "form.encode"][0] and is_real(name)]
    assert len(steps) >= 2
    assert np.nanmin(quick) >= len(steps) * STEP
    assert np.nanmin(slow) == pytest.approx(2 * np.nanmin(quick))


def test_the_verdicts_are_those_of_the_profile() -> None:
    made = live(users=20)
    for design in made.designs:
        ours, theirs = simulate(made, design, stopwatch=Always(STEP)), simulate(in_profile(made), design)
        for column in ("accepted", "status", "validations", "refusals"):
            rows = [r["requests"][column][np.argsort(r["requests"]["request"])] for r in (ours, theirs)]
            assert rows[0].tolist() == rows[1].tolist(), (design, column)


def test_every_verification_is_really_done_each_time_at_the_price_of_the_library_as_it_is() -> None:
    watch = Always(STEP)
    charged = operations(simulate(live(), "jwt", stopwatch=watch))
    asked = sum(count for (_, name), (count, _) in charged.items() if name.startswith("jwt.verify"))
    verifications = [work for work in watch.timed if getattr(work, "__func__", None) is Verification.as_shipped]
    assert len(verifications) == asked > len({work.__self__ for work in verifications})  # type: ignore[attr-defined]
    assert not [work for work in watch.timed if isinstance(work, Verification)]


def test_the_store_is_timed_in_this_process_and_a_database_keeps_the_times_of_the_scenario() -> None:
    world = {"revocations": {"rate": 0.2}, "store": {"kind": "dict"}}
    here = operations(simulate(live(), "opaque", stopwatch=Always(STEP)))
    assert {name for host, name in here if name.startswith("store.")} >= {"store.dict.get", "store.dict.put"}
    world["store"] = DATABASE
    made = scenario(world=world, length_s=20.0, timing="live")
    apart = operations(simulate(made, "opaque", stopwatch=Always(STEP)))["store", "store.work"]
    assert apart[1] == pytest.approx(apart[0] * 0.003)


# --- small networks, by hand ---


def server(handler: Callable[[Any], Any], workers: int | None = 3, **more: Any) -> Network:
    costs = StatedCosts({"stated": Constant(value_s=8.0)}, StatedCosts({"planned": Constant(value_s=32.0)}))
    return Network((Host("server", workers),), ("server", lambda _: handler), costs, **more)


def once(key: int, wait: bool = True) -> Once:
    def work() -> Any:
        return (yield Compute("shared", lambda: "shared answer"))

    return Once(key, work, wait)


def charged_to(network: Network, arrivals: Any = (0.0,), **options: Any) -> dict[str, tuple[int, float]]:
    return {name: value for (_, name), value in operations(run(network, list(arrivals), **options)).items()}


def test_a_request_takes_what_its_works_took_and_gets_their_results() -> None:
    got: list[Any] = []

    def handler(number: int) -> Any:
        got.append((yield Compute("first", lambda: "first answer")))
        got.append((yield once(number)))
        got.append((yield Call("store", Message("key"))))
        got.append((yield Compute("planned")))

    resource = {"store": InProcess(lambda request: "get", lambda request: (request.content, "stored"))}
    records = run(server(handler, local=resource), [0.0], stopwatch=Always(1.5))
    assert got == ["first answer", "shared answer", ("key", "stored"), None]
    assert ends(records) == [3 * 1.5 + 32.0]
    assert operations(records) == {("server", name): (1, 1.5) for name in ("first", "get", "shared")} | {
        ("server", "planned"): (1, 32.0)
    }


def test_work_behind_a_request_is_timed_and_those_who_join_pay_nothing() -> None:
    def behind(number: int) -> Any:
        yield once(number, wait=False)

    assert charged_to(server(behind), stopwatch=Always(1.5)) == {"shared": (1, 1.5)}

    def joining(_: int) -> Any:
        yield once(0)

    records = run(server(joining), [0.0, 1.0], stopwatch=Always(1.5))
    assert ends(records) == [1.5, 1.5]
    assert operations(records) == {("server", "shared"): (1, 1.5)}


def test_an_operation_that_the_network_prices_itself_keeps_its_price() -> None:
    done: list[int] = []
    network = server(lambda number: iter_one(Compute("stated", lambda: done.append(number))))
    assert charged_to(network, stopwatch=Always(1.5)) == {"stated": (1, 8.0)}
    assert done == [0]


def iter_one(effect: Any) -> Any:
    return (yield effect)


def test_every_name_of_a_resource_in_the_process_and_what_a_replica_does_by_itself_is_timed() -> None:
    got: list[Any] = []

    def handler(_: int) -> Any:
        got.append((yield Call("store", Message("store"))))
        got.append((yield Call("known_as", Message("known_as"))))
        got.append((yield Call("own", Message("own"))))

    def polling(_: Any) -> Any:
        return (iter_one(Compute("poll", lambda: None)),)

    def resource(name: str) -> InProcess:
        return InProcess(lambda _: name, lambda request: (name, request.content))

    network = server(
        handler,
        local={"store": resource("get")},
        local_to={"server": {"own": resource("own_get")}},
        aliases={"server": {"known_as": "store"}},
        backgrounds={"server": polling},
    )
    assert charged_to(network, stopwatch=Always(1.5)) == {"get": (2, 3.0), "own_get": (1, 1.5), "poll": (1, 1.5)}
    assert got == [("get", "store"), ("get", "known_as"), ("own_get", "own")]


def test_a_host_without_a_cpu_is_not_timed_and_not_charged() -> None:
    watch = Always(1.5)
    records = run(server(lambda _: iter_one(Compute("work", lambda: 7)), workers=None), [0.0], stopwatch=watch)
    assert (ends(records), operations(records), watch.timed) == ([0.0], {}, [])


def test_a_server_that_is_called_is_timed_with_its_queue() -> None:
    def client(_: int) -> Any:
        yield Call("serve", Message())

    def serve(_: Any) -> Any:
        yield Compute("work", lambda: None)
        return Reply(200)

    network = Network(
        (Host("client", None), Host("server", 1, known_on_arrival=True)),
        ("client", lambda _: client),
        StatedCosts({}),
        (Path("client", "server", Constant(value_s=2.0)),),
        {"serve": ("server", lambda _: serve)},
    )
    for form in ("auto", "events"):
        records = run(network, [0.0, 0.0], stopwatch=Always(1.5), form=form)
        assert sorted(ends(records)) == [3.5, 5.0]
        assert operations(records) == {("server", "work"): (2, 3.0)}


def test_an_operation_that_was_measured_and_drawn_is_told_as_one() -> None:
    costs = HostCosts("server", StatedCosts({"both": Constant(value_s=8.0)}), Variates(1, 0), RequestWindow(3))
    for subject in (0, 0, -1):
        assert costs[Measured("both", 1.5)].take_further(subject) == 1.5
    costs["both"].take(0)
    assert costs.count_used() == [("both", 4, 12.5)]
    assert list(costs) == ["both"]


@pytest.mark.parametrize("seconds", [-1e-9, float("nan"), float("inf")])
def test_a_stopwatch_that_tells_no_time_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="the stopwatch says that work took"):
        run(server(lambda _: iter_one(Compute("work", lambda: 7))), [0.0], stopwatch=Always(seconds))


# --- with and without a stopwatch ---


@pytest.mark.parametrize(
    "start",
    [
        lambda made: simulate(made, "jwt"),
        lambda made: replicate(made, "jwt"),
        compare,
        lambda made: sweep(made, {"run.length_s": [5.0]}),
        lambda made: sweep(in_profile(made), {"run.timing": ["profile", "live"]}),
    ],
)
def test_live_timing_without_a_stopwatch_is_told_in_one_line(start: Callable[[Scenario], Any]) -> None:
    with pytest.raises(
        InputError, match=r'^test.toml: run.timing: "live" needs a stopwatch.*CpuStopwatch\(\)'
    ) as refusal:
        start(live())
    assert "\n" not in str(refusal.value)


def test_a_stopwatch_is_not_looked_at_when_the_profile_tells_the_times() -> None:
    made = in_profile(live())
    watch = Always(100.0)
    assert simulate(made, "opaque", stopwatch=watch).equals(simulate(made, "opaque"))
    assert compare(made, stopwatch=watch).table.equals(compare(made).table)
    assert watch.timed == []


def test_replications_comparisons_and_sweeps_hand_the_stopwatch_on() -> None:
    made = live(arrival_rate=6.0)
    table = compare(made, stopwatch=Always(STEP)).table
    again = [replicate(made, design, stopwatch=Always(STEP)) for design in made.designs]
    assert [table[table["design"] == one["design"][0]]["mean_s"].tolist() for one in again] == [
        one["mean_s"].tolist() for one in again
    ]
    swept = sweep(in_profile(made), {"run.timing": ["profile", "live"]}, stopwatch=Always(0.1))
    means = swept.groupby("run.timing")["mean_s"].mean()
    assert means["live"] > means["profile"] + 0.1


def test_real_times_are_positive_in_every_design_and_in_other_processes() -> None:
    made = one_per_validator(run__timing="live", run__remember_verified=True, run__length_s=10.0)
    for design in made.designs:
        charged = operations(simulate(made, design, stopwatch=CpuStopwatch()))
        real = {key: value for key, value in charged.items() if is_real(key[1])}
        assert len(real) >= 5
        assert all(count > 0 and seconds > 0 for count, seconds in real.values()), real
    table = compare(made, workers=2, stopwatch=CpuStopwatch()).table
    assert len(table) == 2 * len(made.designs)
    assert (table["mean_s"] > 0).all()


def test_the_real_stopwatch_returns_the_result_never_tells_less_than_nothing_and_travels() -> None:
    result, seconds = CpuStopwatch()(lambda: sum(range(10_000)))
    assert result == sum(range(10_000))
    assert seconds > 0
    assert CpuStopwatch(overhead=1e12)(lambda: "quick") == ("quick", 0.0)
    assert pickle.loads(pickle.dumps(CpuStopwatch(7.0))) == CpuStopwatch(7.0)

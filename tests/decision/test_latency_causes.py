"""Causes of latencies behind limits: traced runs are the runs themselves, and waits belong to the right operations."""

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from simlib import simulate
from simlib.analysis.summary import summarise
from simlib.analysis.tail_causes import Cause, Timeline, find_causes, find_start
from simlib.decision import explain_limits, judge_comparison
from simlib.decision.latency_causes import TRACED_REQUESTS, describe_causes, shorten_run
from simlib.decision.latency_remedies import FACTORS, find_crowded_host, find_latency_remedy
from simlib.deployment.trace import simulate_traced
from simlib.engine.costs import StatedCosts
from simlib.engine.network import Host, Network
from simlib.engine.simulation import Simulation
from simlib.engine.visit_trace import Visit, trace_visits
from simlib.experiment import compare
from simlib.experiment.sweep import change_scenario
from simlib.scenario.distributions import Constant
from simlib.scenario.effects import Compute
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import MemorySink
from simlib.scenario.variates import Variates
from support.comparisons import CACHED, JWT, OPAQUE
from support.scenarios import design_of, scenario

SESSIONS = [{"kind": "web", "share": 1.0, "session": {"kind": "exponential", "mean_s": 15.0}}]
SIGN_INS = {"world__clients": SESSIONS, "world__population__users": 60, "world__load__arrival_rate": 40.0}
WAYS = ("client_to_service", "client_to_authorization_server", "service_to_authorization_server")
NEAR = {f"world__network__{way}": {"round_trip": {"kind": "constant", "value_s": 0.001}} for way in WAYS}
LONGER = {"run__length_s": 60.0, "run__warm_up_s": 10.0}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        SIGN_INS,
        {"world__service__discipline": "processor_sharing"},
        {"world__service__threads": 2},
        {"world__faults__slow": {"kind": "slow", "host": "service", "factor": 3.0, "at_s": 8.0, "length_s": 5.0}},
    ],
    ids=["plain", "sign-ins", "processor sharing", "threads", "slow"],
)
@pytest.mark.parametrize("design", [OPAQUE, CACHED, JWT])
def test_a_traced_run_is_the_run_itself(changes: dict[str, Any], design: str) -> None:
    made = scenario(**changes)
    records, visits = simulate_traced(made, design)
    assert records.equals(simulate(made.with_run(made.run.model_copy(update={"station_form": "events"})), design))
    assert visits
    assert all(visit.end is None or visit.end >= visit.arrival for visit in visits)


@pytest.mark.parametrize(("quick_s", "slow_s", "slow_share"), [(0.01, 0.2, 0.05), (0.02, 0.04, 0.5), (0.005, 0.1, 0.1)])
def test_waits_in_the_m_g_1_queue_are_divided_as_the_closed_form_says(
    quick_s: float, slow_s: float, slow_share: float
) -> None:
    """An arrival finds the work of class i, V_i = r_i s_i^2 / 2 + r_i W s_i, with W of Pollaczek and Khinchine."""
    load = 0.4
    rate = load / (slow_share * slow_s + (1 - slow_share) * quick_s)
    visits = _run_queue(rate, slow_share, {"quick": quick_s, "slow": slow_s}, requests=25_000)
    rates = {"quick": rate * (1 - slow_share), "slow": rate * slow_share}
    seconds = {"quick": quick_s, "slow": slow_s}
    wait = sum(rates[name] * seconds[name] ** 2 for name in rates) / 2 / (1 - load)
    expected = {name: rates[name] * seconds[name] * (seconds[name] / 2 + wait) for name in rates}
    measured = _divide_waits(visits)
    total = sum(measured.values())
    assert total / len(visits) == pytest.approx(wait, rel=0.1)
    for name in rates:
        assert measured[name] / total == pytest.approx(expected[name] / wait, abs=0.02)


def _run_queue(rate: float, slow_share: float, seconds: dict[str, float], requests: int) -> list[Visit]:
    """Visits of Poisson requests at one worker, some of them slow."""
    random = np.random.default_rng(5)
    arrivals = np.cumsum(random.exponential(1 / rate, requests))
    is_slow = random.random(requests) < slow_share

    def serve(number: int) -> Any:
        yield Compute("slow" if is_slow[number] else "quick")

    costs = StatedCosts({name: Constant(kind="constant", value_s=value) for name, value in seconds.items()})
    network = Network((Host("server"),), ("server", lambda context: serve), costs)
    horizon = float(arrivals[-1]) + 1.0
    simulation = Simulation(network, arrivals, horizon, Variates(1, 0), "events", True, "requests", MemorySink(), None)
    visits = trace_visits(simulation)
    simulation.run(0.0, None)
    return visits


def _divide_waits(visits: list[Visit]) -> dict[str, float]:
    timeline = Timeline()
    for visit in visits:
        timeline.add(visit)
    timeline.sort()
    divided: dict[str, float] = defaultdict(float)
    for visit in visits:
        if find_start(visit) > visit.arrival + 1e-12:
            for operation, seconds in timeline.divide(visit.arrival, find_start(visit)):
                divided[operation] += seconds
    return divided


def _find_first(made: Scenario, design: str, metric: str) -> tuple[str, str]:
    records, visits = simulate_traced(made, design)
    causes = find_causes(records, visits, made.run.warm_up_s, (metric,))[metric]
    assert sum(cause.share for cause in causes) == pytest.approx(1.0)
    assert all(cause.waiting >= 0 and cause.working >= 0 for cause in causes)
    return causes[0].host, causes[0].operation


class TestLargestCause:
    def test_password_checks_on_the_one_worker_of_the_server(self) -> None:
        made = scenario(**SIGN_INS, **NEAR, **LONGER)
        assert _find_first(made, OPAQUE, "p99_s") == ("authorization_server", "user.authenticate")

    def test_the_work_of_the_api(self) -> None:
        made = scenario(**NEAR, **LONGER, world__service__work={"kind": "exponential", "mean_s": 0.03})
        for metric in ("mean_s", "p99_s"):
            assert _find_first(made, JWT, metric) == ("service", "service.work")

    def test_the_network(self) -> None:
        made = scenario(**LONGER, world__service__work={"kind": "constant", "value_s": 0.0001})
        assert _find_first(made, JWT, "mean_s") == ("", "")


class TestReasons:
    def test_a_comparison_names_station_and_operation(self) -> None:
        compared = compare(
            scenario(
                designs={OPAQUE: design_of(OPAQUE, "reference_token")},
                limits={"p99_s": 0.004, "revocation_lag_s": 60},
                **SIGN_INS,
                **NEAR,
                **LONGER,
            )
        )
        judged = explain_limits(judge_comparison(compared))
        (outcome,) = [own for own in judged.limits if (own.design, own.limit) == (OPAQUE, "p99_s")]
        assert outcome.word in ("broken", "undecided")
        assert "at or above the p99" in outcome.reason
        assert "waiting at the authorization server" in outcome.reason
        assert "checking a password (user.authenticate)" in outcome.reason
        assert any("checking a password" in sentence for sentence in judged.limit_sentences)

    def test_a_refusal_names_the_servers_with_which_the_latency_is_short_enough(self) -> None:
        busy = {**NEAR, **LONGER, "world__service__work": {"kind": "constant", "value_s": 0.03}}
        designs = {JWT: design_of(JWT, "jwt_access_token")}
        made = scenario(**busy, designs=designs, limits={"p99_s": 0.07}, run__replications=3)
        judged = explain_limits(judge_comparison(compare(made)))
        (outcome,) = [own for own in judged.limits if (own.design, own.limit) == (JWT, "p99_s")]
        assert outcome.word == "broken"
        ((change,),) = outcome.remedies
        assert (
            f": replicas.service = 1 lets them wait; {change.value} would do, tried in one replication."
            in outcome.reason
        )
        factor = FACTORS.index(change.value)
        for value in (change.value, *FACTORS[max(factor - 1, 0) : factor]):
            changed = change_scenario(made, {change.key: value})
            latency = summarise(simulate(changed, JWT), made.run.warm_up_s)["p99_s"]
            assert (latency <= 0.07) == (value == change.value), "and no smaller number of those that are tried"

    def test_more_servers_are_no_remedy_for_work_that_takes_too_long(self) -> None:
        made = scenario(**NEAR, limits={"mean_s": 0.01}, world__service__work={"kind": "constant", "value_s": 0.02})
        causes = [Cause("service", "service.work", 0.2, 0.1), Cause("", "", 0.0, 0.0)]
        assert find_crowded_host(causes) == "service"
        assert find_latency_remedy(made, JWT, "mean_s", "service") == ()
        assert find_crowded_host([Cause("service", "service.work", 0.1, 0.2)]) == ""
        assert find_crowded_host([]) == ""

    def test_limits_that_are_met_need_no_trace(self) -> None:
        judged = judge_comparison(compare(scenario(limits={"p99_s": 60.0})))
        assert explain_limits(judged) is judged

    def test_a_share_of_the_network_is_said_with_the_largest_station(self) -> None:
        made = scenario(**LONGER)
        records, visits = simulate_traced(made, JWT)
        causes = find_causes(records, visits, made.run.warm_up_s, ("mean_s",))["mean_s"]
        told = describe_causes("mean_s", causes)
        assert told.startswith("Of the time of all requests, ")
        assert "is the network" in told
        assert "the work of the API (service.work) at the resource server" in told

    def test_a_long_run_isshorten_runed_before_it_is_traced(self) -> None:
        made = scenario(run__length_s=1e6)
        assert shorten_run(made).expected_requests == pytest.approx(TRACED_REQUESTS, rel=0.02)
        assert shorten_run(scenario()) == scenario() or shorten_run(made).run.warm_up_s == made.run.warm_up_s


def test_stations_that_look_ahead_cannot_be_traced() -> None:
    def serve(_: int) -> Any:
        yield Compute("work")

    costs = StatedCosts({"work": Constant(kind="constant", value_s=0.1)})
    network = Network((Host("server", known_on_arrival=True),), ("server", lambda context: serve), costs)
    simulation = Simulation(network, np.array([1.0]), 5.0, Variates(1, 0), "auto", True, "requests", MemorySink(), None)
    with pytest.raises(ValueError, match="look ahead"):
        trace_visits(simulation)

"""A closed scenario beside mean value analysis: demands, preconditions, and answers that meet."""

from typing import Any

import pytest

from simlib import load_scenario
from simlib.analysis import student
from simlib.analysis.queueing import ClosedStation, mean_value_analysis
from simlib.experiment import compare
from simlib.experiment.closed_validation import list_approximations, measure_demands, solve_closed
from simlib.experiment.validation import Case, Quantity, TheoryCheck, check_scenario, list_textbook_cases
from simlib.scenario.distributions import Constant
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario
from support.scenarios import design_of, scenario

TWO = {
    "opaque": design_of("opaque_introspection", "reference_token"),
    "jwt": design_of("jwt_local", "jwt_access_token"),
}
PASSED_ON = {"part": "pass_through"}
CLOSED = {"kind": "closed", "think": {"kind": "exponential", "mean_s": 0.5}}


def small(**changes: Any) -> Scenario:
    """Thirty users on servers that share their time, kept busy."""
    usual: dict[str, Any] = {
        "designs": TWO,
        "world__population__users": 30,
        "world__load": CLOSED,
        "world__service__discipline": "processor_sharing",
        "world__service__work": {"kind": "exponential", "mean_s": 0.02},
        "world__authorization_server__discipline": "processor_sharing",
        "world__revocations__rate": 0.0,
        "run__length_s": 10.0,
        "run__warm_up_s": 3.0,
        "run__replications": 14,
    }
    return scenario(**{**usual, **changes})


def test_the_bundled_closed_scenario_meets_mean_value_analysis() -> None:
    bundled = load_scenario("batch-workers")
    shorter = {"length_s": 25.0, "warm_up_s": 8.0, "replications": 10}
    brief = bundled.with_run(bundled.run.model_copy(update=shorter))
    found = list(check_scenario(compare(brief), 0.999))
    assert len(found) == 3 * len(bundled.designs)
    for one in found:
        assert one.is_inside, one
        assert one.simulated.half_width < 0.15 * one.theory


@pytest.mark.parametrize("replicas", [1, 2])
def test_replicas_are_stations_that_are_visited_at_random(replicas: int) -> None:
    designs = {name: {**one, "replicas": {"service": replicas}} for name, one in TWO.items()}
    for one in check_scenario(compare(small(designs=designs)), 0.999):
        assert one.is_inside, one
        assert one.simulated.half_width < 0.25 * one.theory, one


def test_demands_are_those_of_one_user_whom_nobody_keeps_waiting() -> None:
    work = Constant(value_s=0.02)
    alone = measure_demands(small(), "jwt")
    assert alone.think_s == 0.5
    assert work.mean() < alone.service_s < work.mean() + 0.001
    assert alone.authorization_server_s < 1e-4 < measure_demands(small(), "opaque").authorization_server_s


def test_demands_do_not_depend_on_how_many_users_there_are() -> None:
    assert measure_demands(small(), "opaque") == measure_demands(small(world__population__users=300), "opaque")


def test_the_answer_is_that_of_the_analysis_with_these_demands() -> None:
    one, demands = small(), measure_demands(small(), "opaque")
    exact = mean_value_analysis(
        30,
        demands.think_s + demands.links_s,
        [ClosedStation(1, demands.service_s), ClosedStation(1, demands.authorization_server_s)],
    )
    answer = solve_closed(one, "opaque")
    assert answer.throughput == pytest.approx(exact.throughput)
    assert answer.response_s == pytest.approx(exact.response_s + demands.links_s)


def test_a_product_form_network_departs_from_nothing() -> None:
    assert list_approximations(small()) == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"world__service__discipline": "fifo"}, "first come, first served"),
        ({"world__service__threads": 4, "world__service__discipline": "fifo"}, "Threads that wait"),
        ({"world__revocations__rate": 0.1}, "Revoked tokens"),
        ({"world__authorization_server__rate_limit": {"requests_per_s": 5.0, "burst": 5}}, "limits the rate"),
        ({"world__network__service_to_authorization_server__connections": 4}, "Connections"),
        ({"designs": {**TWO, "cached": design_of("opaque_cached", "reference_token")}}, "Calls of cached depend"),
    ],
)
def test_what_breaks_the_product_form_is_told(change: dict[str, Any], words: str) -> None:
    told = [sentence for sentence in list_approximations(small(**change)) if words in sentence]
    assert len(told) == 1
    assert told[0].endswith("the analysis is an approximation there.")


def test_another_load_than_a_closed_one_is_refused() -> None:
    with pytest.raises(InputError, match=r"world\.load\.kind"):
        solve_closed(small(world__load={"kind": "poisson", "arrival_rate": 5.0}), "jwt")


def test_servers_beyond_the_two_are_refused_for_their_queues_would_be_missing() -> None:
    stock: dict[str, Any] = {"audience": "https://stock.example", "scope": "read", "reply_bytes": 9}
    stock["work"] = {"kind": "constant", "value_s": 0.01}
    called = {"world__inner_services": {"stock": stock}, "world__service__calls": ["stock"]}
    behind = {name: {**one, "inner_service": one["service"], "downstream": PASSED_ON} for name, one in TWO.items()}
    with pytest.raises(InputError, match=r"world\.service\.calls: .* one service and one authorization server"):
        solve_closed(small(designs=behind, **called), "jwt")


def test_a_number_is_inside_when_its_interval_holds_it() -> None:
    interval = student([1.0, 2.0, 3.0])
    assert TheoryCheck("M/M/1", Quantity("mean sojourn", "s"), 2.5, interval).is_inside
    assert not TheoryCheck("M/M/1", Quantity("mean sojourn", "s"), 9.0, interval).is_inside


def test_a_case_puts_both_answers_side_by_side() -> None:
    case = Case("toy", lambda: [(Quantity("number", ""), 2.0, [1.0, 2.0, 3.0])])
    (one,) = case(0.9)
    assert (one.network, one.theory, one.simulated) == ("toy", 2.0, student([1.0, 2.0, 3.0], 0.9))


def test_the_textbook_has_open_stations_and_closed_networks() -> None:
    names = [case.network for case in list_textbook_cases()]
    assert names[:4] == ["M/M/1", "M/M/4", "M/D/1", "M/G/1-PS"]
    assert "RS-AS-RS, 40 users" in names
    (one,) = list_textbook_cases(seed=7)[0]()
    assert one.is_inside

"""Figures of bad days from records made by hand, and from a world in which one design goes under and others do not."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest

from simlib import simulate
from simlib.analysis.availability import IN_TIME_S, compute_availability, compute_mean_latency, find_correct_answers
from simlib.analysis.exposure import WrongVerdicts, count_wrong_verdicts
from simlib.analysis.fault_impact import (
    FIGURE_NAMES,
    INSTANT_WINDOW_S,
    MINIMUM_REQUESTS,
    FaultWindow,
    Promise,
    find_end,
    find_fault_window,
    has_collapsed,
    measure_bad_day,
    measure_baseline,
    measure_recovery,
)
from simlib.analysis.usage import find_peak_request_rate, find_peak_utilisation
from simlib.scenario.records import FAILED, FINISHED, REFUSED, SCHEMA, SESSION, STRANGER, UNFINISHED, Records
from simlib.scenario.scenario import Scenario
from support.worlds import DESIGNS, costing, scenario

NAN, INF = float("nan"), float("inf")
HORIZON = 100.0


def records(horizon: float = HORIZON, **tables: Mapping[str, Sequence[float]]) -> Records:
    """Records with these columns; what is not given is 0, NaN for instants."""
    made = {}
    for table, kinds in SCHEMA.items():
        given = tables.get(table, {})
        count = max((len(values) for values in given.values()), default=0)
        made[table] = {
            name: np.array(given.get(name, [NAN if kind == "f8" else 0] * count), dtype=kind)
            for name, kind in kinds.items()
        }
    names = ("client", "service", "authorization_server", "serve", "outage", "down", "storm", "retry_storm")
    return Records(made, names, horizon, {"service": 1, "authorization_server": 2}, {})


def asked(arrivals: Sequence[float], took: float = 0.1, outcome: int = FINISHED, **more: Sequence[float]) -> Any:
    """Requests that all ended alike."""
    count = len(arrivals)
    ended = [NAN] * count if outcome == UNFINISHED else [arrival + took for arrival in arrivals]
    usual: dict[str, Sequence[float]] = {
        "request": list(range(count)),
        "user": list(range(count)),
        "arrival": list(arrivals),
        "end": ended,
        "outcome": [outcome] * count,
        "status": [{FINISHED: 200, REFUSED: 401, FAILED: 503, UNFINISHED: 0}[outcome]] * count,
        "token": [-1] * count,
        "accepted": [-1] * count,
        "signing_in": [0.0] * count,
    }
    return {**usual, **more}


def together(*tables: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    return {name: [value for table in tables for value in table[name]] for name in tables[0]}


# --- availability ---


def test_available_is_who_was_served_in_time_of_those_who_came() -> None:
    late, lost = asked([20.0, 21.0], took=IN_TIME_S + 0.01), asked([22.0], outcome=FAILED)
    table = together(asked([10.0, 19.9, 23.0]), late, lost, asked([24.0], outcome=REFUSED), asked([30.0]))
    assert compute_availability(records(requests=table), 15.0, 25.0) == pytest.approx(2 / 6)
    assert compute_availability(records(requests=table), 15.0, 25.0, in_time_s=2.0) == pytest.approx(4 / 6)
    assert np.isnan(compute_availability(records(requests=table), 50.0, 60.0))
    assert compute_mean_latency(records(requests=table), 20.0, 24.0) == pytest.approx(
        (2 * (IN_TIME_S + 0.01) + 0.1) / 3
    )


def test_who_could_still_be_answered_in_time_after_the_end_does_not_count() -> None:
    table = together(asked([50.0, 99.5], outcome=UNFINISHED), asked([60.0]))
    assert compute_availability(records(requests=table), 0.0, HORIZON) == 0.5


def test_strangers_do_not_count() -> None:
    table = together(asked([10.0]), asked([11.0], outcome=REFUSED, user=[STRANGER]))
    assert compute_availability(records(requests=table), 0.0, HORIZON) == 1.0


def test_of_a_user_who_is_logged_out_a_refusal_is_the_right_answer_until_he_signs_in() -> None:
    one = {"user": [7, 7, 7, 7, 7], "signing_in": [0.0, 0.0, 0.0, 0.5, 0.0]}
    table = asked([1.0, 11.0, 12.0, 13.0, 14.0], **one)
    table["outcome"] = [FINISHED, FINISHED, REFUSED, FINISHED, FINISHED]
    ended = {"token": [SESSION], "user": [7], "effective": [10.0], "asked": [10.0], "revocation": [0]}
    found = records(requests=table, revocations=ended)
    assert find_correct_answers(found["requests"], found).tolist() == [True, False, True, True, True]
    assert find_correct_answers(found["requests"], records(requests=table)).tolist() == [True, True, False, True, True]


# --- wrong answers ---

TOKENS = {"token": [0, 1, 2], "user": [0, 1, 2], "issued": [0.0] * 3, "expires": [300.0, 50.0, 300.0]}
REVOKED = {"revocation": [0, 1], "token": [2, 2], "user": [2, 2], "asked": [19.0, 39.0], "effective": [20.0, 40.0]}


def verdicts(instants: Sequence[float], tokens: Sequence[int], accepted: int, **more: Any) -> Any:
    outcome = FINISHED if accepted else REFUSED
    count = len(instants)
    return asked(instants, outcome=outcome, token=tokens, accepted=[accepted] * count, decided=instants, **more)


def counted(table: Any, since: float = 0.0, **promise: float) -> WrongVerdicts:
    return count_wrong_verdicts(records(requests=table, tokens=TOKENS, revocations=REVOKED), since, **promise)


def test_a_good_token_that_is_refused_is_counted_and_a_bad_one_is_not() -> None:
    refused = verdicts([10.0, 60.0, 60.0, 10.0], [0, 1, 2, 2], 0)  # good, expired, revoked, not yet revoked
    refused |= {"decided": [10.0, 60.0, 60.0, 10.0]}
    assert counted(refused) == WrongVerdicts(2, 0, 0, 0, 0)
    assert counted(refused, since=11.0).refused == 0
    failed = verdicts([10.0, 10.0], [0, -1], 0) | {"outcome": [FAILED, FAILED], "status": [503, 503]}
    assert counted(failed).refused == 1  # the second never presented a token
    other = verdicts([10.0], [0], 0) | {"status": [400]}
    assert counted(other).refused == 0
    asked_in_vain = asked([10.0], outcome=FAILED, token=[0], decided=[NAN])
    assert counted(asked_in_vain).refused == 1


def test_a_bad_token_that_is_accepted_is_counted_by_what_is_wrong_with_it() -> None:
    accepted = verdicts([10.0, 49.0, 51.0, 19.0, 25.0, 90.0], [0, 1, 1, 2, 2, 2], 1)
    assert counted(accepted) == WrongVerdicts(0, 0, 1, 0, 2)
    assert counted(accepted, after_revocation_s=10.0) == WrongVerdicts(0, 0, 1, 1, 1)
    assert counted(accepted, after_revocation_s=100.0, after_expiry_s=5.0) == WrongVerdicts(0, 0, 0, 2, 0)
    stranger = verdicts([10.0], [-1], 1, user=[STRANGER])
    assert counted(stranger) == WrongVerdicts(0, 1, 0, 0, 0)
    assert counted(stranger).accepted_wrongly == 1


# --- recovery ---


def steadily(begin: float, end: float, took: float = 0.1, rate: float = 60.0, **more: Any) -> Any:
    return asked(np.arange(begin, end, 1 / rate).tolist(), took, **more)


def test_recovery_lasts_until_no_second_is_out_of_the_band_any_more() -> None:
    table = together(steadily(0.0, 20.0), steadily(20.0, 37.0, outcome=FAILED), steadily(37.0, 100.0))
    found = records(requests=table)
    usual = measure_baseline(found, 2.0, 20.0)
    assert usual is not None
    assert (usual.share, usual.late_s) == (1.0, pytest.approx(0.2))
    assert usual.rate == pytest.approx(60.0)
    assert measure_recovery(found, usual, 30.0) == 7.0
    assert measure_recovery(found, usual, 40.0) == 0.0


def test_a_last_second_within_the_band_is_no_recovery() -> None:
    for back, recovered in ((99.0, False), (98.0, False), (97.0, True)):
        table = together(steadily(0.0, 20.0), steadily(20.0, back, outcome=FAILED), steadily(back, 100.5))
        found = records(requests=table)
        usual = measure_baseline(found, 2.0, 20.0)
        assert usual is not None
        assert np.isfinite(measure_recovery(found, usual, 30.0)) == recovered


def test_answers_that_stay_slow_are_no_recovery_and_neither_is_a_failure_to_the_end() -> None:
    for after in (steadily(30.0, 100.0, took=0.3), steadily(30.0, 100.0, outcome=FAILED)):
        found = records(requests=together(steadily(0.0, 30.0), after))
        usual = measure_baseline(found, 0.0, 20.0)
        assert usual is not None
        assert np.isnan(measure_recovery(found, usual, 25.0))
        assert not has_collapsed(found, usual, 25.0)  # nobody toils in vain


def test_a_tenth_of_bad_answers_is_within_the_band_and_more_is_not() -> None:
    def mixed(bad: float) -> Records:
        table = together(steadily(0.0, 20.0), steadily(20.0, 100.0))
        table["outcome"] = [
            FAILED if arrival > 20.0 and number % 100 < bad * 100 else outcome
            for number, (arrival, outcome) in enumerate(zip(table["arrival"], table["outcome"], strict=True))
        ]
        return records(requests=table)

    for bad, recovered in ((0.02, True), (0.5, False)):
        usual = measure_baseline(mixed(bad), 0.0, 20.0)
        assert usual is not None
        assert np.isfinite(measure_recovery(mixed(bad), usual, 20.0)) == recovered


def test_with_too_few_requests_nobody_knows_what_is_usual() -> None:
    few = records(requests=asked(np.linspace(0.0, 19.0, MINIMUM_REQUESTS - 1).tolist()))
    assert measure_baseline(few, 0.0, 20.0) is None
    figures = measure_bad_day(few, 0.0, FaultWindow(20.0, 30.0, 30.0))
    assert np.isnan(figures["recovery_s"])
    assert np.isnan(figures["collapsed"])


# --- peaks ---


def test_the_busiest_second_is_found_in_calls_and_in_samples() -> None:
    sent = [5.1, 5.2, 10.0, 10.3, 10.9, 11.2]
    calls = {"sent": sent, "callee": [2, 1, 2, 2, 2, 2], "status": [200] * 6}
    stations = {"time": [0.0, 1.0, 2.0, 3.0], "busy": [0.0, 0.5, 2.1, 2.1], "host": [2] * 4, "replica": [0] * 4}
    found = records(calls=calls, stations=stations)
    assert find_peak_request_rate(found, 5.0) == 3.0
    assert find_peak_request_rate(found, 50.0) == 0.0
    assert find_peak_utilisation(found, 0.0) == pytest.approx(1.6 / 2)
    assert np.isnan(find_peak_utilisation(found, 2.5))


# --- windows ---


def test_the_window_is_that_of_the_faults_and_a_storm_of_retries_only_keeps_them_going() -> None:
    faults = {"fault": [4, 6], "kind": [5, 7], "begin": [10.0, 12.0], "end": [20.0, 90.0]}
    assert find_fault_window(records(faults=faults)) == FaultWindow(10.0, 20.0, 20.0)
    sudden = {name: [values[0]] for name, values in faults.items()} | {"end": [10.0]}
    assert find_fault_window(records(faults=sudden)) == FaultWindow(10.0, 10.0, 10.0 + INSTANT_WINDOW_S)
    assert find_fault_window(records()) is None
    assert find_end([(5.0, "retry_storm")]) == 5.0
    figures = measure_bad_day(records(requests=asked([1.0])), 0.0)
    assert figures["availability_run"] == 1.0
    assert all(np.isnan(figures[name]) for name in FIGURE_NAMES)
    assert list(measure_bad_day(records(faults=faults), 0.0, promise=Promise(1.0, 1.0)))[1:] == list(FIGURE_NAMES)


# --- a collapse ---

CAUSE = {"kind": "slow", "host": "authorization_server", "factor": 12.0, "at_s": 20.0, "length_s": 5.0}
HABIT = {"kind": "retry_storm", "times": 3, "at_s": 20.0, "length_s": 60.0}
IMPATIENT = {"part": "bearer", "timeout_s": 1.0}


def impatient(**faults: Any) -> Scenario:
    """A server that is asked at every request is 40 % busy; people try four times, for a second each."""
    designs = {
        name: {**design, "client": IMPATIENT, "service": {**design["service"], "timeout_s": 0.5}}
        for name, design in DESIGNS.items()
    }
    world = {"faults": faults}
    found = scenario(
        designs=designs, world=world, length_s=80.0, warm_up_s=2.0, service={"user_information_share": 0.0}
    )
    return costing(found, store__dict__get=0.02)


@cache
def figures_of(design: str, storm: bool) -> dict[str, float]:
    faults = {"cause": CAUSE, "habit": HABIT} if storm else {"cause": CAUSE}
    return measure_bad_day(simulate(impatient(**faults), design), 2.0)


def test_retries_keep_a_failure_going_whose_cause_is_gone_and_the_word_for_that_is_collapse() -> None:
    figures = figures_of("opaque", storm=True)
    assert figures["collapsed"] == 1.0
    assert np.isnan(figures["recovery_s"])
    assert figures["as_peak_utilisation"] > 0.99


def test_without_retries_the_same_design_recovers() -> None:
    figures = figures_of("opaque", storm=False)
    assert figures["collapsed"] == 0.0
    assert 0.0 < figures["recovery_s"] < 20.0


@pytest.mark.parametrize("design", ["cached", "jwt"])
def test_designs_that_ask_seldom_recover_under_the_same_storm(design: str) -> None:
    figures = figures_of(design, storm=True)
    assert figures["collapsed"] == 0.0
    assert np.isfinite(figures["recovery_s"])

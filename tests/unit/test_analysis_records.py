"""Tables and summaries on records made by hand, where every number can be computed in the head."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simlib.analysis import (
    METRICS,
    check_littles_law,
    compute_latency,
    select_after_warm_up,
    select_finished,
    select_outcomes,
    summarise,
    to_frame,
)
from simlib.scenario.records import FAILED, FINISHED, REFUSED, SCHEMA, UNFINISHED, Records
from simlib.scenario.sinks import MemorySink

NAMES = ("client", "service", "authorization_server", "store", "introspect", "jwt.sign.ES256", "jwt.verify.ES256")
CLIENT, RS, AS, STORE, INTROSPECT, SIGN, VERIFY = range(len(NAMES))
NAN = math.nan
BLANK: Mapping[str, Any] = {"end": NAN, "decided": NAN, "based_on": NAN, "token": -1, "replica": -1, "accepted": -1}


def records(horizon: float = 100.0, **tables: Iterable[Mapping[str, Any]]) -> Records:
    sink = MemorySink()
    for table, rows in tables.items():
        for row in rows:
            sink.open_writer(table)(tuple(row.get(name, BLANK.get(name, 0)) for name in SCHEMA[table]))
    workers = {"client": 1, "service": 2, "authorization_server": 4, "store": 1}
    return Records(sink.close(), NAMES, horizon, workers, dict.fromkeys(workers, "events"))


def request(arrival: float, taken: float = 1.0, **columns: Any) -> dict[str, Any]:
    answered = {"end": arrival + taken, "decided": arrival, "outcome": FINISHED, "accepted": 1, "validations": 1}
    return {"arrival": arrival, **answered, **columns}


def sample(host: int, time: float, busy: float = 0.0, replica: int = 0, **columns: Any) -> dict[str, Any]:
    return {"host": host, "replica": replica, "time": time, "busy": busy, **columns}


def test_numbers_become_names_and_the_records_stay_as_they_were() -> None:
    made = records(
        calls=[{"caller": RS, "callee": AS, "target": INTROSPECT, "sent": 1.0}],
        requests=[request(0.0), request(1.0, outcome=UNFINISHED, end=NAN)],
        operations=[{"host": AS, "operation": SIGN}],
    )
    calls = to_frame(made, "calls")
    assert calls[["caller", "callee", "target"]].to_numpy().tolist() == [
        ["service", "authorization_server", "introspect"]
    ]
    assert to_frame(made, "operations")["operation"].tolist() == ["jwt.sign.ES256"]
    frame = to_frame(made, "requests")
    assert frame["outcome"].tolist() == ["finished", "unfinished"]
    frame.loc[0, "arrival"] = 99.0
    assert made["requests"]["arrival"].tolist() == [0.0, 1.0]


def test_nobody_has_an_empty_name() -> None:
    assert to_frame(records(calls=[{"caller": -1, "callee": AS}]), "calls")["caller"].tolist() == [""]


def test_an_unknown_table_or_outcome_is_refused() -> None:
    with pytest.raises(ValueError, match="no table 'request'"):
        to_frame(records(), "request")
    with pytest.raises(ValueError, match="no outcome 'done'"):
        select_outcomes(to_frame(records(), "requests"), "done")


def test_filters_keep_arrivals_after_warm_up_and_finished_requests() -> None:
    frame = to_frame(records(requests=[request(9.9), request(10.0), request(11.0, 2.0, outcome=REFUSED)]), "requests")
    assert select_after_warm_up(frame, 10.0)["arrival"].tolist() == [10.0, 11.0]
    assert compute_latency(select_finished(frame)).tolist() == pytest.approx([1.0, 1.0])


def test_percentiles_are_those_of_numpy_over_finished_requests_after_warm_up() -> None:
    rng = np.random.default_rng(7)
    taken = rng.exponential(size=500)
    rows = [request(10.0 + 0.01 * i, float(t)) for i, t in enumerate(taken)]
    early, odd = request(1.0, 50.0), request(20.0, 50.0, outcome=FAILED)
    late = request(20.0, outcome=UNFINISHED, end=NAN)
    summary = summarise(records(requests=[*rows, early, odd, late]), 10.0)
    assert summary["mean_s"] == pytest.approx(taken.mean())
    for name, q in (("p50_s", 50), ("p95_s", 95), ("p99_s", 99)):
        assert summary[name] == pytest.approx(np.percentile(taken, q))
    assert (summary["arrivals"], summary["failed"], summary["unfinished"]) == (502, 1, 1)
    assert summary["failed_share"] == pytest.approx(1 / 502)


def test_every_arrival_has_exactly_one_outcome() -> None:
    ends = [FINISHED, REFUSED, REFUSED, FAILED, UNFINISHED, FINISHED]
    summary = summarise(records(requests=[request(float(i), outcome=o) for i, o in enumerate(ends)]), 0.0)
    assert summary["arrivals"] == 2 + summary["refused"] + summary["failed"] + summary["unfinished"] == 6
    assert summary["refused_share"] == pytest.approx(2 / 6)


def test_checking_share_is_a_ratio_of_means() -> None:
    rows = [request(0.0, 1.0, checking=0.5, obtaining=0.2), request(1.0, 9.0, checking=0.5)]
    summary = summarise(records(requests=rows), 0.0)
    assert summary["checking_mean_s"] == 0.5
    assert summary["checking_share"] == pytest.approx(1.0 / 10.0)  # the mean of the ratios would be 0.28
    assert summary["obtaining_mean_s"] == pytest.approx(0.1)


def test_hits_are_verdicts_without_asking_or_waiting() -> None:
    hits = [request(1.0), request(2.0), request(3.0, asked=1), request(4.0, joined=1)]
    never_validated = request(5.0, validations=0)
    summary = summarise(records(requests=[*hits, never_validated, request(0.0, asked=1)]), 1.0)
    assert summary["hit_ratio"] == 0.5
    assert summary["asked_per_request"] == pytest.approx(1 / 5)


def test_calls_to_the_authorization_server_count_per_second_after_warm_up() -> None:
    calls = [{"caller": RS, "callee": AS, "sent": t} for t in (5.0, 20.0, 30.0, 99.0)]
    other = {"caller": CLIENT, "callee": RS, "sent": 50.0}
    assert summarise(records(calls=[*calls, other]), 20.0)["as_requests_per_s"] == pytest.approx(3 / 80)


def test_introspections_count_per_second_in_all_regions() -> None:
    calls = [{"caller": RS, "callee": AS, "target": INTROSPECT, "sent": t} for t in (5.0, 20.0, 30.0)]
    made = records(calls=[*calls, {"caller": CLIENT, "callee": AS, "target": SIGN, "sent": 50.0}])
    assert summarise(made, 20.0)["introspections_per_s"] == pytest.approx(2 / 80)
    regions = replace(made, names=(*NAMES[:INTROSPECT], "introspect@eu", *NAMES[INTROSPECT + 1 :]))
    assert summarise(regions, 20.0)["introspections_per_s"] == pytest.approx(2 / 80)
    assert summarise(records(), 20.0)["introspections_per_s"] == 0.0


def test_bytes_are_per_arrived_request() -> None:
    rows = [request(0.0, bytes=10_000), request(5.0, bytes=100), request(6.0, bytes=300)]
    assert summarise(records(requests=rows), 5.0)["bytes_per_request"] == 200.0


def test_utilisation_is_a_difference_of_integrals_over_workers_and_replicas() -> None:
    stations = [
        *(sample(RS, t, b) for t, b in ((0, 0.0), (9, 18.0), (10, 18.5), (60, 68.5), (100, 108.5))),
        *(sample(RS, t, b, replica=1) for t, b in ((0, 0.0), (9, 1.0), (10, 1.0), (60, 2.0), (100, 37.0))),
        *(sample(AS, t, b) for t, b in ((0, 0.0), (10, 30.0), (100, 66.0))),
    ]
    rows = [request(float(t)) for t in (5, 10, 40, 90, 100)]  # three of them between the samples at 10 and 100
    summary = summarise(records(stations=stations, requests=rows), 9.5)
    assert summary["rs_utilisation"] == pytest.approx((90.0 + 36.0) / (90.0 * 2 * 2))
    assert summary["as_utilisation"] == pytest.approx(36.0 / (90.0 * 4))
    assert summary["rs_cpu_s"] == pytest.approx(126.0 / 3)
    assert summary["as_cpu_s"] == pytest.approx(36.0 / 3)
    assert math.isnan(summary["store_utilisation"])


def test_signatures_are_told_by_the_first_words_of_the_operation() -> None:
    operations = [
        {"host": AS, "operation": SIGN, "count": 5, "distinct": 5},
        {"host": RS, "operation": VERIFY, "count": 40, "distinct": 5},
        {"host": AS, "operation": VERIFY, "count": 2, "distinct": 1},
        {"host": AS, "operation": INTROSPECT, "count": 99, "distinct": 99},
    ]
    summary = summarise(records(operations=operations), 0.0)
    made = [summary[f"signatures_{what}"] for what in ("made", "verified", "verified_charged")]
    assert made == [5, 6, 42]


def tokens(*issued: float, lifetime: float = 30.0) -> list[dict[str, Any]]:
    return [{"token": i, "issued": t, "expires": t + lifetime} for i, t in enumerate(issued)]


def revoked(token: int, effective: float) -> dict[str, Any]:
    return {"token": token, "asked": effective, "effective": effective}


def test_exposure_lasts_from_the_revocation_to_the_last_accepting_verdict() -> None:
    made = records(
        tokens=tokens(0.0, 10.0, 20.0),
        revocations=[revoked(0, 10.0), revoked(1, 30.0), revoked(2, 40.0)],
        requests=[
            request(9.0, token=0, decided=9.0),
            request(9.9, token=0, decided=12.0),  # arrived before, decided after
            request(16.0, token=0, decided=16.0),
            request(20.0, token=0, decided=20.0, accepted=0),
            request(29.0, token=1, decided=29.0),  # none after the revocation: no exposure
            request(41.0, token=2, decided=41.0),
            request(90.0, token=2, decided=NAN, accepted=-1),
        ],
    )
    summary = summarise(made, 0.0)
    assert summary["revocations"] == 3
    assert summary["exposure_s"] == pytest.approx((6.0 + 0.0 + 1.0) / 3)
    assert summary["exposure_requests"] == pytest.approx((2 + 0 + 1) / 3)


def test_revocations_count_after_warm_up_and_a_lifetime_before_the_end() -> None:
    lost = revoked(0, NAN)
    early, first, last, late = (revoked(0, t) for t in (19.9, 20.0, 70.0, 70.1))
    made = records(tokens=tokens(0.0), revocations=[early, first, last, late, lost])
    assert summarise(made, 20.0)["revocations"] == 2
    assert math.isnan(summarise(records(tokens=tokens(0.0)), 0.0)["exposure_s"])


def test_exposure_does_not_prefer_tokens_that_are_about_to_expire() -> None:
    # Tokens of 40 s with every remaining life from 0 to 40 s, accepted until they expire, in a run of 100 s.
    lives = [(at, float(left)) for at in np.arange(0.0, 100.0, 2.0) for left in np.arange(0.5, 40.0, 1.0)]
    made = records(
        tokens=tokens(*(at + left - 40.0 for at, left in lives), lifetime=40.0),
        revocations=[revoked(i, at) for i, (at, _) in enumerate(lives)],
        requests=[request(at, token=i, decided=at + left) for i, (at, left) in enumerate(lives) if at + left <= 100.0],
    )
    assert summarise(made, 0.0)["exposure_s"] == pytest.approx(20.0)


def test_the_backlog_slope_is_the_growth_of_the_number_in_the_system() -> None:
    served = [request(i * 0.1, 0.05) for i in range(1000)]
    stuck = [request(float(i), outcome=UNFINISHED, end=NAN) for i in range(100)]
    assert summarise(records(requests=served), 0.0)["backlog_slope"] == pytest.approx(0.0, abs=0.01)
    summary = summarise(records(requests=[*served, *stuck]), 0.0)
    assert summary["backlog_slope"] == pytest.approx(1.0, rel=0.02)
    assert summary["backlog_end"] == 100


def test_growth_in_the_first_half_or_in_the_warm_up_is_no_slope() -> None:
    rows = [request(0.5 * i, outcome=UNFINISHED, end=NAN) for i in range(100)]
    later = [request(50.0 + i, outcome=UNFINISHED, end=NAN) for i in range(20)]
    assert summarise(records(requests=rows), 0.0)["backlog_slope"] == 0.0
    assert summarise(records(requests=[*rows, *later]), 75.0)["backlog_slope"] == 0.0
    assert summarise(records(requests=[*rows, *later]), 0.0)["backlog_slope"] > 0.1


def test_an_empty_run_gives_undefined_numbers_and_no_warning(recwarn: pytest.WarningsRecorder) -> None:
    summary = summarise(records(), 10.0)
    assert all(isinstance(value, float) for value in summary.values())
    assert {name for name, value in summary.items() if not math.isnan(value)} >= {
        "arrivals",
        "unfinished",
        "backlog_end",
    }
    assert math.isnan(summary["mean_s"])
    assert math.isnan(summary["rs_utilisation"])
    assert not recwarn.list


@pytest.mark.parametrize("warm_up_s", [-1.0, 100.0, 200.0, NAN])
def test_a_warm_up_outside_the_run_is_refused(warm_up_s: float) -> None:
    with pytest.raises(ValueError, match="warm-up"):
        summarise(records(), warm_up_s)


def test_every_metric_is_an_entry_of_the_summary() -> None:
    assert set(METRICS) <= set(summarise(records(), 0.0))
    assert all(name == metric.name for name, metric in METRICS.items())


def test_metrics_are_shown_in_the_units_people_use() -> None:
    assert METRICS["p95_s"].format(0.01234) == "12.34 ms"
    assert METRICS["hit_ratio"].format(0.625) == "62.5 %"
    assert METRICS["tokens_in_use"].format(1234.0) == "1,234.0"
    assert METRICS["exposure_s"].format(NAN) == "-"


def test_little_agrees_when_the_integral_is_the_sum_of_the_visits() -> None:
    visits = [
        {"host": RS, "replica": 0, "arrival": 0.0, "end": 30.0},
        {"host": RS, "replica": 0, "arrival": 10.0, "end": 20.0},
        {"host": RS, "replica": 0, "arrival": 90.0, "end": NAN},  # counted up to the horizon: 10 s
        {"host": RS, "replica": 1, "arrival": 50.0, "end": 120.0},  # its end is known and lies beyond: 50 s
    ]
    stations = [
        *(sample(RS, t, present=p, arrivals=3) for t, p in ((0.0, 0.0), (100.0, 50.0))),
        *(sample(RS, t, replica=1, present=p, arrivals=1) for t, p in ((0.0, 0.0), (100.0, 40.0))),
        *(sample(AS, t) for t in (0.0, 100.0)),
    ]
    frame = check_littles_law(records(visits=visits, stations=stations)).set_index(["host", "replica"])
    assert frame.loc[("service", 0), "mean_number"] == pytest.approx(0.5)
    assert frame.loc[("service", 0), "arrival_rate"] == pytest.approx(0.03)
    assert frame.loc[("service", 0), "mean_sojourn_s"] == pytest.approx(50 / 3)
    assert frame.loc[("service", 0), "relative_difference"] == pytest.approx(0.0, abs=1e-12)
    assert frame.loc[("service", 1), "relative_difference"] == pytest.approx(0.25)  # an integral that lost 10 s
    assert frame.loc[("authorization_server", 0), "relative_difference"] == 0.0


def test_little_needs_visits() -> None:
    with pytest.raises(ValueError, match=r'run\.detail = "visits"'):
        check_littles_law(records(stations=[sample(RS, 100.0, present=5.0, arrivals=2)]))


def test_work_that_clients_have_given_up_counts_as_backlog() -> None:
    given_up = [request(float(number), 1.0) for number in range(100)]
    piling = [sample(1, float(instant), number=3 * instant) for instant in range(101)]
    assert summarise(records(requests=given_up, stations=piling), 0.0)["backlog_slope"] == pytest.approx(3.0)

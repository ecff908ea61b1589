"""What a figure counts: sentences, requests that are left out, tokens in use at a time, the busiest host."""

import math
from typing import Any

import numpy as np
import pytest

from simlib.analysis import GAIN_METRICS, METRICS, summarise
from simlib.analysis.metric_sentences import SENTENCES
from simlib.analysis.utilisation import HOST_UTILISATION, find_busiest_host
from simlib.decision.comparison import judge_comparison
from simlib.decision.pairs import BESIDE, compute_margin
from simlib.report.cells import build_comparison_rows
from simlib.report.summary import build_comparison_document, build_summary_rows
from simlib.scenario.limits import Margins
from simlib.scenario.records import FAILED, FINISHED, REFUSED, SCHEMA, UNFINISHED, Records
from simlib.scenario.sinks import MemorySink
from support.comparisons import CACHED, JWT, OPAQUE, comparison

NAMES = ("client", "gateway", "service", "authorization_server", "service.threads")
GATEWAY, SERVICE, AS, THREADS = range(1, 5)


def records(horizon: float = 100.0, **tables: list[dict[str, Any]]) -> Records:
    sink = MemorySink()
    for table, rows in tables.items():
        for row in rows:
            sink.open_writer(table)(tuple(row.get(name, 0) for name in SCHEMA[table]))
    workers = {"gateway": 1, "service": 1, "authorization_server": 2, "service.threads": 8}
    return Records(sink.close(), NAMES, horizon, workers, dict.fromkeys(workers, "events"))


def request(arrival: float, taken: float, outcome: int = FINISHED, **more: Any) -> dict[str, Any]:
    return {"arrival": arrival, "end": arrival + taken, "outcome": outcome, "validations": 1, **more}


# --- sentences ---


def test_every_metric_has_its_own_sentence_and_every_sentence_a_metric() -> None:
    metrics = {**METRICS, **GAIN_METRICS}
    built_in = {name for name in metrics if name in SENTENCES}
    assert built_in == set(SENTENCES)
    assert all(metrics[name].sentence == SENTENCES[name] for name in SENTENCES)
    assert len(set(SENTENCES.values())) == len(SENTENCES)
    for name, sentence in SENTENCES.items():
        assert sentence.endswith("."), name
        assert sentence[0].isupper() or sentence[0].isdigit(), name


@pytest.mark.parametrize("name", [name for name in SENTENCES if name.endswith("_all_s") or name in ("mean_s", "p99_s")])
def test_latencies_say_what_they_leave_out(name: str) -> None:
    assert ("sign-ins is taken off" if "_all" in name else "left out are") in SENTENCES[name]


def test_reports_carry_the_sentences() -> None:
    verdicts = judge_comparison(comparison())
    document = build_comparison_document(verdicts)
    assert document["metrics"]["hit_ratio"]["sentence"] == SENTENCES["hit_ratio"]
    assert set(document["metrics"]) == set(METRICS)


# --- latency ---


def test_a_request_that_met_a_refusal_counts_among_all_finished_ones_alone() -> None:
    rows = [
        request(1.0, 0.1),
        request(2.0, 0.3, refusals=1),
        request(3.0, 9.0, signing_in=8.8),
        request(4.0, 5.0, REFUSED, refusals=1),
        request(5.0, math.nan, UNFINISHED),
    ]
    summary = summarise(records(requests=rows), 0.0)
    assert summary["mean_s"] == pytest.approx(0.1)
    assert summary["mean_all_s"] == pytest.approx((0.1 + 0.3 + 0.2) / 3)
    assert summary["p99_all_s"] == pytest.approx(np.percentile([0.1, 0.3, 0.2], 99))


def test_both_latencies_stand_side_by_side_where_they_differ_and_a_note_says_by_how_much() -> None:
    figures = {
        OPAQUE: {"mean_s": 0.0439, "mean_all_s": 0.0440},
        JWT: {"mean_s": 0.0431, "mean_all_s": 0.0431},
        CACHED: {"mean_s": 0.0435, "mean_all_s": 0.0435},
    }
    verdicts = judge_comparison(comparison(figures))
    names = [row.metric.name for row in build_comparison_rows(verdicts)]
    assert names[:2] == ["mean_s", "mean_all_s"]
    (note,) = [note for note in verdicts.notes if note.startswith("Mean latency leaves out")]
    assert f"{JWT} minus {OPAQUE} -0.8 and -0.9 ms" in note
    same = judge_comparison(comparison())
    assert "mean_all_s" not in [row.metric.name for row in build_comparison_rows(same)]
    assert not [note for note in same.notes if "leaves out requests that were refused" in note]


# --- hits ---


def test_who_waited_for_the_call_of_another_request_made_none_of_its_own() -> None:
    rows = [
        request(1.0, 0.1),
        request(2.0, 0.1, asked=1),
        request(3.0, 0.1, joined=1),
        request(4.0, 0.1, validations=0),
    ]
    summary = summarise(records(requests=rows), 0.0)
    assert summary["hit_ratio"] == pytest.approx(1 / 3)
    assert summary["no_call_ratio"] == pytest.approx(2 / 3)


def test_single_flight_is_a_row_and_a_note_of_its_own() -> None:
    verdicts = judge_comparison(comparison({CACHED: {"hit_ratio": 0.665, "no_call_ratio": 0.89}}))
    assert "no_call_ratio" in [row.metric.name for row in build_comparison_rows(verdicts)]
    (note,) = [note for note in verdicts.notes if "single flight" in note]
    assert f"{CACHED} 22.5%" in note
    assert OPAQUE not in note


# --- tokens in use ---


def token(number: int, user: int, issued: float, expires: float, client: int = 1) -> dict[str, Any]:
    return {"token": number, "user": user, "issued": issued, "expires": expires, "client": client}


@pytest.mark.parametrize(
    ("tokens", "revocations", "warm_up_s", "expected"),
    [
        ([token(0, 0, 0.0, 50.0)], [], 0.0, 0.5),
        ([token(0, 0, -30.0, 20.0)], [], 0.0, 0.2),
        ([token(0, 0, 90.0, 400.0)], [], 0.0, 0.1),
        ([token(0, 0, 10.0, 30.0)], [], 50.0, 0.0),
        ([token(0, 0, 10.0, 70.0)], [], 50.0, 0.4),
        ([token(0, 0, 0.0, 60.0), token(1, 0, 40.0, 100.0)], [], 0.0, 1.0),
        ([token(0, 0, 0.0, 60.0), token(1, 1, 40.0, 100.0)], [], 0.0, 1.2),
        ([token(0, 0, 0.0, 60.0), token(1, 0, 20.0, 80.0, client=0)], [], 0.0, 0.6),
        ([token(0, 0, 0.0, 60.0)], [(0, 15.0)], 0.0, 0.15),
        ([token(0, 0, 0.0, 60.0)], [(0, 15.0), (0, 20.0)], 0.0, 0.15),
        ([token(0, 0, 0.0, 60.0)], [(0, math.nan), (-1, 5.0)], 0.0, 0.6),
        ([], [], 0.0, 0.0),
    ],
    ids=lambda value: "",
)
def test_a_token_is_in_use_from_issue_until_it_ends_is_revoked_or_replaced(
    tokens: list[dict[str, Any]], revocations: list[tuple[int, float]], warm_up_s: float, expected: float
) -> None:
    ended = [{"token": number, "effective": effective} for number, effective in revocations]
    summary = summarise(records(tokens=tokens, revocations=ended), warm_up_s)
    assert summary["tokens_in_use"] == pytest.approx(expected)


# --- the busiest host ---


def stations(**busy: float) -> list[dict[str, Any]]:
    """Samples at the begin and the end of 100 s, with so many busy worker-seconds in between."""
    return [
        {"host": NAMES.index(host.replace("__", ".")), "time": time, "busy": seconds if time else 0.0}
        for host, seconds in busy.items()
        for time in (0.0, 100.0)
    ]


def test_the_busiest_host_stands_beside_the_mean_and_threads_are_no_host() -> None:
    rows = stations(gateway=1.8, service=13.1, authorization_server=20.0, service__threads=700.0)
    summary = summarise(records(stations=rows), 0.0)
    assert summary["rs_utilisation"] == pytest.approx((1.8 + 13.1) / 200)
    assert summary["busiest_utilisation"] == summary[f"{HOST_UTILISATION}service"] == pytest.approx(0.131)
    assert summary[f"{HOST_UTILISATION}authorization_server"] == pytest.approx(0.1)  # of two workers
    assert f"{HOST_UTILISATION}service.threads" not in summary
    assert find_busiest_host(summary) == "service"
    assert math.isnan(summarise(records(), 0.0)["busiest_utilisation"])


def test_tables_and_documents_name_the_busiest_host_of_each_design() -> None:
    made = comparison({OPAQUE: {"busiest_utilisation": 0.2}})
    table = made.table.assign(**{f"{HOST_UTILISATION}service": 0.1, f"{HOST_UTILISATION}authorization_server": 0.05})
    table.loc[table["design"] == OPAQUE, f"{HOST_UTILISATION}authorization_server"] = 0.2
    verdicts = judge_comparison(type(made)(made.scenario, table, made.forms))
    assert verdicts.busiest_hosts == {OPAQUE: "authorization_server", CACHED: "service", JWT: "service"}
    (row,) = [row for row in build_comparison_rows(verdicts) if row.metric.name == "busiest_utilisation"]
    assert row.cells[OPAQUE].value.endswith("(authorization_server)")
    hosts = {row["design"]: row["host"] for row in build_summary_rows(verdicts) if row["host"]}
    assert hosts == verdicts.busiest_hosts
    assert build_comparison_document(verdicts)["designs"][JWT]["busiest_host"] == "service"
    assert any(note.startswith("The busiest host is authorization_server in") for note in verdicts.notes)


# --- refusals of valid tokens ---


@pytest.mark.parametrize(
    ("row", "tokens", "ended", "wrong"),
    [
        ({"status": 401}, [token(0, 0, 0.0, 50.0)], [], 1.0),
        ({"status": 403}, [token(0, 0, 0.0, 50.0)], [(0, 30.0)], 1.0),
        ({"status": 429}, [token(0, 0, 0.0, 50.0)], [], 0.0),
        ({"status": 401}, [token(0, 0, 0.0, 9.0)], [], 0.0),
        ({"status": 401}, [token(0, 0, 0.0, 50.0)], [(0, 5.0)], 0.0),
        ({"status": 401}, [token(0, 0, 0.0, 50.0)], [(-1, 5.0)], 0.0),
        ({"status": 401}, [], [], 0.0),
        ({"status": 401, "token": -1}, [token(0, 0, 0.0, 50.0)], [], 0.0),
        ({"status": 200, "outcome": FINISHED}, [token(0, 0, 0.0, 50.0)], [], 0.0),
        ({"status": 503, "outcome": FAILED}, [token(0, 0, 0.0, 50.0)], [], 0.0),
    ],
    ids=["401", "revoked later", "429", "expired", "revoked", "logged out", "unknown", "none", "served", "failed"],
)
def test_a_refusal_of_a_valid_token_counts_beside_failed_requests(
    row: dict[str, Any], tokens: list[dict[str, Any]], ended: list[tuple[int, float]], wrong: float
) -> None:
    rows = [{**request(10.0, 0.1, REFUSED), "decided": 10.05, **row}, request(1.0, 0.1, token=-1)]
    revoked = [{"token": number, "user": 0, "effective": effective} for number, effective in ended]
    summary = summarise(records(requests=rows, tokens=tokens, revocations=revoked), 0.0)
    assert summary["refused_valid_share"] == wrong / 2


def test_figures_side_by_side_have_one_margin() -> None:
    fields = Margins.model_fields
    for beside, name in BESIDE.items():
        own, other = ({key: value} if key in fields else {} for key, value in ((beside, 0.5), (name, 0.125)))
        assert compute_margin(METRICS[beside], Margins(**other, relative=0.1), 10.0) == other.get(name, 1.0)
        assert compute_margin(METRICS[beside], Margins(**other, **own, relative=0.1), 10.0) == own.get(beside, 1.0)
    assert compute_margin(METRICS["p50_s"], Margins(mean_s=0.125, relative=0.1), 10.0) == pytest.approx(1.0)

"""Format of numbers in the tables of a comparison."""

import csv
import io
import json
import math
from dataclasses import replace

import pytest

from simlib.analysis import METRICS, Interval
from simlib.analysis.metrics import LISTED_IF_OTHER
from simlib.decision import judge_comparison
from simlib.report.cells import build_cell, build_comparison_rows, build_opponent_rows, format_mean
from simlib.report.pair_tables import build_pair_matrices, list_pair_rows
from simlib.report.summary import COLUMNS, build_comparison_document, format_replications_csv, format_summary_csv
from support.comparisons import CACHED, JWT, OPAQUE, comparison

MEAN = METRICS["mean_s"]


@pytest.mark.parametrize(
    ("mean", "half", "text"),
    [
        (0.0123456, 0.000123, "12.35 ± 0.12"),  # two significant digits of the half width
        (0.0123456, 0.0000123, "12.346 ± 0.012"),
        (1.2345678, 0.123, "1,235 ± 123"),
        (0.0123456, 0.0, "12.35 ± 0"),
        (-0.5, 0.2, "\N{MINUS SIGN}500 ± 200"),
    ],
)
def test_a_mean_is_shown_as_exactly_as_its_interval_allows(mean: float, half: float, text: str) -> None:
    assert format_mean(MEAN, Interval(mean, mean - half, mean + half, 0.95, 4)) == text


def test_an_interval_that_ends_where_values_are_impossible_is_written_with_both_ends() -> None:
    hits, whole = METRICS["hit_ratio"], Interval(0.985, 0.96, 1.01, 0.95, 4)
    assert format_mean(hits, whole) == "98.5 ± 2.5"
    assert format_mean(hits, whole.limit(0.0, 1.0)) == "98.5 (96.0 to 100.0)"
    assert format_mean(METRICS["failed_share"], Interval(0.001, 0.0, 0.0035, 0.95, 4)) == "0.10 (0.00 to 0.35)"


def test_printed_intervals_hold_only_what_is_possible() -> None:
    """Shares from 0 to 1, nothing below 0, and no exposure beyond the bound of its design."""
    told = judge_comparison(
        comparison(
            {
                CACHED: {
                    "hit_ratio": [0.9, 1.0, 1.0, 1.0],
                    "failed_share": [0.0, 0.0, 0.0, 0.1],
                    "exposure_s": [1.0, 5.0, 30.0, 30.0],
                }
            }
        )
    )
    for design, intervals in told.intervals.items():
        for name, interval in intervals.items():
            bound = told.promises[design].after_revocation_s if name == "exposure_s" else METRICS[name].highest
            assert not interval.n or 0 <= interval.low <= interval.mean <= interval.high
            assert not interval.n or interval.high <= max(bound, interval.mean)
    own = told.intervals[CACHED]
    assert (own["hit_ratio"].high, own["failed_share"].low) == (1.0, 0.0)
    assert own["exposure_s"].high == told.promises[CACHED].after_revocation_s > own["exposure_s"].mean
    rows = {(r["design"], r["metric"]): r for r in csv.DictReader(io.StringIO(format_summary_csv(told)))}
    assert float(rows[CACHED, "hit_ratio"]["high"]) == 1.0


def test_a_difference_of_a_quantile_in_a_gap_is_marked_in_either_design() -> None:
    gaps = {OPAQUE: 0.1, JWT: 0.1, CACHED: 0.9}
    measured = comparison()
    table = measured.table.assign(p99_s_gap=measured.table["design"].map(gaps))
    told = judge_comparison(replace(measured, table=table))
    matrix = next(own for own in build_pair_matrices(told) if own.metric.name == "p99_s")
    marked = {(row, column) for row, cells in matrix.rows.items() for column, cell in cells.items() if cell.mark}
    assert marked == {(row, column) for row in gaps for column in gaps if CACHED in (row, column)}
    rows = [row for row in list_pair_rows(told) if row["in_gap"]]
    assert {(row["metric"], row["design"], row["against"]) for row in rows} == {
        ("p99_s", design, against) for design, against in ((CACHED, OPAQUE), (JWT, CACHED))
    }


def test_one_replication_shows_no_half_width_and_none_shows_a_dash() -> None:
    assert format_mean(MEAN, Interval(0.0123, -math.inf, math.inf, 0.95, 1)) == "12.30"
    assert format_mean(MEAN, Interval(math.nan, -math.inf, math.inf, 0.95, 0)) == "\N{EN DASH}"


def test_cells_tell_value_difference_and_word() -> None:
    told = judge_comparison(comparison({JWT: {"mean_s": 0.01}, CACHED: {"mean_s": [0.0, 0.1, 0.0, 0.1]}}))
    assert build_cell(told, OPAQUE, "mean_s").word == ""
    assert build_cell(told, JWT, "mean_s").word == "better"
    assert build_cell(told, JWT, "mean_s").difference.startswith("\N{MINUS SIGN}10.0")
    assert build_cell(told, CACHED, "mean_s").word == "undecided"
    assert build_cell(told, CACHED, "mean_s").more.startswith("about ")


def test_unstable_designs_show_the_word_and_no_number() -> None:
    told = judge_comparison(comparison({JWT: {"backlog_slope": [5.0, 5.1, 4.9, 5.0]}}))
    assert build_cell(told, JWT, "mean_s").value == "unstable"
    assert build_cell(told, JWT, "as_utilisation").value != "unstable"
    rows = [row for row in csv.DictReader(io.StringIO(format_summary_csv(told))) if row["design"] == JWT]
    assert {row["word"] for row in rows} == {"unstable"}
    assert {row["metric"]: row["mean"] for row in rows}["p99_s"] == ""


def test_rows_that_no_design_has_are_left_out_except_exposure() -> None:
    nobody = {"store_utilisation": math.nan, "exposure_s": math.nan}
    told = judge_comparison(comparison(dict.fromkeys((OPAQUE, CACHED, JWT), nobody)))
    shown = [row.metric.name for row in build_comparison_rows(told)]
    assert "store_utilisation" not in shown
    assert "exposure_s" in shown
    assert set(METRICS) - set(shown) == {"store_utilisation", *LISTED_IF_OTHER}  # the same figures as those beside them


def test_the_second_table_holds_jwt_against_the_cache() -> None:
    told = judge_comparison(comparison({JWT: {"mean_s": 0.01}}))
    row = build_opponent_rows(told)[0]
    assert list(row.cells) == [CACHED, JWT]
    assert row.cells[JWT].word == "better"
    assert build_opponent_rows(judge_comparison(comparison(designs__opaque_cached=...))) == []


def test_the_summary_has_one_row_per_design_and_metric_with_full_precision() -> None:
    values = [0.1 / 3, 0.2 / 3, 0.4 / 3, 0.5 / 3]
    told = judge_comparison(comparison({OPAQUE: {"mean_s": values}}))
    rows = list(csv.DictReader(io.StringIO(format_summary_csv(told))))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["design"], row["metric"]) for row in rows] == [(d, m) for d in told.designs for m in METRICS]
    assert float(rows[0]["mean"]) == told.intervals[OPAQUE]["mean_s"].mean
    assert float(rows[0]["low"]) == told.intervals[OPAQUE]["mean_s"].low
    judged = next(row for row in rows if row["design"] == JWT and row["metric"] == "mean_s")
    assert float(judged["difference"]) == told.judgements[JWT]["mean_s"].difference.mean
    assert judged["word"] == told.judgements[JWT]["mean_s"].word


def test_replications_keep_every_digit_and_leave_undefined_ones_empty() -> None:
    values = [0.1 / 3, math.nan, 0.4 / 3, 0.5 / 3]
    rows = list(
        csv.DictReader(io.StringIO(format_replications_csv(judge_comparison(comparison({JWT: {"p50_s": values}})))))
    )
    assert len(rows) == 12
    assert [row["p50_s"] for row in rows if row["design"] == JWT] == [repr(values[0]), "", *map(repr, values[2:])]


def test_the_json_document_holds_no_number_that_json_does_not_know() -> None:
    told = judge_comparison(comparison({JWT: {"p50_s": [math.nan]}}, replications=1))
    document = json.loads(json.dumps(build_comparison_document(told), allow_nan=False))
    row = next(r for r in document["summary"] if r["design"] == JWT and r["metric"] == "mean_s")
    assert row["mean"] == pytest.approx(0.02)
    assert row["low"] is None
    assert document["designs"][JWT]["unstable"] is False
    assert len(document["rows"]) == 3

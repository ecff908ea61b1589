"""Figures whose intervals cover less than they state, because a run is too short or a quantile lies in a gap: marked
beside the figure wherever it stands, and explained by a note.
"""

import io
from typing import Any

from rich.console import Console

from simlib.analysis import METRICS
from simlib.commands.compare_terminal import build_comparison_tables
from simlib.decision import Verdicts, judge_comparison
from simlib.experiment.compare import compare
from simlib.report.cells import build_cell
from simlib.report.html import render_html
from simlib.report.summary import build_comparison_document
from support.worlds import DESIGNS, link, scenario

KEEPING = {**DESIGNS["cached"], "token_lifetime_s": 600, "service": {"part": "opaque_cached", "ttl_s": 300.0}}
"""Of this cache a cold start takes far longer than the run."""


def judge(**run: Any) -> Verdicts:
    length = {"length_s": 60.0, "users": 20, "arrival_rate": 5.0, **run}
    return judge_comparison(compare(scenario(designs={"keeping": KEEPING, "opaque": DESIGNS["opaque"]}, **length)))


def print_tables(verdicts: Verdicts) -> str:
    console = Console(width=120, file=io.StringIO(), record=True)
    for table in build_comparison_tables(verdicts, 120):
        console.print(table)
    return console.export_text()


def test_a_figure_that_is_not_settled_is_marked_in_terminal_page_and_document() -> None:
    verdicts = judge(caches="empty", replications=6)
    unsettled = {(drift.design, drift.metric) for drift in verdicts.drifts}
    assert ("keeping", "hit_ratio") in unsettled
    assert not any(design == "opaque" for design, _ in unsettled)
    assert build_cell(verdicts, "keeping", "hit_ratio").mark
    assert not build_cell(verdicts, "opaque", "hit_ratio").mark
    (line,) = (line for line in print_tables(verdicts).splitlines() if "hit ratio" in line.lower())
    assert line.count("†") == 1
    assert sum(note.startswith("† Not settled") for note in verdicts.notes) == len(unsettled)
    page = render_html(verdicts, ())
    assert page.count("† not settled") >= len(unsettled)
    listed = build_comparison_document(verdicts)["not_settled"]
    assert {(row["design"], row["metric"]) for row in listed} == unsettled


def test_the_same_run_from_a_stationary_start_is_settled() -> None:
    verdicts = judge(replications=6)
    assert verdicts.drifts == ()
    assert "†" not in print_tables(verdicts)


def test_few_replications_say_that_a_drift_is_hardly_noticed() -> None:
    notes = {count: " ".join(judge(replications=count).notes) for count in (2, 3, 5)}
    assert "is not tested with 2 replications" in notes[2]
    assert "shows only where they differ by many times their spread in 3 replications" in notes[3]
    assert "too short" not in notes[5]


def test_a_quantile_between_hits_and_misses_is_marked_in_terminal_page_and_documents() -> None:
    """Of requests every 5 seconds and a time to live of 95 seconds 5 % are misses, and take 0.2 s longer."""
    cached = {**DESIGNS["cached"], "token_lifetime_s": 1e6, "service": {"part": "opaque_cached", "ttl_s": 95.0}}
    opaque = {**DESIGNS["opaque"], "token_lifetime_s": 1e6}
    world = {"users": 500, "arrival_rate": 100.0, "links": {"service_to_authorization_server": link(0.2)}}
    made = scenario(designs={"cached": cached, "opaque": opaque}, **world, length_s=15.0, replications=4)
    verdicts = judge_comparison(compare(made))
    assert ("cached", "p95_s") in verdicts.gaps
    assert not any(design == "opaque" or metric.startswith("p99") for design, metric in verdicts.gaps)
    (note,) = (note for note in verdicts.notes if note.startswith("§"))
    assert "(cached)" in note
    assert "§" in build_cell(verdicts, "cached", "p95_s").mark
    assert "§" not in build_cell(verdicts, "opaque", "p95_s").mark
    (line,) = (line for line in print_tables(verdicts).splitlines() if METRICS["p95_s"].label in line)
    assert line.count("§") == 1
    assert "§ in a gap" in render_html(verdicts, ())
    rows = build_comparison_document(verdicts)["summary"]
    assert {(row["design"], row["metric"]) for row in rows if row["in_gap"]} == verdicts.gaps

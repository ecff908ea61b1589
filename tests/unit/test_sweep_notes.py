"""Sweeps say what their figures leave out: figures beside others, the busiest host, marks of short runs."""

import json
from typing import Any

import pandas as pd
import pytest

from simlib.analysis import METRICS
from simlib.analysis.metric_sentences import SENTENCES
from simlib.analysis.quantiles import EXCURSIONS, FEWEST_EXCURSIONS, GAP, HALVES, LARGEST_GAP
from simlib.analysis.utilisation import HOST_UTILISATION
from simlib.commands.sweep import build_sweep_tables
from simlib.experiment.sweep_plan import SweepPlan, plan_sweep
from simlib.experiment.variation import Variation
from simlib.report.sweep_figures import load_figure, ttl_figure
from simlib.report.sweep_notes import add_companions, list_sweep_notes
from simlib.report.sweep_report import build_sweep_document, build_sweep_rows
from support.comparisons import CACHED, JWT, OPAQUE
from support.scenarios import scenario

LOADS = (5.0, 40.0)


@pytest.fixture
def plan() -> SweepPlan:
    return plan_sweep(scenario(), [Variation("load", LOADS)])


def sweep_by_hand(plan: SweepPlan, **changes: Any) -> pd.DataFrame:
    """Four replications per design and load, 0.02 of everything; ``changes`` are those of the second load."""
    usual = {**dict.fromkeys(METRICS, 0.02), "backlog_slope": 0.0, "arrivals_per_s": 20.0, "p99_s" + HALVES: 0.02}
    hosts = {f"{HOST_UTILISATION}service": 0.1, f"{HOST_UTILISATION}authorization_server": 0.05}
    return pd.DataFrame(
        {plan.key: load, "design": design, "replication": number, **usual, **hosts, **(changes if load > 5 else {})}
        for load in LOADS
        for number in range(4)
        for design in plan.scenario.designs
    )


def test_the_figure_that_leaves_less_out_stands_beside_where_it_differs(plan: SweepPlan) -> None:
    same, other = sweep_by_hand(plan), sweep_by_hand(plan, mean_all_s=0.03, no_call_ratio=0.9)
    assert add_companions(same, ("mean_s", "hit_ratio")) == ("mean_s", "hit_ratio")
    assert add_companions(other, ("mean_s", "p50_s")) == ("mean_s", "mean_all_s", "p50_s")
    titles = [str(table.title) for table in build_sweep_tables(plan, other, "mean_s")]
    assert [title.partition(",")[0] for title in titles[:2]] == [METRICS[n].label for n in ("mean_s", "mean_all_s")]
    assert METRICS["mean_all_s"].label in load_figure(other, "mean_s")[1]
    assert METRICS["mean_all_s"].label not in load_figure(same, "mean_s")[1]
    assert METRICS["no_call_ratio"].label in ttl_figure(other, plan.key)[1]


def test_the_busiest_host_is_named_at_every_value(plan: SweepPlan) -> None:
    frame = sweep_by_hand(plan, **{f"{HOST_UTILISATION}authorization_server": 0.4})
    rows = [row for row in build_sweep_rows(plan, frame) if row["metric"] == "busiest_utilisation"]
    assert {(row["value"], row["host"]) for row in rows} == {(5.0, "service"), (40.0, "authorization_server")}
    (table,) = [one for one in build_sweep_tables(plan, frame, "p95_s") if "busiest" in str(one.title)]
    cells = list(table.columns[1].cells)
    assert [str(cell).partition("(")[2] for cell in cells] == ["service)", "authorization_server)"]


def test_quantiles_of_short_runs_are_marked_with_a_note(plan: SweepPlan) -> None:
    few = sweep_by_hand(plan, **{"p99_s" + EXCURSIONS: FEWEST_EXCURSIONS - 1})
    (note,) = [note for note in list_sweep_notes(plan, few, ("p99_s", "p95_s")) if note not in plan.notes]
    assert f"{OPAQUE} at 40, {CACHED} at 40" in note
    assert "at 5" not in note
    marked = {(row["metric"], row["value"]) for row in build_sweep_rows(plan, few) if row["few_excursions"]}
    assert marked == {("p99_s", 40.0)}
    cells = list(next(iter(build_sweep_tables(plan, few, "p99_s"))).columns[1].cells)
    assert [str(cell)[-1] == note[0] for cell in cells] == [False, True]
    enough = sweep_by_hand(plan, **{"p99_s" + EXCURSIONS: FEWEST_EXCURSIONS})
    assert list(list_sweep_notes(plan, enough, ("p99_s",))) == list(plan.notes)


def test_quantiles_in_a_gap_are_marked_with_a_note(plan: SweepPlan) -> None:
    gap = sweep_by_hand(plan, **{"p95_s" + GAP: LARGEST_GAP + 0.1})
    (note,) = [note for note in list_sweep_notes(plan, gap, ("p99_s", "p95_s")) if note not in plan.notes]
    assert "gap between two kinds of requests" in note
    assert note.endswith(f" % for {OPAQUE} at 40, {CACHED} at 40, {JWT} at 40.")
    marked = {(row["metric"], row["value"]) for row in build_sweep_rows(plan, gap) if row["in_gap"]}
    assert marked == {("p95_s", 40.0)}
    cells = list(next(iter(build_sweep_tables(plan, gap, "p95_s"))).columns[1].cells)
    assert [str(cell)[-1] == note[0] for cell in cells] == [False, True]
    none = sweep_by_hand(plan, **{"p95_s" + GAP: LARGEST_GAP})
    assert list(list_sweep_notes(plan, none, ("p95_s",))) == list(plan.notes)


def test_the_document_has_sentences_and_notes() -> None:
    plan = plan_sweep(scenario(), [Variation("ttl", LOADS)])
    frame = sweep_by_hand(plan, **{"p99_s" + EXCURSIONS: 1.0})
    document = json.loads(json.dumps(build_sweep_document(plan, frame, ""), allow_nan=False))
    assert {name: own["sentence"] for name, own in document["metrics"].items()} == {
        name: SENTENCES[name] for name in METRICS
    }
    assert document["notes"][:-1] == list(plan.notes)
    assert document["notes"][-1].endswith("A longer run would do.")

"""A sweep as tables for a terminal: values down, designs across."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simlib.analysis.metrics import METRICS
from simlib.experiment.sweep_plan import SweepPlan
from simlib.report.cells import UNDEFINED, label_of, mean_text
from simlib.report.sweep_figures import curves, keeps_not_up

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table


def sweep_tables(plan: SweepPlan, frame: "pd.DataFrame", metric: str) -> "Iterator[Table]":
    """One table per half of the figure; the hit ratio of the cache that is varied has its closed form beside it."""
    shown = (metric, "as_utilisation") if plan.varied is None else ("hit_ratio", "exposure_s")
    for name in shown:
        yield _table(plan, frame, name)


def _table(plan: SweepPlan, frame: "pd.DataFrame", name: str) -> "Table":
    from rich import box
    from rich.table import Table

    metric = METRICS[name]
    found = curves(frame, plan.key, name, plan.scenario.run.level)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, title=label_of(metric))
    table.title_justify = "left"
    theory = name == "hit_ratio" and plan.has_closed_form
    for title in (plan.key.rpartition(".")[2], *found, *(["closed form"] if theory else [])):
        table.add_column(title, overflow="fold")
    for value in plan.values:
        here = frame[frame[plan.key] == value]
        cells = [
            mean_text(metric, curve[value]) if value in curve else _no_mean(here[here["design"] == design])
            for design, curve in found.items()
        ]
        closed = [f"{plan.expected_hit_ratio(value) * metric.factor:.1f}"] if theory else []
        table.add_row(f"{value:g}", *cells, *closed)
    return table


def _no_mean(rows: "pd.DataFrame") -> str:
    """Why there is no mean: the design does not keep up, or nothing happened that could be measured."""
    return "unstable" if keeps_not_up(rows) else UNDEFINED

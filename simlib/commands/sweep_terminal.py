"""Tables of a sweep for a terminal: values down, designs across."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simlib.analysis.metrics import METRICS
from simlib.experiment.sweep_plan import SweepPlan
from simlib.report.cells import UNDEFINED, format_label, format_mean
from simlib.report.sweep_figures import compute_curves, is_overloaded

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table


def build_sweep_tables(plan: SweepPlan, frame: "pd.DataFrame", metric: str) -> "Iterator[Table]":
    """One table per half of the figure; the hit ratio of the cache that is varied has its closed form beside it."""
    names = (metric, "as_utilisation") if plan.varied_design is None else ("hit_ratio", "exposure_s")
    for name in names:
        yield _build_table(plan, frame, name)


def _build_table(plan: SweepPlan, frame: "pd.DataFrame", name: str) -> "Table":
    from rich import box
    from rich.table import Table

    metric = METRICS[name]
    curves_by_design = compute_curves(frame, plan.key, name, plan.scenario.run.level)
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, title=format_label(metric)
    )
    table.title_justify = "left"
    theory = name == "hit_ratio" and plan.has_closed_form
    for title in (plan.key.rpartition(".")[2], *curves_by_design, *(["closed form"] if theory else [])):
        table.add_column(title, overflow="fold")
    for value in plan.values:
        rows = frame[frame[plan.key] == value]
        cells = [
            format_mean(metric, curve[value])
            if value in curve
            else _explain_missing_mean(rows[rows["design"] == design])
            for design, curve in curves_by_design.items()
        ]
        closed = [f"{plan.compute_hit_ratio(value) * metric.factor:.1f}"] if theory else []
        table.add_row(f"{value:g}", *cells, *closed)
    return table


def _explain_missing_mean(rows: "pd.DataFrame") -> str:
    """Reason for a missing mean: the design is unstable, or nothing happened that could be measured."""
    return "unstable" if is_overloaded(rows) else UNDEFINED

"""Report of a sweep: the interval of each metric at each value as CSV and JSON types, the figure, and the folder."""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simlib.analysis.metrics import METRICS
from simlib.analysis.quantiles import lies_in_gap, rests_on_few_excursions
from simlib.analysis.utilisation import BUSIEST
from simlib.decision.sweep_bounds import compute_point_bounds
from simlib.experiment.atomic_folder import write_files
from simlib.experiment.sweep_plan import TTL, SweepPlan
from simlib.experiment.variation import Point
from simlib.report.figure_style import render_png, render_svg
from simlib.report.sweep_axes import arrange_points
from simlib.report.sweep_figures import is_overloaded, load_figure, ttl_figure
from simlib.report.sweep_notes import (
    compute_point_interval,
    find_host,
    find_rows,
    list_sweep_notes,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def build_sweep_rows(plan: SweepPlan, frame: "pd.DataFrame") -> Iterator[dict[str, Any]]:
    """One row per point, design and metric, in base units; None where a value is undefined.

    The first columns are ``key`` and ``value``, or the keys themselves where there are several. ``closed_form`` is the
    hit ratio of the cache that is varied. An unstable design has no means. ``host`` is the busiest one, for its
    utilisation; ``few_excursions`` is true for a quantile whose interval covers less than it states, ``in_gap`` for one
    in a gap between two kinds of requests.
    """
    level, bounded = plan.scenario.run.level, ((point, compute_point_bounds(plan, point)) for point in plan.points)
    for point, design, bound_s in ((point, *bound) for point, bounds in bounded for bound in bounds.items()):
        rows = find_rows(frame, point, design)
        unstable = is_overloaded(rows)
        for name, metric in METRICS.items():
            interval = compute_point_interval(rows, name, level, bound_s)
            is_defined = interval.n > 0 and not unstable
            yield {
                **(point if len(point) > 1 else {"key": plan.key, "value": point[plan.key]}),
                "design": design,
                "metric": name,
                "unit": metric.unit,
                "replications": interval.n,
                "mean": interval.mean if is_defined else None,
                "low": _drop_infinite(interval.low) if is_defined else None,
                "high": _drop_infinite(interval.high) if is_defined else None,
                "closed_form": _compute_closed_form(plan, design, name, point),
                "unstable": unstable,
                "host": find_host(rows) or None if name == BUSIEST else None,
                "few_excursions": (is_defined and rests_on_few_excursions(rows, name)) or None,
                "in_gap": (is_defined and lies_in_gap(rows, name)) or None,
            }


def format_sweep_csv(plan: SweepPlan, frame: "pd.DataFrame") -> str:
    """`build_sweep_rows` as CSV with full precision; empty cells where a value is undefined."""
    text = io.StringIO()
    rows = list(build_sweep_rows(plan, frame))
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def build_sweep_document(plan: SweepPlan, frame: "pd.DataFrame", description: str) -> dict[str, Any]:
    """The rows as JSON types, with the plan of the sweep and the description of the figure."""
    run = plan.scenario.run
    return {
        "scenario": plan.scenario.name,
        "profile": plan.scenario.profile.name,
        "over": plan.over,
        "key": plan.key,
        "values": list(plan.values),
        **({} if len(plan.keys) == 1 else {"keys": list(plan.keys), "points": [dict(point) for point in plan.points]}),
        "designs": list(plan.scenario.designs),
        "seed": run.seed,
        "length_s": run.length_s,
        "warm_up_s": run.warm_up_s,
        "replications": run.replications,
        "level": run.level,
        "figure": description,
        "notes": list(list_sweep_notes(plan, frame, tuple(METRICS))),
        "metrics": {name: {"label": metric.label, "sentence": metric.sentence} for name, metric in METRICS.items()},
        "rows": list(build_sweep_rows(plan, frame)),
    }


def _compute_closed_form(plan: SweepPlan, design: str, metric: str, point: Point) -> float | None:
    if metric != "hit_ratio" or design != plan.varied_design or not plan.has_closed_form:
        return None
    return plan.compute_hit_ratio(point[plan.key])


def _drop_infinite(value: float) -> float | None:
    return value if math.isfinite(value) else None


FILES = ("figure.svg", "figure.png", "intervals.csv", "replications.csv", "sweep.json")


def sweep_figure(
    plan: SweepPlan, frame: "pd.DataFrame", metric: str = "p95_s", busy: str = "as_utilisation"
) -> "tuple[Figure, str]":
    """The figure of a sweep and its description: hit ratio and exposure against time to live, else two metrics."""
    level = plan.scenario.run.level
    if plan.over == TTL and plan.sample is None:
        return ttl_figure(frame, plan.key, plan.compute_hit_ratio if plan.has_closed_form else None, level)
    shown = arrange_points(plan, frame)
    figure, description = load_figure(
        shown.frame, metric, busy, shown.key, level, ticks=shown.ticks, joined=plan.sample is None
    )
    return figure, " ".join(filter(None, (description, shown.note)))


def write_sweep(folder: str | Path, plan: SweepPlan, frame: "pd.DataFrame", drawn: "tuple[Figure, str]") -> Path:
    """Write figure, tables and plan into a new or empty folder; returns it.

    Raises InputError for a folder that holds something or cannot be written.
    """
    return write_files(folder, _build_files(plan, frame, drawn), "--out")


def _build_files(plan: SweepPlan, frame: "pd.DataFrame", drawn: "tuple[Figure, str]") -> Mapping[str, bytes]:
    figure, description = drawn
    document = json.dumps(build_sweep_document(plan, frame, description), indent=2, ensure_ascii=False, allow_nan=False)
    return {
        "figure.svg": render_svg(figure),
        "figure.png": render_png(figure),
        "intervals.csv": format_sweep_csv(plan, frame).encode(),
        "replications.csv": str(frame.to_csv(index=False, lineterminator="\n")).encode(),
        "sweep.json": f"{document}\n".encode(),
    }

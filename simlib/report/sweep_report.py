"""Report of a sweep: the interval of each metric at each value as CSV and JSON types, the figure, and the folder."""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simlib.analysis.metrics import METRICS
from simlib.analysis.quantiles import compute_interval, lies_in_gap, rests_on_few_excursions
from simlib.analysis.utilisation import BUSIEST
from simlib.experiment.atomic_folder import write_files
from simlib.experiment.sweep_plan import TTL, SweepPlan
from simlib.report.figure_style import render_png, render_svg
from simlib.report.sweep_figures import is_overloaded, load_figure, ttl_figure
from simlib.report.sweep_notes import find_host, find_rows, list_sweep_notes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

COLUMNS = (
    *("key", "value", "design", "metric", "unit", "replications", "mean", "low", "high", "closed_form", "unstable"),
    *("host", "few_excursions", "in_gap"),
)


def build_sweep_rows(plan: SweepPlan, frame: "pd.DataFrame") -> Iterator[dict[str, Any]]:
    """One row per value, design and metric with the keys `COLUMNS`, in base units; None where a value is undefined.

    ``closed_form`` is the hit ratio of the cache that is varied. An unstable design has no means. ``host`` is the
    busiest one, for its utilisation; ``few_excursions`` is true for a quantile whose interval covers less than it
    states, ``in_gap`` for one in a gap between two kinds of requests.
    """
    level = plan.scenario.run.level
    points = ((value, design) for value in plan.values for design in plan.scenario.designs)
    for value, design in points:
        rows = find_rows(plan, frame, value, design)
        unstable = is_overloaded(rows)
        for name, metric in METRICS.items():
            interval = compute_interval(rows, name, level)
            is_defined = interval.n > 0 and not unstable
            yield {
                "key": plan.key,
                "value": value,
                "design": design,
                "metric": name,
                "unit": metric.unit,
                "replications": interval.n,
                "mean": interval.mean if is_defined else None,
                "low": _drop_infinite(interval.low) if is_defined else None,
                "high": _drop_infinite(interval.high) if is_defined else None,
                "closed_form": _compute_closed_form(plan, design, name, value),
                "unstable": unstable,
                "host": find_host(rows) or None if name == BUSIEST else None,
                "few_excursions": (is_defined and rests_on_few_excursions(rows, name)) or None,
                "in_gap": (is_defined and lies_in_gap(rows, name)) or None,
            }


def format_sweep_csv(plan: SweepPlan, frame: "pd.DataFrame") -> str:
    """`build_sweep_rows` as CSV with full precision; empty cells where a value is undefined."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(build_sweep_rows(plan, frame))
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


def _compute_closed_form(plan: SweepPlan, design: str, metric: str, value: float) -> float | None:
    if metric != "hit_ratio" or design != plan.varied_design or not plan.has_closed_form:
        return None
    return plan.compute_hit_ratio(value)


def _drop_infinite(value: float) -> float | None:
    return value if math.isfinite(value) else None


FILES = ("figure.svg", "figure.png", "intervals.csv", "replications.csv", "sweep.json")


def sweep_figure(
    plan: SweepPlan, frame: "pd.DataFrame", metric: str = "p95_s", busy: str = "as_utilisation"
) -> "tuple[Figure, str]":
    """The figure of a sweep and its description: hit ratio and exposure against time to live, else two metrics."""
    level = plan.scenario.run.level
    if plan.over == TTL:
        return ttl_figure(frame, plan.key, plan.compute_hit_ratio if plan.has_closed_form else None, level)
    return load_figure(frame, metric, busy, plan.key, level)


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

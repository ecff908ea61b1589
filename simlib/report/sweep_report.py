"""A sweep as plain tables: the interval of each metric at each value, as CSV and as JSON types.

The folder of a sweep: figure, tables and what was run; it appears whole or not at all.
"""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simlib.analysis.intervals import student
from simlib.analysis.metrics import METRICS
from simlib.experiment.atomic_folder import write_files
from simlib.experiment.sweep_plan import TTL, SweepPlan
from simlib.report.figure_style import to_png, to_svg
from simlib.report.sweep_figures import keeps_not_up, load_figure, ttl_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

COLUMNS = ("key", "value", "design", "metric", "unit", "replications", "mean", "low", "high", "closed_form", "unstable")


def sweep_rows(plan: SweepPlan, frame: "pd.DataFrame") -> Iterator[dict[str, Any]]:
    """One row per value, design and metric with the keys `COLUMNS`, in base units; None where there is nothing to say.

    ``closed_form`` is the hit ratio of the cache that is varied. A design that does not keep up has no means.
    """
    level = plan.scenario.run.level
    points = ((value, design) for value in plan.values for design in plan.scenario.designs)
    for value, design in points:
        rows = frame[(frame[plan.key] == value) & (frame["design"] == design)]
        unstable = keeps_not_up(rows)
        for name, metric in METRICS.items():
            interval = student(rows[name], level)
            known = interval.n > 0 and not unstable
            yield {
                "key": plan.key,
                "value": value,
                "design": design,
                "metric": name,
                "unit": metric.unit,
                "replications": interval.n,
                "mean": interval.mean if known else None,
                "low": _finite(interval.low) if known else None,
                "high": _finite(interval.high) if known else None,
                "closed_form": _closed_form(plan, design, name, value),
                "unstable": unstable,
            }


def sweep_csv(plan: SweepPlan, frame: "pd.DataFrame") -> str:
    """`sweep_rows` as CSV with full precision; empty cells where there is nothing to say."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(sweep_rows(plan, frame))
    return text.getvalue()


def sweep_document(plan: SweepPlan, frame: "pd.DataFrame", words: str) -> dict[str, Any]:
    """The same as JSON types, with what was run and the figure in words."""
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
        "figure": words,
        "notes": list(plan.notes),
        "rows": list(sweep_rows(plan, frame)),
    }


def _closed_form(plan: SweepPlan, design: str, metric: str, value: float) -> float | None:
    if metric != "hit_ratio" or design != plan.varied or not plan.has_closed_form:
        return None
    return plan.expected_hit_ratio(value)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


FILES = ("figure.svg", "figure.png", "intervals.csv", "replications.csv", "sweep.json")


def sweep_figure(
    plan: SweepPlan, frame: "pd.DataFrame", metric: str = "p95_s", busy: str = "as_utilisation"
) -> "tuple[Figure, str]":
    """The figure of a sweep and its description: hit ratio and exposure against time to live, else two metrics."""
    level = plan.scenario.run.level
    if plan.over == TTL:
        return ttl_figure(frame, plan.key, plan.expected_hit_ratio if plan.has_closed_form else None, level)
    return load_figure(frame, metric, busy, plan.key, level)


def write_sweep(folder: str | Path, plan: SweepPlan, frame: "pd.DataFrame", drawn: "tuple[Figure, str]") -> Path:
    """Write figure, tables and plan into a new or empty folder; returns it.

    Raises InputError for a folder that holds something or cannot be written.
    """
    return write_files(folder, _files(plan, frame, drawn), "--out")


def _files(plan: SweepPlan, frame: "pd.DataFrame", drawn: "tuple[Figure, str]") -> Mapping[str, bytes]:
    figure, words = drawn
    document = json.dumps(sweep_document(plan, frame, words), indent=2, ensure_ascii=False, allow_nan=False)
    return {
        "figure.svg": to_svg(figure),
        "figure.png": to_png(figure),
        "intervals.csv": sweep_csv(plan, frame).encode(),
        "replications.csv": str(frame.to_csv(index=False, lineterminator="\n")).encode(),
        "sweep.json": f"{document}\n".encode(),
    }

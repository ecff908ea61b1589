"""The folder of a sweep: figure, tables and what was run; it appears whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from simlib.experiment.sweep_plan import TTL, SweepPlan
from simlib.experiment.whole_folder import check_new_folder, whole_folder
from simlib.report.rendering import to_png, to_svg
from simlib.report.sweep_figures import load_figure, ttl_figure
from simlib.report.sweep_tables import sweep_csv, sweep_document

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

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
    content = _files(plan, frame, drawn)
    target = check_new_folder(folder, "--out")
    with whole_folder(target, "--out") as part:
        for name, data in content.items():
            (part / name).write_bytes(data)
    return target


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

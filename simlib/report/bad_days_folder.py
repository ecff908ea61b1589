"""The folder of bad days: figures, tables and what was run; it appears whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path

from simlib.experiment.bad_days import BadDays
from simlib.experiment.whole_folder import check_new_folder, whole_folder
from simlib.report.bad_days_figures import availability_figure, goodput_figure
from simlib.report.bad_days_tables import Cells, bad_days_csv, bad_days_document
from simlib.report.rendering import to_png, to_svg


def write_bad_days(folder: str | Path, days: BadDays, cells: Cells) -> Path:
    """Write figures and tables into a new or empty folder; returns it.

    Raises InputError for a folder that holds something or cannot be written.
    """
    content = _files(days, cells)
    target = check_new_folder(folder, "--out")
    with whole_folder(target, "--out") as part:
        for name, data in content.items():
            (part / name).write_bytes(data)
    return target


def _files(days: BadDays, cells: Cells) -> Mapping[str, bytes]:
    figure, words = availability_figure(days, cells)
    described = {"availability": words}
    files = {"availability.svg": to_svg(figure), "availability.png": to_png(figure)}
    for day in days.plan.days:
        drawn, told = goodput_figure(days, day.name)
        files[f"goodput_{day.name}.png"] = to_png(drawn)
        described[f"goodput_{day.name}"] = told
    document = {**bad_days_document(days, cells), "figures": described}
    return {
        **files,
        "cells.csv": bad_days_csv(cells).encode(),
        "replications.csv": str(days.table.to_csv(index=False, lineterminator="\n")).encode(),
        "bad_days.json": f"{json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)}\n".encode(),
    }

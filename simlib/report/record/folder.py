"""Folder of a decision record; it appears complete or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simlib.decision.choice.document import build_decision_document
from simlib.decision.choice.results import Decision
from simlib.experiment.atomic_folder import EarlierReport, check_folder, write_files
from simlib.report.record.complexity import Complexity, format_effort_csv, format_indicators_csv
from simlib.report.record.gain_rows import format_gain_csv
from simlib.report.record.madr import format_decision_record
from simlib.report.record.page import FIGURE_NAMES, draw_decision_figures, render_decision_page
from simlib.report.record.tables import TABLES, build_decision_tables
from simlib.report.run_record import RECORD, Provenance, build_run_record, is_record

MARKDOWN, PAGE, DOCUMENT = "decision.md", "report.html", "decision.json"
OWN_TABLES = ("gain.csv", "effort.csv", "indicators.csv", "replications.csv")
FILES = (
    *(MARKDOWN, PAGE, DOCUMENT, *TABLES, *OWN_TABLES, RECORD),
    *(f"{name}.{kind}" for name in FIGURE_NAMES for kind in ("svg", "png")),
)
"""Every file that the folder of a decision may hold."""
_EARLIER = EarlierReport(RECORD, is_record, FILES)
_NOTHING, _UNKNOWN = Provenance(), Complexity()


def write_decision(
    folder: str | Path,
    decision: Decision,
    complexity: Complexity = _UNKNOWN,
    provenance: Provenance = _NOTHING,
) -> Path:
    """Write the record of a decision and return its folder; ``complexity`` is that of `measure_complexity`.

    An empty folder and an earlier record are replaced; raises InputError for any other folder, and when it cannot be
    written.
    """
    target = check_decision_folder(folder)
    return write_files(folder, build_decision_files(decision, complexity, provenance, target), "--out", _EARLIER)


def check_decision_folder(folder: str | Path) -> Path:
    """The absolute path of a folder that a record may be written to; raises InputError when it may not.

    To be called before a long run as well: it tries whether the disk takes a new folder there.
    """
    return check_folder(folder, "--out", _EARLIER)


def build_decision_files(
    decision: Decision, complexity: Complexity, provenance: Provenance, folder: Path
) -> Mapping[str, bytes]:
    """Name -> content of every file of a record; all but run.json are equal when the decision is made again."""
    figures = draw_decision_figures(decision)
    texts = {
        MARKDOWN: format_decision_record(decision, complexity),
        PAGE: render_decision_page(decision, figures, complexity),
        DOCUMENT: format_json(build_decision_document(decision)),
        **build_decision_tables(decision),
        "gain.csv": format_gain_csv(decision),
        "effort.csv": format_effort_csv(complexity),
        "indicators.csv": format_indicators_csv(complexity),
        "replications.csv": str(decision.gain.table.to_csv(index=False, lineterminator="\n")),
        RECORD: build_run_record(decision.verdicts, provenance, folder, decision.scenario),
    }
    drawn = {name: content for figure in figures for name, content in figure.render_files().items()}
    return {**{name: text.encode() for name, text in texts.items()}, **drawn}


def format_json(document: Any) -> str:
    """A document as text with a line break at its end."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

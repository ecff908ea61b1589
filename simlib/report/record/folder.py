"""The folder of a decision record: it appears whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simlib.decision.choice.document import decision_document
from simlib.decision.choice.results import Decision
from simlib.experiment.atomic_folder import EarlierReport, check_folder, write_files
from simlib.report.record.complexity import Complexity, effort_csv, indicators_csv
from simlib.report.record.gain_rows import gain_csv
from simlib.report.record.madr import format_decision_record
from simlib.report.record.page import NAMES, decision_figures, decision_page
from simlib.report.record.tables import TABLES, decision_tables
from simlib.report.run_record import RECORD, Provenance, is_record, run_record

MARKDOWN, PAGE, DOCUMENT = "decision.md", "report.html", "decision.json"
OWN_TABLES = ("gain.csv", "effort.csv", "indicators.csv", "replications.csv")
FILES = (
    *(MARKDOWN, PAGE, DOCUMENT, *TABLES, *OWN_TABLES, RECORD),
    *(f"{name}.{kind}" for name in NAMES for kind in ("svg", "png")),
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
    """Write the record of a decision and return its folder; ``complexity`` is that of `complexity_of`.

    An empty folder and an earlier record are replaced; raises InputError for any other folder, and when it cannot be
    written.
    """
    target = check_decision_folder(folder)
    return write_files(folder, decision_files(decision, complexity, provenance, target), "--out", _EARLIER)


def check_decision_folder(folder: str | Path) -> Path:
    """The absolute path of a folder that a record may be written to; raises InputError when it may not.

    To be called before a long run as well: it tries whether the disk takes a new folder there.
    """
    return check_folder(folder, "--out", _EARLIER)


def decision_files(
    decision: Decision, complexity: Complexity, provenance: Provenance, folder: Path
) -> Mapping[str, bytes]:
    """Name -> content of every file of a record; all but run.json are equal when the decision is made again."""
    figures = decision_figures(decision)
    texts = {
        MARKDOWN: format_decision_record(decision, complexity),
        PAGE: decision_page(decision, figures, complexity),
        DOCUMENT: as_json(decision_document(decision)),
        **decision_tables(decision),
        "gain.csv": gain_csv(decision),
        "effort.csv": effort_csv(complexity),
        "indicators.csv": indicators_csv(complexity),
        "replications.csv": str(decision.gain.table.to_csv(index=False, lineterminator="\n")),
        RECORD: run_record(decision.verdicts, provenance, folder, decision.scenario),
    }
    drawn = {name: content for figure in figures for name, content in figure.files().items()}
    return {**{name: text.encode() for name, text in texts.items()}, **drawn}


def as_json(document: Any) -> str:
    """A document as text with a line break at its end."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

"""The folder of a matrix of attacks: figures, cells, findings; it appears whole or not at all."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from simlib.attacks import ATTACKS
from simlib.decision.attack_findings import Finding
from simlib.experiment.atomic_folder import write_files
from simlib.experiment.attack_matrix import Cell, attack_frame
from simlib.report.attack_figure import attack_figure
from simlib.report.figure_style import to_png, to_svg

_FIGURES: tuple[tuple[str, Literal["token", "flow"]], ...] = (("tokens", "token"), ("flows", "flow"))


def attack_document(scenario: str, cells: Sequence[Cell], findings: Sequence[Finding]) -> dict[str, Any]:
    """Everything as one JSON document."""
    names = dict.fromkeys(cell.encounter.attack for cell in cells)
    return {
        "scenario": scenario,
        "attacks": {name: {"summary": ATTACKS[name].summary, "source": ATTACKS[name].source} for name in names},
        "cells": json.loads(attack_frame(cells).to_json(orient="records")),
        "findings": [finding._asdict() for finding in findings],
    }


def write_attacks(folder: str | Path, scenario: str, cells: Sequence[Cell], findings: Sequence[Finding]) -> Path:
    """Write them into a new or empty folder; returns it. Raises InputError for one that cannot be used."""
    return write_files(folder, _build_files(scenario, cells, findings), "--out")


def _build_files(scenario: str, cells: Sequence[Cell], findings: Sequence[Finding]) -> Mapping[str, bytes]:
    document = json.dumps(attack_document(scenario, cells, findings), indent=2, ensure_ascii=False, allow_nan=False)
    files = {
        "attacks.csv": str(attack_frame(cells).to_csv(index=False, lineterminator="\n")).encode(),
        "attacks.json": f"{document}\n".encode(),
    }
    for name, against in _FIGURES:
        if any(ATTACKS[cell.encounter.attack].against == against for cell in cells):
            figure, _ = attack_figure(cells, against)
            files |= {f"{name}.svg": to_svg(figure), f"{name}.png": to_png(figure)}
    return files

"""Folder of an attack matrix: figures, cells and findings; it appears complete or not at all."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from simlib.attacks import ATTACKS
from simlib.decision.attack_findings import Finding
from simlib.experiment.atomic_folder import write_files
from simlib.experiment.attack_matrix import Cell, tabulate_attacks
from simlib.report.attack_figure import attack_figure
from simlib.report.figure_style import render_png, render_svg

_FIGURES: tuple[tuple[str, Literal["token", "flow"]], ...] = (("tokens", "token"), ("flows", "flow"))


def build_attack_document(scenario: str, cells: Sequence[Cell], findings: Sequence[Finding]) -> dict[str, Any]:
    """The matrix as JSON types: attacks, cells and findings."""
    names = dict.fromkeys(cell.attack_run.attack for cell in cells)
    return {
        "scenario": scenario,
        "attacks": {name: {"summary": ATTACKS[name].summary, "source": ATTACKS[name].source} for name in names},
        "cells": json.loads(tabulate_attacks(cells).to_json(orient="records")),
        "findings": [finding._asdict() for finding in findings],
    }


def write_attacks(folder: str | Path, scenario: str, cells: Sequence[Cell], findings: Sequence[Finding]) -> Path:
    """Write them into a new or empty folder; returns it. Raises InputError for one that cannot be used."""
    return write_files(folder, _build_files(scenario, cells, findings), "--out")


def _build_files(scenario: str, cells: Sequence[Cell], findings: Sequence[Finding]) -> Mapping[str, bytes]:
    document = json.dumps(
        build_attack_document(scenario, cells, findings), indent=2, ensure_ascii=False, allow_nan=False
    )
    files = {
        "attacks.csv": str(tabulate_attacks(cells).to_csv(index=False, lineterminator="\n")).encode(),
        "attacks.json": f"{document}\n".encode(),
    }
    for name, against in _FIGURES:
        if any(ATTACKS[cell.attack_run.attack].against == against for cell in cells):
            figure, _ = attack_figure(cells, against)
            files |= {f"{name}.svg": render_svg(figure), f"{name}.png": render_png(figure)}
    return files

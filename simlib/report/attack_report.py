"""Report of an attack matrix: its figure, and a folder of figures, cells and findings.

The figure has attacks down, designs or flows across, and a mark where a request was accepted. The folder appears
complete or not at all.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from simlib.attacks import ATTACKS
from simlib.decision.attack_findings import Finding
from simlib.experiment.atomic_folder import write_files
from simlib.experiment.attack_matrix import Cell, tabulate_attacks
from simlib.report.figure_style import OKABE_ITO, apply_house_style, render_png, render_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_REFUSED, _ACCEPTED, _NOTHING = "#D6E4F0", OKABE_ITO[1], "#FFFFFF"
_GAP = 0.7
"""Distance between groups of columns, in columns."""
_GROUPS = {
    "designs": "designs",
    "bound": "bound to a key",
    "catalogue": "others",
    "victims": "vulnerable",
    "sound": "the same, sound",
    "flows": "complete flows",
    "careless": "a check is left out",
}


def attack_figure(cells: Sequence[Cell], against: Literal["token", "flow"]) -> "tuple[Figure, str]":
    """The matrix and its description in words; raises ValueError when no cell is about such attacks."""
    from matplotlib.figure import Figure

    selected = [cell for cell in cells if ATTACKS[cell.attack_run.attack].against == against]
    selected = [cell for cell in selected if (cell.group in ("flows", "careless")) == (against == "flow")]
    if not selected:
        raise ValueError(f"no cell is about attacks on a {against}")
    rows = list(dict.fromkeys(cell.attack_run.attack for cell in selected))
    columns = _place_columns(selected)
    with apply_house_style():
        figure = Figure(figsize=(2.6 + 0.4 * len(columns), 2.7 + 0.27 * len(rows)), layout="constrained")
        axes = figure.subplots()
        _draw_matrix(axes, selected, rows, columns)
    return figure, _describe_matrix(selected, against)


def _find_column(cell: Cell) -> tuple[str, str]:
    return cell.group, cell.setting if cell.group in ("flows", "careless") else cell.target.design.name


def _place_columns(cells: Sequence[Cell]) -> dict[tuple[str, str], float]:
    """Group and name -> position, with a gap between groups."""
    positions: dict[tuple[str, str], float] = {}
    position, last = -1.0, ""
    for group, name in dict.fromkeys(map(_find_column, cells)):
        position += 1.0 + (_GAP if last not in ("", group) else 0.0)
        last = group
        positions[group, name] = position
    return positions


def _draw_matrix(
    axes: "Axes", cells: Sequence[Cell], rows: Sequence[str], columns: dict[tuple[str, str], float]
) -> None:
    from matplotlib.patches import Rectangle

    drawn: dict[tuple[str, tuple[str, str]], Cell] = {}
    for cell in cells:  # of several designs the one that accepted for the longest time
        place = cell.attack_run.attack, _find_column(cell)
        if place not in drawn or cell.attack_run.seconds > drawn[place].attack_run.seconds:
            drawn[place] = cell
    for (attack, column), cell in drawn.items():
        corner = columns[column] - 0.5, rows.index(attack) - 0.5
        outcome = cell.attack_run.outcome
        colour = {"refused": _REFUSED, "accepted": _ACCEPTED}.get(outcome, _NOTHING)
        axes.add_patch(Rectangle(corner, 1, 1, facecolor=colour, edgecolor="white", linewidth=1.2))
        axes.text(columns[column], rows.index(attack), _format_mark(cell), ha="center", va="center", fontsize=6.5)
    _label_axes(axes, rows, columns)


def _format_mark(cell: Cell) -> str:
    run = cell.attack_run
    if run.outcome != "accepted":
        return "\u00b7" if run.outcome == "inapplicable" else ""
    return "end" if run.lasted else "once" if run.requests == 1 else f"{run.seconds:.0f}"


def _label_axes(axes: "Axes", rows: Sequence[str], columns: dict[tuple[str, str], float]) -> None:
    from matplotlib.patches import Patch

    axes.set_xlim(-0.6, max(columns.values()) + 0.6)
    axes.set_ylim(len(rows) - 0.5, -1.3)
    axes.set_yticks(range(len(rows)), [name.replace("_", " ") for name in rows])
    axes.set_xticks(list(columns.values()), [name for _, name in columns], rotation=60, ha="right", fontsize=7.5)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
    for group in dict.fromkeys(group for group, _ in columns):
        first = min(position for (column_group, _), position in columns.items() if column_group == group)
        axes.text(first - 0.5, -0.7, _GROUPS[group], fontsize=8, weight="bold", va="bottom")
    marks = {_REFUSED: "refused", _ACCEPTED: "accepted: seconds, once, or until the end of the run"}
    handles = [Patch(color=colour, label=label) for colour, label in marks.items()]
    handles.append(Patch(facecolor="white", edgecolor="#AAAAAA", label="\u00b7 no target"))
    axes.figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=7.5)


def _describe_matrix(cells: Sequence[Cell], against: str) -> str:
    accepted = dict.fromkeys(
        f"{cell.attack_run.attack} by {_find_column(cell)[1]}"
        for cell in cells
        if cell.attack_run.outcome == "accepted"
    )
    outcomes = "; ".join(accepted) or "nothing"
    return (
        f"Matrix of attacks on {against}s by design or flow. Accepted: {outcomes}. "
        "All other attacks are refused or have no target."
    )


_FIGURES: tuple[tuple[str, Literal["token", "flow"]], ...] = (("tokens", "token"), ("flows", "flow"))


def build_attack_document(
    scenario: str, cells: Sequence[Cell], findings: Sequence[Finding], skipped: Sequence[str] = ()
) -> dict[str, Any]:
    """The matrix as JSON types: attacks, cells, findings, and sentences about the parts that were skipped."""
    names = dict.fromkeys(cell.attack_run.attack for cell in cells)
    return {
        "scenario": scenario,
        "attacks": {name: {"summary": ATTACKS[name].summary, "source": ATTACKS[name].source} for name in names},
        "cells": json.loads(tabulate_attacks(cells).to_json(orient="records")),
        "findings": [finding._asdict() for finding in findings],
        "skipped": list(skipped),
    }


def write_attacks(
    folder: str | Path, scenario: str, cells: Sequence[Cell], findings: Sequence[Finding], skipped: Sequence[str] = ()
) -> Path:
    """Write them into a new or empty folder; returns it. Raises InputError for one that cannot be used."""
    document = build_attack_document(scenario, cells, findings, skipped)
    return write_files(folder, _build_files(document, cells), "--out")


def _build_files(content: Mapping[str, Any], cells: Sequence[Cell]) -> Mapping[str, bytes]:
    document = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    files = {
        "attacks.csv": str(tabulate_attacks(cells).to_csv(index=False, lineterminator="\n")).encode(),
        "attacks.json": f"{document}\n".encode(),
    }
    for name, against in _FIGURES:
        if any(ATTACKS[cell.attack_run.attack].against == against for cell in cells):
            figure, _ = attack_figure(cells, against)
            files |= {f"{name}.svg": render_svg(figure), f"{name}.png": render_png(figure)}
    return files

"""Cells of the matrix of attacks as short texts, and how they are gathered into tables."""

from collections.abc import Sequence
from typing import NamedTuple

from simlib.decision.attack_findings import how_long
from simlib.engine.arena.encounter import PACE
from simlib.experiment.attack_matrix import Cell

NOTHING = "-"
"""Where there is nothing to attack."""
LEGEND = (
    f"A word names the check that refused; accepted: for how long and how many requests, with {PACE}; "
    f"{NOTHING} nothing to attack."
)


class AttackTable(NamedTuple):
    """Attacks down; ``rows``: attack -> column -> the cells there, several when designs are gathered."""

    title: str
    columns: tuple[str, ...]
    rows: dict[str, dict[str, list[Cell]]]


def attack_tables(cells: Sequence[Cell]) -> tuple[AttackTable, ...]:
    """Designs, the same with bound tokens as far as that changes anything, the catalogue, and sound flows."""
    designs = [cell for cell in cells if cell.group == "designs"]
    bound = [cell for cell in cells if cell.group == "bound"]
    found = [
        _table("Attacks on tokens", designs, by_design=True),
        _table("With tokens bound to a key of the client: what changes", _changed(designs, bound), by_design=True),
        _table("Other parts of the catalogue", [c for c in cells if c.group == "catalogue"], by_design=True),
        _table("Attacks on flows", [c for c in cells if c.group == "flows"], by_design=False),
    ]
    return tuple(table for table in found if table.rows)


def _table(title: str, cells: Sequence[Cell], *, by_design: bool) -> AttackTable:
    rows: dict[str, dict[str, list[Cell]]] = {}
    for cell in cells:
        column = cell.ground.design.name if by_design else cell.setting
        rows.setdefault(cell.encounter.attack, {}).setdefault(column, []).append(cell)
    columns = dict.fromkeys(column for row in rows.values() for column in row)
    return AttackTable(title, tuple(columns), rows)


def _changed(designs: Sequence[Cell], bound: Sequence[Cell]) -> list[Cell]:
    """Those with another word than the design of which they are a variant."""
    words = {(c.ground.design.name, c.encounter.attack): c.encounter.outcome for c in designs}
    changed = {
        cell.encounter.attack
        for cell in bound
        if words.get((cell.ground.design.name.partition("+")[0], cell.encounter.attack)) != cell.encounter.outcome
    }
    return [cell for cell in bound if cell.encounter.attack in changed]


def cell_text(cells: Sequence[Cell]) -> str:
    """The cells of one place: a range where only times differ, and a slash between what is not the same for all."""
    met = [cell.encounter for cell in cells]
    if len({how_long(cell) for cell in cells}) > 1 and all(one.requests > 1 and not one.lasted for one in met):
        return f"accepted {min(one.seconds for one in met):.0f} to {max(one.seconds for one in met):.0f} s"
    return " / ".join(dict.fromkeys(_text(cell) for cell in cells))


def _text(cell: Cell) -> str:
    encounter = cell.encounter
    if encounter.outcome == "inapplicable":
        return NOTHING
    if encounter.outcome == "accepted":
        often = "" if encounter.requests == 1 else f", {encounter.requests} x"
        return f"accepted {how_long(cell)}{often}"
    checks = (check.rpartition(": ")[2] for check in encounter.check.split("; "))
    return ", ".join(dict.fromkeys(checks))

"""The bundled tables of facts in ``data/effort``: rows of text, made into values by whoever reads them."""

import csv
from functools import cache

from simlib.scenario.data import bundled


@cache
def fact_rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of ``data/effort/NAME.csv``, which nobody may change."""
    with (bundled("effort") / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def patterns_of(cell: str) -> tuple[str, ...]:
    """The parts in a cell, separated by semicolons."""
    return tuple(pattern.strip() for pattern in cell.split(";") if pattern.strip())

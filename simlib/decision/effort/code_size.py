"""Code size and complexity of simlib's own parts, the code that the simulation runs, measured by lizard.

A part counts its own unit and the units that this one uses, without the base that all parts share. A unit is a file, or
the definitions of one part in a file that holds several. The numbers are comparable among these parts only.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from simlib.decision.effort.csv_tables import read_fact_rows, split_patterns
from simlib.decision.effort.item_keys import Key, find_matching_keys, list_design_keys
from simlib.decision.effort.items import EVERYTHING
from simlib.scenario.design import Design

RESOURCE_SERVER = ("service", "gateway", "wrappers", "downstream")
CLIENT = ("client", "flows")


class Size(NamedTuple):
    """Lines without blanks, comments and docstrings, functions, and the sum of their cyclomatic complexities."""

    nloc: int
    functions: int
    cyclomatic: int
    units: tuple[str, ...]


def measure_part(part: str) -> Size:
    """Size of one part, such as "service:jwt_local", with the units that it uses; all zero for an unknown part."""
    return _sum_units(_add_used(row["unit"] for row in _read_rows() if part in split_patterns(row["parts"])))


def measure_design(design: Design) -> Mapping[str, Size]:
    """Side ("RS", "AS", "client") -> size of the union of its parts and of the endpoints that they need.

    Units that every design needs are left out. Units that serve two sides are in both.
    """
    units_of: dict[str, list[str]] = {"RS": [], "AS": [], "client": []}
    for row in _read_rows():
        if row["parts"] not in ("", EVERYTHING):
            for key in find_matching_keys(split_patterns(row["parts"]), list_design_keys(design)):
                units_of[_find_side(row["unit"], key)].append(row["unit"])
    return {side: _sum_units(_add_used(units)) for side, units in units_of.items()}


def _find_side(unit: str, key: Key) -> str:
    place = key.part.partition(":")[0]
    if unit.startswith("services/") and not unit.startswith("services/gateway"):
        return "AS"
    return "RS" if place in RESOURCE_SERVER else "client" if place in CLIENT else "AS"


def _read_rows() -> tuple[dict[str, str], ...]:
    return read_fact_rows("own_code")


def _add_used(units: Iterable[str]) -> set[str]:
    uses = {row["unit"]: split_patterns(row["uses"]) for row in _read_rows()}
    closure: set[str] = set()
    remaining = list(units)
    while remaining:
        unit = remaining.pop()
        if unit not in closure:
            closure.add(unit)
            remaining += uses.get(unit, ())
    return closure


def _sum_units(units: set[str]) -> Size:
    rows = [row for row in _read_rows() if row["unit"] in units]
    nloc, functions, cyclomatic = (sum(int(r[column]) for r in rows) for column in ("nloc", "functions", "cyclomatic"))
    return Size(nloc, functions, cyclomatic, tuple(sorted(units)))

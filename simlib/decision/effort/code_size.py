"""Size and complexity of simlib's own parts: the code that the simulation runs, measured by lizard.

Of every part its own unit and the units that this one uses, without the seam that all parts share. A unit is a file, or
the definitions of one part in a file that holds several. Python of one team in one style: comparable among the parts,
and with nothing else.
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
    """One part, such as "service:jwt_local", with all that it uses. All zero for an unknown part."""
    return _size(_with_used(row["unit"] for row in _rows() if part in split_patterns(row["parts"])))


def measure_design(design: Design) -> Mapping[str, Size]:
    """Side ("RS", "AS", "client") -> size of the union of its parts and of the endpoints that they need.

    What every design has is left out. Units that serve two sides are in both.
    """
    found: dict[str, list[str]] = {"RS": [], "AS": [], "client": []}
    for row in _rows():
        if row["parts"] not in ("", EVERYTHING):
            for key in find_matching_keys(split_patterns(row["parts"]), list_design_keys(design)):
                found[_side(row["unit"], key)].append(row["unit"])
    return {side: _size(_with_used(units)) for side, units in found.items()}


def _side(unit: str, key: Key) -> str:
    place = key.part.partition(":")[0]
    if unit.startswith("services/") and not unit.startswith("services/gateway"):
        return "AS"
    return "RS" if place in RESOURCE_SERVER else "client" if place in CLIENT else "AS"


def _rows() -> tuple[dict[str, str], ...]:
    return read_fact_rows("own_code")


def _with_used(units: Iterable[str]) -> set[str]:
    uses = {row["unit"]: split_patterns(row["uses"]) for row in _rows()}
    found: set[str] = set()
    left = list(units)
    while left:
        unit = left.pop()
        if unit not in found:
            found.add(unit)
            left += uses.get(unit, ())
    return found


def _size(units: set[str]) -> Size:
    rows = [row for row in _rows() if row["unit"] in units]
    nloc, functions, cyclomatic = (sum(int(r[column]) for r in rows) for column in ("nloc", "functions", "cyclomatic"))
    return Size(nloc, functions, cyclomatic, tuple(sorted(units)))

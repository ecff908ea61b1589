"""Size and complexity of simlib's own parts: the code that the simulation runs, measured by lizard.

Of every part its own file and the files that this one uses, without the seam that all parts share. Python of one team
in one style: comparable among the parts, and with nothing else.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from simlib.decision.effort.csv_tables import fact_rows, patterns_of
from simlib.decision.effort.item_keys import Key, bringing, design_keys
from simlib.decision.effort.items import EVERYTHING
from simlib.scenario.design import Design

RESOURCE_SERVER = ("service", "gateway", "wrappers", "downstream")
CLIENT = ("client", "flows")


class Size(NamedTuple):
    """Lines without blanks, comments and docstrings, functions, and the sum of their cyclomatic complexities."""

    nloc: int
    functions: int
    cyclomatic: int
    files: tuple[str, ...]


def part_size(part: str) -> Size:
    """One part, such as "service:jwt_local", with all that it uses. All zero for an unknown part."""
    return _size(_with_used(row["file"] for row in _rows() if part in patterns_of(row["parts"])))


def design_sizes(design: Design) -> Mapping[str, Size]:
    """Side ("RS", "AS", "client") -> size of the union of its parts and of the endpoints that they need.

    What every design has is left out. Files that serve two sides are in both.
    """
    found: dict[str, list[str]] = {"RS": [], "AS": [], "client": []}
    for row in _rows():
        if row["parts"] not in ("", EVERYTHING):
            for key in bringing(patterns_of(row["parts"]), design_keys(design)):
                found[_side(row["file"], key)].append(row["file"])
    return {side: _size(_with_used(files)) for side, files in found.items()}


def _side(file: str, key: Key) -> str:
    place = key.part.partition(":")[0]
    if file.startswith("services/") and not file.startswith("services/gateway"):
        return "AS"
    return "RS" if place in RESOURCE_SERVER else "client" if place in CLIENT else "AS"


def _rows() -> tuple[dict[str, str], ...]:
    return fact_rows("own_code")


def _with_used(files: Iterable[str]) -> set[str]:
    uses = {row["file"]: patterns_of(row["uses"]) for row in _rows()}
    found: set[str] = set()
    left = list(files)
    while left:
        file = left.pop()
        if file not in found:
            found.add(file)
            left += uses.get(file, ())
    return found


def _size(files: set[str]) -> Size:
    rows = [row for row in _rows() if row["file"] in files]
    nloc, functions, cyclomatic = (sum(int(r[column]) for r in rows) for column in ("nloc", "functions", "cyclomatic"))
    return Size(nloc, functions, cyclomatic, tuple(sorted(files)))

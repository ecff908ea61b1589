"""Tables of people: CSV that is read strictly, and refused in one line with file and line.

The bundled tables of facts in ``data/effort``: rows of text, made into values by whoever reads them.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from simlib.scenario.base import find_bundled
from simlib.scenario.errors import InputError, describe_unknown

LARGEST_FILE_BYTES = 2_000_000
LARGEST_DAYS = 100_000.0
"""Above this a number of person-days is a mistake: 400 person-years."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that spreadsheets run: OWASP, "CSV injection"."""


class Row(NamedTuple):
    """One row with the place it stands at, for messages."""

    location: str
    cells: Mapping[str, str]

    def read_number(self, column: str) -> float:
        """A number of person-days: finite, not negative. Raises InputError."""
        text = self.cells[column]
        try:
            value = float("" if "_" in text else text)  # Python reads 1_0 as ten, and nobody else does
        except ValueError:
            raise InputError(f"{self.location}: {column}: must be a number of person-days, not {text!r}") from None
        if not math.isfinite(value):
            raise InputError(f"{self.location}: {column}: must be finite, not {text}")
        if value < 0 or text.startswith("-"):
            raise InputError(f"{self.location}: {column}: must not be negative, but is {text}")
        if value > LARGEST_DAYS:
            raise InputError(f"{self.location}: {column}: must be at most {LARGEST_DAYS:g} person-days, not {text}")
        return value

    def read_choice(self, column: str, allowed: Sequence[str]) -> str:
        """One of some words. Raises InputError."""
        if self.cells[column] not in allowed:
            raise InputError(f"{self.location}: {describe_unknown(column, self.cells[column], allowed)}")
        return self.cells[column]


def read_table(path: Path, needed: Sequence[str], optional: Sequence[str], numbers: Sequence[str]) -> list[Row]:
    """All rows of a CSV file (UTF-8, comma, one header), cells stripped of blanks around them.

    Raises InputError, with file and line, for a file that cannot be read, a column that is missing, unknown or given
    twice, a wrong number of cells, and cells that a spreadsheet would run; ``numbers`` are columns in which a minus is
    left to `Row.read_number` to refuse.
    """
    lines = _lines(path)
    if not lines:
        raise InputError(f"{path}: is empty; it must have a header with {', '.join(needed)}")
    header = [cell.strip() for cell in lines[0][1]]
    _check_header(path, header, needed, optional)
    return [_row(f"{path}: line {line}", header, cells, numbers) for line, cells in lines[1:]]


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Line number and cells of every line that is not blank."""
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise InputError(f"{path}: is larger than {LARGEST_FILE_BYTES} bytes")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: is no CSV ({error})") from None


def _check_header(path: Path, header: Sequence[str], needed: Sequence[str], optional: Sequence[str]) -> None:
    missing = [name for name in needed if name not in header]
    if missing:
        raise InputError(f"{path}: line 1: column {missing[0]!r} is missing; needed are {', '.join(needed)}")
    for name in header:
        if name not in (*needed, *optional):
            raise InputError(f"{path}: line 1: {describe_unknown('column', name, (*needed, *optional))}")
        if header.count(name) > 1:
            raise InputError(f"{path}: line 1: column {name!r} is there {header.count(name)} times")


def _row(where: str, header: Sequence[str], cells: Sequence[str], numbers: Sequence[str]) -> Row:
    if len(cells) != len(header):
        raise InputError(f"{where}: has {len(cells)} cells, but the header has {len(header)}")
    for name, cell in zip(header, cells, strict=True):
        begins = cell.lstrip(" ")
        if begins.startswith(FORMULA) and not (name in numbers and begins.startswith("-")):
            raise InputError(
                f"{where}: {name}: {cell!r} begins like a formula; a cell must not begin with = + - @ or tab"
            )
    return Row(where, dict(zip(header, (cell.strip() for cell in cells), strict=True)))


@cache
def read_fact_rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of ``data/effort/NAME.csv``, which nobody may change."""
    with (find_bundled("effort") / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def split_patterns(cell: str) -> tuple[str, ...]:
    """The parts in a cell, separated by semicolons."""
    return tuple(pattern.strip() for pattern in cell.split(";") if pattern.strip())

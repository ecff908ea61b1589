"""CSV tables of effort: files of users, read strictly with errors that name file and line, and the bundled tables.

The tables of facts in ``data/effort`` are rows of text, converted by their readers.
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
"""Larger numbers of person-days are mistakes: 400 person-years."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters of cells that spreadsheets execute: OWASP, "CSV injection"."""


class Row(NamedTuple):
    """One row with its file and line, for messages."""

    location: str
    cells: Mapping[str, str]

    def read_number(self, column: str) -> float:
        """Number of person-days, finite and not negative; raises InputError."""
        text = self.cells[column]
        try:
            value = float("" if "_" in text else text)  # only Python reads 1_0 as ten
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
        """One of the allowed words; raises InputError."""
        if self.cells[column] not in allowed:
            raise InputError(f"{self.location}: {describe_unknown(column, self.cells[column], allowed)}")
        return self.cells[column]


def read_table(path: Path, needed: Sequence[str], optional: Sequence[str], numbers: Sequence[str]) -> list[Row]:
    """Rows of a CSV file (UTF-8, comma, one header), cells without surrounding blanks.

    Raises InputError, with file and line, for a file that cannot be read, a column that is missing, unknown or
    repeated, a wrong number of cells, and cells that a spreadsheet would execute; ``numbers`` are columns whose minus
    signs `Row.read_number` refuses.
    """
    lines = _read_lines(path)
    if not lines:
        raise InputError(f"{path}: is empty; it must have a header with {', '.join(needed)}")
    header = [cell.strip() for cell in lines[0][1]]
    _check_header(path, header, needed, optional)
    return [_build_row(f"{path}: line {line}", header, cells, numbers) for line, cells in lines[1:]]


def _read_lines(path: Path) -> list[tuple[int, list[str]]]:
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


def _build_row(location: str, header: Sequence[str], cells: Sequence[str], numbers: Sequence[str]) -> Row:
    if len(cells) != len(header):
        raise InputError(f"{location}: has {len(cells)} cells, but the header has {len(header)}")
    for name, cell in zip(header, cells, strict=True):
        begins = cell.lstrip(" ")
        if begins.startswith(FORMULA) and not (name in numbers and begins.startswith("-")):
            raise InputError(
                f"{location}: {name}: {cell!r} begins like a formula; a cell must not begin with = + - @ or tab"
            )
    return Row(location, dict(zip(header, (cell.strip() for cell in cells), strict=True)))


@cache
def read_fact_rows(name: str) -> tuple[dict[str, str], ...]:
    """Rows of ``data/effort/NAME.csv``, shared by all callers, which must not change them."""
    with (find_bundled("effort") / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def split_patterns(cell: str) -> tuple[str, ...]:
    """Patterns of a cell, separated by semicolons."""
    return tuple(pattern.strip() for pattern in cell.split(";") if pattern.strip())

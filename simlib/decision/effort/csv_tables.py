"""CSV tables of effort: files of users, read strictly with errors that name file and line, and the bundled tables.

Cells of users may be separated by commas, semicolons or tabs, and numbers may have a decimal comma: spreadsheets write
what their language does. The tables of facts in ``data/effort`` are rows of text, converted by their readers.
"""

import csv
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from simlib.scenario.base import find_bundled
from simlib.scenario.errors import InputError, describe_unknown
from simlib.scenario.texts import TextTooLong, describe_control, describe_read_failure, find_control, read_text
from simlib.scenario.trace_formats import DELIMITERS, choose_delimiter

LARGEST_FILE_BYTES = 2_000_000
LARGEST_DAYS = 100_000.0
"""Larger numbers of person-days are mistakes: 400 person-years."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters of cells that spreadsheets execute: OWASP, "CSV injection"."""
SEPARATOR_LINE = "sep="
"""Begin of a line that spreadsheets put before the header to name the delimiter."""
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+")


class Row(NamedTuple):
    """One row with its file and line, for messages, and the delimiter of its file."""

    location: str
    cells: Mapping[str, str]
    delimiter: str = ","

    def read_number(self, column: str) -> float:
        """Number of person-days, finite and not negative; raises InputError."""
        text = self.cells[column]
        if self.delimiter == "," and _THOUSANDS.fullmatch(text):
            raise InputError(f"{self.location}: {column}: {text!r} can be read in two ways; write it without a comma")
        try:
            # only Python reads 1_0 as ten
            value = float("" if "_" in text or ("," in text and "." in text) else text.replace(",", "."))
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
    """Rows of a CSV file (UTF-8, one header, delimiter of its header), cells without surrounding blanks.

    Raises InputError, with file and line, for a file that cannot be read, a column that is missing, unknown or
    repeated, a wrong number of cells, cells that a spreadsheet would execute, and ``numbers`` with decimal commas
    beside others with decimal points; minus signs in these columns are refused by `Row.read_number`.
    """
    delimiter, lines = _read_lines(path)
    if not lines:
        raise InputError(f"{path}: is empty; it must have a header with {', '.join(needed)}")
    header = [cell.strip() for cell in lines[0][1]]
    _check_header(path, header, needed, optional)
    rows = [_build_row(f"{path}: line {line}", header, cells, numbers, delimiter) for line, cells in lines[1:]]
    _check_decimal_signs(rows, numbers)
    return rows


def _check_decimal_signs(rows: Sequence[Row], numbers: Sequence[str]) -> None:
    """Refuse a file in which one number has a decimal comma and another a decimal point."""
    cells = [(row.location, column, row.cells[column]) for row in rows for column in numbers]
    points = [cell for _, _, cell in cells if "." in cell]
    for location, column, cell in cells:
        if points and "," in cell:
            mixed = f"{cell!r} has both" if "." in cell else f"{cell!r} and {points[0]!r} have different ones"
            raise InputError(
                f"{location}: {column}: a decimal sign is a point or a comma, and {mixed}; allowed: one sign in the "
                "whole file, and none between thousands"
            )


def _read_lines(path: Path) -> tuple[str, list[tuple[int, list[str]]]]:
    """Delimiter, and line number and cells of every line that is not blank."""
    try:
        text = read_text(path, LARGEST_FILE_BYTES)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 (byte {error.start})") from None
    except TextTooLong:
        raise InputError(f"{path}: is larger than {LARGEST_FILE_BYTES} bytes") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({describe_read_failure(error)})") from None
    control = find_control(text, "\t\n\r")
    if control:
        line = text.count("\n", 0, text.index(control)) + 1
        raise InputError(f"{path}: line {line}: holds the {describe_control(control)}; allowed: printable text")
    lines = text.splitlines(keepends=True)
    delimiter, skipped = _find_delimiter(lines)
    reader = csv.reader(lines[skipped:], delimiter=delimiter, strict=True)
    try:
        rows = [(reader.line_num + skipped, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num + skipped}: is no CSV ({error})") from None
    return delimiter, rows


def _find_delimiter(lines: Sequence[str]) -> tuple[str, int]:
    """Delimiter, named by a line before the header or else that of the header, and the number of lines to skip."""
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    header = lines[first].strip() if lines else ""
    if header.lower().startswith(SEPARATOR_LINE) and header[len(SEPARATOR_LINE) :] in tuple(DELIMITERS):
        return header[len(SEPARATOR_LINE) :], first + 1
    return choose_delimiter(header), 0


def _check_header(path: Path, header: Sequence[str], needed: Sequence[str], optional: Sequence[str]) -> None:
    missing = [name for name in needed if name not in header]
    if missing:
        raise InputError(f"{path}: line 1: column {missing[0]!r} is missing; needed are {', '.join(needed)}")
    for name in header:
        if name not in (*needed, *optional):
            raise InputError(f"{path}: line 1: {describe_unknown('column', name, (*needed, *optional))}")
        if header.count(name) > 1:
            raise InputError(f"{path}: line 1: column {name!r} is there {header.count(name)} times")


def _build_row(
    location: str, header: Sequence[str], cells: Sequence[str], numbers: Sequence[str], delimiter: str
) -> Row:
    if len(cells) != len(header):
        decimals = delimiter == "," and len(cells) > len(header)
        hint = "; with decimal commas, separate cells by semicolons" if decimals else ""
        raise InputError(f"{location}: has {len(cells)} cells, but the header has {len(header)}{hint}")
    for name, cell in zip(header, cells, strict=True):
        begins = cell.lstrip(" ")
        if begins.startswith(FORMULA) and not (name in numbers and begins.startswith("-")):
            raise InputError(
                f"{location}: {name}: {cell!r} begins like a formula; a cell must not begin with = + - @ or tab"
            )
        control = find_control(cell.strip())
        if control:
            raise InputError(f"{location}: {name}: holds the {describe_control(control)}; allowed: one line of text")
    return Row(location, dict(zip(header, (cell.strip() for cell in cells), strict=True)), delimiter)


@cache
def read_fact_rows(name: str) -> tuple[dict[str, str], ...]:
    """Rows of ``data/effort/NAME.csv``, shared by all callers, which must not change them."""
    with (find_bundled("effort") / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def split_patterns(cell: str) -> tuple[str, ...]:
    """Patterns of a cell, separated by semicolons."""
    return tuple(pattern.strip() for pattern in cell.split(";") if pattern.strip())

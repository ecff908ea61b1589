"""Formats of traffic logs: recognition of a file's format, and user and time stamp of each line.

Time stamps are whole nanoseconds since 1970-01-01 UTC, because a float of seconds since 1970 resolves only 240 ns today
and logs have 100 ns. The part of a stamp down to the minute is cached: a log repeats it line after line, and a
calendar is slow.
"""

import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from simlib.scenario.errors import InputError
from simlib.scenario.trace_files import ALLOWED

SECOND = 10**9
"""Nanoseconds."""
FIRST_YEAR, LAST_YEAR = 1970, 2200
LOWEST, HIGHEST = -(10**18), 8 * 10**18
"""Range of accepted instants, in nanoseconds: the difference of any two fits in 64 bits."""
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
"""A table in place of strptime, which is slow and depends on the machine's language."""

ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ Tt]([0-9]{2}:[0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?"
    r"(?: ?(Z|z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?"
)
NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?")
UNITS = ((10**11, SECOND), (10**14, 10**6), (10**17, 10**3))
"""Below this magnitude a number counts seconds, milliseconds, microseconds (in nanoseconds); above, nanoseconds.

Seconds reach 10^11 in the year 5138 and milliseconds passed it in 1973, so today's stamps cannot be confused.
"""


class BrokenLine(Exception):
    """Error of a line that is no request; the message is the reason in a few words."""


def shorten_text(text: str, limit: int = 40) -> str:
    """Shorten a text from a file for one line of a message, with printable characters only."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in text[: limit + 1])
    return printable if len(text) <= limit else printable[:limit] + "..."


def parse_column_stamp(text: str) -> int:
    """Parse a cell of a CSV to nanoseconds: ISO 8601 down to the second, or a number since 1970 (or any other zero).

    Without a zone it counts as UTC. Digits beyond nanoseconds are cut off. Raises BrokenLine.
    """
    match = ISO.fullmatch(text)
    if match is None:
        return _parse_number(text)
    day, minute, second, fraction, zone = match.groups()
    return add_seconds(parse_iso_minute(day, minute, zone), second, fraction)


def add_seconds(minute: int, second: str, fraction: str | None) -> int:
    """Add ``second.fraction`` to the start of a minute (nanoseconds); second 60 is a leap second."""
    if second > "60":
        raise BrokenLine(f"no such second: {second}")
    part = int(fraction[:9].ljust(9, "0")) if fraction else 0
    return minute + int(second) * SECOND + part


@lru_cache(maxsize=4096)
def parse_log_minute(text: str, zone: str) -> int:
    """Parse the start of a minute (nanoseconds) written as ``17/May/2015:10:05`` in a zone such as ``+0200``."""
    month = MONTHS.get(text[3:6].lower(), 0)
    return _compute_minute(text, (int(text[7:11]), month, int(text[:2]), int(text[12:14]), int(text[15:17])), zone)


@lru_cache(maxsize=4096)
def parse_iso_minute(day: str, minute: str, zone: str | None) -> int:
    """Parse the start of a minute (nanoseconds) written as ``2015-05-17`` and ``10:05``; no zone means UTC."""
    year, month, date = (int(part) for part in day.split("-"))
    return _compute_minute(f"{day} {minute}", (year, month, date, int(minute[:2]), int(minute[3:])), zone)


def _compute_minute(text: str, parts: tuple[int, int, int, int, int], zone: str | None) -> int:
    year, month, day, hour, minute = parts
    try:
        start = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        raise BrokenLine(f"no such time: {text}") from None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BrokenLine(f"year {year} is outside {FIRST_YEAR} to {LAST_YEAR}")
    return (int(start.timestamp()) - _parse_zone(zone)) * SECOND


def _parse_zone(zone: str | None) -> int:
    """Parse a zone such as ``+02:00``, ``+0200``, ``+02`` or ``Z`` to seconds ahead of UTC."""
    if zone is None or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        raise BrokenLine(f"no such zone: {zone}")
    return (hours * 3600 + minutes * 60) * (-1 if zone[0] == "-" else 1)


def _parse_number(text: str) -> int:
    if NUMBER.fullmatch(text) is None:
        raise BrokenLine(f"not a time: {shorten_text(text)!r}")
    value = Decimal(text)
    unit = next((unit for below, unit in UNITS if abs(value) < below), 1)
    if not LOWEST <= value * unit <= HIGHEST:
        raise BrokenLine(f"not a time: {shorten_text(text)!r} is out of range")
    return int(value * unit)


DELIMITERS = ",;\t"
TIME_NAMES = ("timestamp", "datetime", "ts", "arrival", "time", "date")
"""Names of a time column, best first; letter case and signs do not count; also names that begin with "arrival"."""

LOG_LINE = re.compile(
    r"(?:[^\s:]+:[0-9]+ )?"  # Debian's vhost_combined puts the site and its port first
    r"([^\s\0]+) \S+ (?:\"(?:[^\"\\]|\\.)*\"|[^\"]+?) "  # client, identity, user (may hold blanks, may be quoted)
    r"\[([0-9]{2}/[A-Za-z]{3}/[0-9]{4}:[0-9]{2}:[0-9]{2}):([0-9]{2})(?:\.([0-9]+))? ([+-][0-9]{4})\] \""
)
COMBINED_REST = re.compile(r"(?:[^\"\\]|\\.)*\" [0-9]{3} \S+ \"")

Parse = Callable[[str], tuple[int, str]]
"""Parser of a line: its instant (nanoseconds) and user ("" when the format has none); raises BrokenLine."""


class Layout(NamedTuple):
    """Layout of a file: name of its format, number of its header line (0: none), and parser of its lines."""

    format: str
    header_line: int
    parse: Parse
    has_users: bool


def recognise_layout(sample: list[str], name: str, time_column: str | None, user_column: str | None) -> Layout:
    """Recognise the format from the first lines of the file with this ``name``.

    One access log line among them is enough; otherwise the first line that is not blank is a CSV's header.
    Raises InputError when it is neither, or when a requested column is missing.
    """
    log_lines = [(line, match) for line in sample if (match := LOG_LINE.match(line))]
    if log_lines:
        if time_column is not None or user_column is not None:
            raise InputError(f"{name}: is an access log, which has no columns; time and user column are for CSV only")
        combined = any(COMBINED_REST.match(line, match.end()) for line, match in log_lines)
        return Layout("combined" if combined else "common", 0, parse_log_line, True)
    for number, line in enumerate(sample, start=1):
        if not line.isspace():
            return _read_csv_layout(line.rstrip("\r\n"), number, name, time_column, user_column)
    raise InputError(f"{name}: holds blank lines only; {ALLOWED}")


def parse_log_line(line: str) -> tuple[int, str]:
    """Parse a line in common or combined log format to instant and client.

    Only its part before the request is needed, so a line that was cut off inside its user agent still counts.
    """
    match = LOG_LINE.match(line)
    if match is None:
        raise BrokenLine('does not begin like an access log: client identity user [day/month/year:time zone] "')
    client, minute, second, fraction, zone = match.groups()
    return add_seconds(parse_log_minute(minute, zone), second, fraction), client


def make_csv_parser(delimiter: str, width: int, time_index: int, user_index: int | None) -> Parse:
    """Make a parser of the lines of a CSV with ``width`` columns; a record is one line."""

    def parse(line: str) -> tuple[int, str]:
        cells = _split_cells(line.rstrip("\r\n"), delimiter)
        if len(cells) != width:
            raise BrokenLine(f"{len(cells)} fields where the header has {width}")
        stamp = parse_column_stamp(cells[time_index].strip())
        if user_index is None:
            return stamp, ""
        user = cells[user_index].strip()
        if not user:
            raise BrokenLine("no user")
        return stamp, user

    return parse


def _split_cells(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    except csv.Error as failure:
        raise BrokenLine(f"not CSV: {failure}") from None


def choose_delimiter(header: str) -> str:
    """Choose the delimiter of a CSV: the sign of `DELIMITERS` that its header holds most often, a comma without any."""
    return max(DELIMITERS, key=header.count)


def _read_csv_layout(header: str, number: int, name: str, time_column: str | None, user_column: str | None) -> Layout:
    delimiter = choose_delimiter(header)
    try:
        columns = [cell.strip() for cell in _split_cells(header, delimiter)]
    except BrokenLine as reason:
        raise InputError(f"{name}: line {number}: {reason}; {ALLOWED}") from None
    time_index = _find_time_column(columns, name) if time_column is None else _find_column(columns, time_column, name)
    user_index = None if user_column is None else _find_column(columns, user_column, name)
    parse = make_csv_parser(delimiter, len(columns), time_index, user_index)
    return Layout("csv", number, parse, user_index is not None)


def _find_time_column(columns: list[str], name: str) -> int:
    plain = ["".join(filter(str.isalnum, column.lower())) for column in columns]
    for wanted in TIME_NAMES:
        for index, column in enumerate(plain):
            if column == wanted or (wanted == "arrival" and column.startswith(wanted)):
                return index
    if any(map(_is_stamp, columns)):
        raise InputError(f"{name}: the first line is no header; allowed: a CSV whose first line names its columns")
    if len(columns) == 1:
        raise InputError(f"{name}: no line is a request, and the first is no header of a CSV; {ALLOWED}")
    names = ", ".join(TIME_NAMES)
    raise InputError(f"{name}: no time column among {_format_columns(columns)}; allowed: one of {names}, or name yours")


def _find_column(columns: list[str], wanted: str, name: str) -> int:
    """Find the index of a column: by its exact name, else by its name in any letter case."""
    indexes = [index for index, column in enumerate(columns) if column == wanted]
    indexes = indexes or [index for index, column in enumerate(columns) if column.lower() == wanted.strip().lower()]
    if len(indexes) == 1:
        return indexes[0]
    mistake = "occurs more than once" if indexes else "is unknown"
    raise InputError(f"{name}: column {shorten_text(wanted)!r} {mistake}; the columns are {_format_columns(columns)}")


def _is_stamp(cell: str) -> bool:
    try:
        parse_column_stamp(cell)
    except BrokenLine:
        return False
    return True


def _format_columns(columns: list[str]) -> str:
    return shorten_text(", ".join(columns), 200)

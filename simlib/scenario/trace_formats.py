"""Formats of traffic logs: which one a file is in, and who asked when, line by line.

Time stamps of traffic logs, as whole nanoseconds since 1970-01-01 UTC.

Whole numbers, because a float of seconds since 1970 resolves only 240 ns today and logs carry 100 ns. The part
of a stamp down to the minute is remembered: a log repeats it line after line, and a calendar is slow.
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
"""Instants that are accepted, in nanoseconds: any two differ by less than 64 bits hold."""
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
"""Not read by strptime, which is slow and follows the machine's language."""

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
    """A line that tells no request; the message says why in a few words."""


def shown(text: str, limit: int = 40) -> str:
    """Text from a file, fit for one line of a message: printable and short."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in text[: limit + 1])
    return printable if len(text) <= limit else printable[:limit] + "..."


def column_stamp(text: str) -> int:
    """A cell of a CSV as nanoseconds: ISO 8601 down to the second, or a number since 1970 (or any other zero).

    Without a zone it is read as UTC. Digits beyond nanoseconds are cut. Raises BrokenLine.
    """
    match = ISO.fullmatch(text)
    if match is None:
        return _number(text)
    day, minute, second, fraction, zone = match.groups()
    return within(iso_minute(day, minute, zone), second, fraction)


def within(minute: int, second: str, fraction: str | None) -> int:
    """The instant ``second.fraction`` after the start of a minute (nanoseconds); second 60 is a leap second."""
    if second > "60":
        raise BrokenLine(f"no such second: {second}")
    part = int(fraction[:9].ljust(9, "0")) if fraction else 0
    return minute + int(second) * SECOND + part


@lru_cache(maxsize=4096)
def log_minute(text: str, zone: str) -> int:
    """Start of a minute (nanoseconds) written as ``17/May/2015:10:05`` in a zone such as ``+0200``."""
    month = MONTHS.get(text[3:6].lower(), 0)
    return _minute(text, (int(text[7:11]), month, int(text[:2]), int(text[12:14]), int(text[15:17])), zone)


@lru_cache(maxsize=4096)
def iso_minute(day: str, minute: str, zone: str | None) -> int:
    """Start of a minute (nanoseconds) written as ``2015-05-17`` and ``10:05``; no zone means UTC."""
    year, month, date = (int(part) for part in day.split("-"))
    return _minute(f"{day} {minute}", (year, month, date, int(minute[:2]), int(minute[3:])), zone)


def _minute(text: str, parts: tuple[int, int, int, int, int], zone: str | None) -> int:
    year, month, day, hour, minute = parts
    try:
        start = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        raise BrokenLine(f"no such time: {text}") from None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BrokenLine(f"year {year} is outside {FIRST_YEAR} to {LAST_YEAR}")
    return (int(start.timestamp()) - _east_of_utc(zone)) * SECOND


def _east_of_utc(zone: str | None) -> int:
    """Seconds that a zone such as ``+02:00``, ``+0200``, ``+02`` or ``Z`` is ahead of UTC."""
    if zone is None or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        raise BrokenLine(f"no such zone: {zone}")
    return (hours * 3600 + minutes * 60) * (-1 if zone[0] == "-" else 1)


def _number(text: str) -> int:
    if NUMBER.fullmatch(text) is None:
        raise BrokenLine(f"not a time: {shown(text)!r}")
    value = Decimal(text)
    unit = next((unit for below, unit in UNITS if abs(value) < below), 1)
    if not LOWEST <= value * unit <= HIGHEST:
        raise BrokenLine(f"not a time: {shown(text)!r} is out of range")
    return int(value * unit)


DELIMITERS = ",;\t"
TIME_NAMES = ("timestamp", "datetime", "ts", "arrival", "time", "date")
"""Names of a time column, best first; letter case and signs do not count, "arrival" may go on (arrival_time)."""

LOG_LINE = re.compile(
    r"(?:[^\s:]+:[0-9]+ )?"  # Debian's vhost_combined puts the site and its port first
    r"([^\s\0]+) \S+ (?:\"(?:[^\"\\]|\\.)*\"|[^\"]+?) "  # client, identity, user (may hold blanks, may be quoted)
    r"\[([0-9]{2}/[A-Za-z]{3}/[0-9]{4}:[0-9]{2}:[0-9]{2}):([0-9]{2})(?:\.([0-9]+))? ([+-][0-9]{4})\] \""
)
COMBINED_REST = re.compile(r"(?:[^\"\\]|\\.)*\" [0-9]{3} \S+ \"")

Parse = Callable[[str], tuple[int, str]]
"""A line to its instant (nanoseconds) and user ("" when the format tells none); raises BrokenLine."""


class Layout(NamedTuple):
    """How to read a file: its format's name, the number of its header line (0: none), and its line parser."""

    format: str
    header_line: int
    parse: Parse
    has_users: bool


def recognise(sample: list[str], name: str, time_column: str | None, user_column: str | None) -> Layout:
    """Tell the format from the first lines of the file called ``name``.

    One access log line among them settles it; otherwise the first line that is not blank is a CSV's header.
    Raises InputError when it is neither, or when a column that was asked for is not there.
    """
    logged = [(line, match) for line in sample if (match := LOG_LINE.match(line))]
    if logged:
        if time_column is not None or user_column is not None:
            raise InputError(f"{name}: is an access log, which has no columns; time and user column are for CSV only")
        combined = any(COMBINED_REST.match(line, match.end()) for line, match in logged)
        return Layout("combined" if combined else "common", 0, log_line, True)
    for number, line in enumerate(sample, start=1):
        if not line.isspace():
            return _csv_layout(line.rstrip("\r\n"), number, name, time_column, user_column)
    raise InputError(f"{name}: holds blank lines only; {ALLOWED}")


def log_line(line: str) -> tuple[int, str]:
    """Client and instant of a line in common or combined log format.

    Only what stands before the request is needed, so a line that was cut inside its user agent still counts.
    """
    match = LOG_LINE.match(line)
    if match is None:
        raise BrokenLine('does not begin like an access log: client identity user [day/month/year:time zone] "')
    client, minute, second, fraction, zone = match.groups()
    return within(log_minute(minute, zone), second, fraction), client


def csv_line(delimiter: str, width: int, time_index: int, user_index: int | None) -> Parse:
    """A parser of the lines of a CSV with ``width`` columns; a record is one line."""

    def parse(line: str) -> tuple[int, str]:
        cells = _cells(line.rstrip("\r\n"), delimiter)
        if len(cells) != width:
            raise BrokenLine(f"{len(cells)} fields where the header has {width}")
        stamp = column_stamp(cells[time_index].strip())
        if user_index is None:
            return stamp, ""
        user = cells[user_index].strip()
        if not user:
            raise BrokenLine("no user")
        return stamp, user

    return parse


def _cells(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    except csv.Error as failure:
        raise BrokenLine(f"not CSV: {failure}") from None


def _csv_layout(header: str, number: int, name: str, time_column: str | None, user_column: str | None) -> Layout:
    delimiter = max(DELIMITERS, key=header.count)
    try:
        columns = [cell.strip() for cell in _cells(header, delimiter)]
    except BrokenLine as why:
        raise InputError(f"{name}: line {number}: {why}; {ALLOWED}") from None
    time_index = _time_column(columns, name) if time_column is None else _column(columns, time_column, name)
    user_index = None if user_column is None else _column(columns, user_column, name)
    parse = csv_line(delimiter, len(columns), time_index, user_index)
    return Layout("csv", number, parse, user_index is not None)


def _time_column(columns: list[str], name: str) -> int:
    plain = ["".join(filter(str.isalnum, column.lower())) for column in columns]
    for wanted in TIME_NAMES:
        for index, column in enumerate(plain):
            if column == wanted or (wanted == "arrival" and column.startswith(wanted)):
                return index
    if any(map(_is_stamp, columns)):
        raise InputError(f"{name}: the first line is no header; allowed: a CSV whose first line names its columns")
    if len(columns) == 1:
        raise InputError(f"{name}: not one line is a request, and the first is no header of a CSV; {ALLOWED}")
    names = ", ".join(TIME_NAMES)
    raise InputError(f"{name}: no time column among {_listed(columns)}; allowed: one of {names}, or name yours")


def _column(columns: list[str], wanted: str, name: str) -> int:
    """Where a column stands: by its exact name, else by its name in any letter case."""
    found = [index for index, column in enumerate(columns) if column == wanted]
    found = found or [index for index, column in enumerate(columns) if column.lower() == wanted.strip().lower()]
    if len(found) == 1:
        return found[0]
    trouble = "is there more than once" if found else "is unknown"
    raise InputError(f"{name}: column {shown(wanted)!r} {trouble}; the columns are {_listed(columns)}")


def _is_stamp(cell: str) -> bool:
    try:
        column_stamp(cell)
    except BrokenLine:
        return False
    return True


def _listed(columns: list[str]) -> str:
    return shown(", ".join(columns), 200)

"""Time stamps of traffic logs, as whole nanoseconds since 1970-01-01 UTC.

Whole numbers, because a float of seconds since 1970 resolves only 240 ns today and logs carry 100 ns. The part
of a stamp down to the minute is remembered: a log repeats it line after line, and a calendar is slow.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

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

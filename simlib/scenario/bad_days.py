"""Bad days: a few faults that belong together, such as what goes wrong and what people do then."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from simlib.scenario.base import bundled
from simlib.scenario.errors import InputError
from simlib.scenario.faults import Fault

_FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)


@dataclass(frozen=True)
class BadDay:
    """Faults by name, with what the day is called and where it is known from."""

    name: str
    title: str
    source: str
    faults: Mapping[str, Fault]


def standard_days(begin: float, length: float) -> tuple[BadDay, ...]:
    """The bundled days with their faults in a window of a run (seconds).

    Raises InputError, naming day and fault, for a bundled file that was changed to something that is no day.
    """
    return days_in(bundled("faults") / "standard.toml", begin, length)


def days_in(path: Path, begin: float, length: float) -> tuple[BadDay, ...]:
    """The days of a file in the form of ``data/faults/standard.toml``; raises InputError as `standard_days` does."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(_day(path, name, table, begin, length) for name, table in document.items())


def _day(path: Path, name: str, table: Mapping[str, Any], begin: float, length: float) -> BadDay:
    try:
        faults = {key: _fault(fault, begin, length) for key, fault in table["faults"].items()}
        return BadDay(name, table["title"], table["source"], MappingProxyType(faults))
    except (KeyError, TypeError, ValidationError) as error:
        raise InputError(f"{path}: {name}: is no bad day: {str(error).splitlines()[0]}") from error


def _fault(table: Mapping[str, Any], begin: float, length: float) -> Fault:
    """A fault whose times are given in lengths of the window."""
    given = {key: value for key, value in table.items() if key not in ("begin", "end")}
    given["at_s"] = begin + table["begin"] * length
    if "end" in table:
        given["length_s"] = (table["end"] - table["begin"]) * length
    return _FAULT.validate_python(given)

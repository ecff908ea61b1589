"""Bad days: faults that belong together, such as an outage and the retries that follow it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from simlib.scenario.base import find_bundled
from simlib.scenario.errors import InputError
from simlib.scenario.faults import Fault

_FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)


@dataclass(frozen=True)
class BadDay:
    """Faults by name, with the title of the day and the source that describes it."""

    name: str
    title: str
    source: str
    faults: Mapping[str, Fault]


def load_standard_days(begin: float, length: float) -> tuple[BadDay, ...]:
    """Load the bundled days, with their faults in a window of a run (seconds).

    Raises InputError, naming the day, for a bundled file that was changed to something else.
    """
    return load_days(find_bundled("faults") / "standard.toml", begin, length)


def load_days(path: Path, begin: float, length: float) -> tuple[BadDay, ...]:
    """Load the days of a file in the form of ``data/faults/standard.toml``; raises InputError naming the day."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(_build_day(path, name, table, begin, length) for name, table in document.items())


def _build_day(path: Path, name: str, table: Mapping[str, Any], begin: float, length: float) -> BadDay:
    try:
        faults = {key: _build_fault(fault, begin, length) for key, fault in table["faults"].items()}
        return BadDay(name, table["title"], table["source"], MappingProxyType(faults))
    except (KeyError, TypeError, ValidationError) as error:
        raise InputError(f"{path}: {name}: is not a bad day: {str(error).splitlines()[0]}") from error


def _build_fault(table: Mapping[str, Any], begin: float, length: float) -> Fault:
    """Build a fault whose times are stated in lengths of the window."""
    values = {key: value for key, value in table.items() if key not in ("begin", "end")}
    values["at_s"] = begin + table["begin"] * length
    if "end" in table:
        values["length_s"] = (table["end"] - table["begin"]) * length
    return _FAULT.validate_python(values)

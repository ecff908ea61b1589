"""Stations, and the rule that chooses among those of a queueing discipline.

A station of your own is a class with the methods and the four class attributes of `Station`. Give it to a host as
``Host(..., discipline=MyStation)``, or register it, and its ``discipline`` can be named like the others.
"""

from typing import Literal

from simlib.engine.stations.base import Occupancy, Sample, Station, SteadyStation
from simlib.engine.stations.fifo import FifoEvents, FifoVarying, KieferWolfowitz
from simlib.engine.stations.processor_sharing import ProcessorSharing
from simlib.scenario.errors import InputError
from simlib.scenario.registry import PluginGroup, Registry, note_registration
from simlib.scenario.texts import check_label

_PLUGINS = PluginGroup("simlib.stations", lambda kind: _add_station(kind))

STATIONS: Registry[type[Station]] = Registry(
    "station", {kind.form: kind for kind in (KieferWolfowitz, FifoEvents, FifoVarying, ProcessorSharing)}, _PLUGINS
)
"""Form -> kind; of two with the same discipline the earlier one is preferred where both are exact."""

__all__ = [
    "STATIONS",
    "FifoEvents",
    "FifoVarying",
    "KieferWolfowitz",
    "Occupancy",
    "ProcessorSharing",
    "Sample",
    "Station",
    "SteadyStation",
    "choose_station",
    "is_first_come_first_served",
    "list_disciplines",
    "register_station",
]


_MEMBERS = (
    *("form", "discipline", "looks_ahead", "varies"),
    *("enter", "extend", "leave", "sample", "set_speed", "crash"),
)


def register_station(kind: type[Station]) -> None:
    """Add a kind of station of your own; its ``discipline`` may then be named in scenarios.

    Raises ValueError that says what is missing, or that the form is a built-in one. A kind that was registered before
    is replaced. Entry points are of the group ``simlib.stations``.
    """
    _add_station(kind)
    note_registration("simlib.stations", kind.form, register_station, kind)


def _add_station(kind: type[Station]) -> None:
    missing = [name for name in _MEMBERS if not hasattr(kind, name)]
    if missing:
        raise ValueError(f"{getattr(kind, '__name__', kind)!s} is no station: it has no {', '.join(missing)}")
    check_label(f"{kind.__name__} is no station: its discipline", kind.discipline)
    STATIONS.add(kind.form, kind)


def list_disciplines() -> tuple[str, ...]:
    """The names of the queueing disciplines, in the order of `STATIONS`."""
    return tuple(dict.fromkeys(kind.discipline for kind in STATIONS.values()))


def is_first_come_first_served(form: str) -> bool:
    """Check whether a form of station serves jobs in the order of their arrival; False for an unknown form."""
    kind = STATIONS.get(form)
    return kind is not None and kind.discipline == KieferWolfowitz.discipline


def choose_station(
    discipline: str | type[Station],
    known_on_arrival: bool,
    form: Literal["auto", "events"],
    varies: bool = False,
) -> type[Station]:
    """The kind of station for a host: one that looks ahead only where that is exact and not ruled out by the run.

    ``varies``: a fault may slow the host down or take away its work. Raises InputError where no kind will do.
    """
    kinds = (
        [kind for kind in STATIONS.values() if kind.discipline == discipline]
        if isinstance(discipline, str)
        else [discipline]
    )
    may_look_ahead = known_on_arrival and form == "auto" and not varies
    for kind in kinds:
        if (may_look_ahead or not kind.looks_ahead) and (kind.varies or not varies):
            return kind
    if varies and kinds and not any(kind.varies for kind in kinds):
        forms = ", ".join(kind.form for kind in kinds)
        raise InputError(
            f"a fault slows or stops a host whose station cannot vary its speed ({forms}); "
            "leave the fault out or choose another discipline"
        )
    names = ", ".join(kind.form for kind in kinds) or f"none; disciplines are {', '.join(list_disciplines())}"
    raise InputError(f"no station for discipline {discipline!r} here (kinds: {names})")

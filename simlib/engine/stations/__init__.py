"""Stations, one kind per file, and the rule that chooses among those of a queueing discipline.

A station of your own is a class with the methods and the four class attributes of `Station`. Give it to a host as
``Host(..., discipline=MyStation)``, or register it, and its ``discipline`` can be named like the others.
"""

from typing import Literal

from simlib.engine.stations.base import Occupancy, Sample, Station, SteadyStation
from simlib.engine.stations.fifo_events import FifoEvents
from simlib.engine.stations.fifo_varying import FifoVarying
from simlib.engine.stations.kiefer_wolfowitz import KieferWolfowitz
from simlib.engine.stations.processor_sharing import ProcessorSharing

STATIONS: list[type[Station]] = [KieferWolfowitz, FifoEvents, FifoVarying, ProcessorSharing]
"""All kinds; of two with the same discipline the earlier one is preferred where both are exact."""

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
    "list_disciplines",
    "register_station",
]


def register_station(kind: type[Station]) -> None:
    """Let a discipline be served by a further kind of station. Raises ValueError for a form that there is already."""
    if any(kind.form == other.form and kind is not other for other in STATIONS):
        raise ValueError(f"there is a station of the form {kind.form!r} already")
    if kind not in STATIONS:
        STATIONS.append(kind)


def list_disciplines() -> tuple[str, ...]:
    """The names of the queueing disciplines, in the order of `STATIONS`."""
    return tuple(dict.fromkeys(kind.discipline for kind in STATIONS))


def choose_station(
    discipline: str | type[Station],
    known_on_arrival: bool,
    form: Literal["auto", "events"],
    varies: bool = False,
) -> type[Station]:
    """The kind of station for a host: one that looks ahead only where that is exact and not ruled out by the run.

    ``varies``: a fault may slow the host down or take away its work. Raises ValueError where no kind will do.
    """
    kinds = (
        [kind for kind in STATIONS if kind.discipline == discipline] if isinstance(discipline, str) else [discipline]
    )
    may_look_ahead = known_on_arrival and form == "auto" and not varies
    for kind in kinds:
        if (may_look_ahead or not kind.looks_ahead) and (kind.varies or not varies):
            return kind
    names = ", ".join(kind.form for kind in kinds) or f"none; disciplines are {', '.join(list_disciplines())}"
    raise ValueError(f"no station for discipline {discipline!r} here (kinds: {names})")

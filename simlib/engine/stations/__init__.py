"""Stations: one kind per file, and the rule that chooses among them."""

from typing import Literal

from simlib.engine.kernel import Kernel
from simlib.engine.stations.base import Sample, Station
from simlib.engine.stations.fifo_events import FifoEvents
from simlib.engine.stations.fifo_varying import FifoVarying
from simlib.engine.stations.kiefer_wolfowitz import KieferWolfowitz
from simlib.engine.stations.processor_sharing import ProcessorSharing

FORMS = {form.form: form for form in (KieferWolfowitz, FifoEvents, FifoVarying, ProcessorSharing)}

__all__ = [
    "FORMS",
    "FifoEvents",
    "FifoVarying",
    "KieferWolfowitz",
    "ProcessorSharing",
    "Sample",
    "Station",
    "build_station",
    "choose_form",
]


def choose_form(
    discipline: str, known_on_arrival: bool, wanted: Literal["auto", "events"], varies: bool = False
) -> str:
    """The form of a host's stations: the recursion wherever it is exact and not ruled out by the run.

    ``varies``: a fault may slow the host down or take away what it is working on.
    """
    if discipline == "processor_sharing":
        return ProcessorSharing.form
    if varies:
        return FifoVarying.form
    if known_on_arrival and wanted == "auto":
        return KieferWolfowitz.form
    return FifoEvents.form


def build_station(form: str, kernel: Kernel, workers: int) -> Station:
    """A station of a form with so many workers."""
    station: Station = FORMS[form](kernel, workers)
    return station

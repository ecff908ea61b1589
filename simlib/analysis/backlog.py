"""How many requests are in the system, and whether their number keeps growing."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlib.scenario.records import Records

INSTANTS = 101


def in_system(records: Records, instants: NDArray[np.float64]) -> NDArray[Any]:
    """Requests that have arrived and not ended at each instant (seconds); shape in = shape out."""
    requests = records["requests"]
    ends = np.sort(requests["end"][np.isfinite(requests["end"])])
    arrivals = np.sort(requests["arrival"])
    return np.searchsorted(arrivals, instants, side="right") - np.searchsorted(ends, instants, side="right")


def backlog(records: Records, warm_up_s: float) -> dict[str, float]:
    """Least-squares slope (requests per second) of the number in the system over the last half of the run.

    The half begins at the end of the warm-up where that is later, so that filling up is not taken for growth.
    ``backlog_end`` is the number at the horizon. Clients that give up leave the system while their work stays in the
    queues, so the slope of the jobs at all stations counts where it is steeper.
    """
    begin = max(records.horizon / 2, warm_up_s)
    instants = np.linspace(begin, records.horizon, INSTANTS)
    present = in_system(records, instants)
    slopes = (_slope(instants, present), _slope(*_at_stations(records, begin)))
    return {"backlog_slope": float(np.fmax(*slopes)), "backlog_end": float(present[-1])}


def _at_stations(records: Records, begin: float) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Instants at or after ``begin`` at which stations were sampled, and the jobs present at all of them together."""
    stations = records["stations"]
    kept = stations["time"] >= begin
    instants, which = np.unique(stations["time"][kept], return_inverse=True)
    return instants, np.bincount(which, weights=stations["number"][kept], minlength=len(instants))


def _slope(instants: NDArray[np.float64], present: NDArray[Any]) -> float:
    if not len(instants):
        return np.nan
    centred = instants - instants.mean()
    spread = float(centred @ centred)
    return float(centred @ present) / spread if spread > 0 else np.nan

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
    ``backlog_end`` is the number at the horizon.
    """
    begin = max(records.horizon / 2, warm_up_s)
    instants = np.linspace(begin, records.horizon, INSTANTS)
    present = in_system(records, instants)
    return {"backlog_slope": _slope(instants, present), "backlog_end": float(present[-1])}


def _slope(instants: NDArray[np.float64], present: NDArray[Any]) -> float:
    centred = instants - instants.mean()
    spread = float(centred @ centred)
    return float(centred @ present) / spread if spread > 0 else np.nan

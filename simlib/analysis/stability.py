"""Stability of a design under its load, judged from the growth of its backlog: the number of requests in the system."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simlib.analysis.columns import Floats
from simlib.analysis.intervals import Interval, student
from simlib.scenario.records import Records

LEVEL = 0.99
MATERIAL_SHARE = 0.01
"""Growth of the backlog as a share of the arrivals, above which it matters. An assumption."""
LARGE_SHARE = 0.05
"""Growth in every single replication, above which no interval is needed. An assumption: a stable queue does not leave a
twentieth of its arrivals unserved over half a run in every replication."""


@dataclass(frozen=True)
class Stability:
    """The slope of the backlog (requests per second) over the replications, and the judgement of it.

    ``growth_share`` is the mean slope divided by the arrival rate: the share of the arrivals that stays unserved.
    """

    slope: Interval
    growth_share: float
    unstable: bool


def assess_stability(
    slopes: ArrayLike, arrivals_per_s: float, level: float = LEVEL, material_share: float = MATERIAL_SHARE
) -> Stability:
    """Judge the backlog slopes of the replications of one design; both rates are requests per second.

    A design is called unstable when two conditions hold. The Student interval of the slope lies above 0: without this a
    stable design near saturation, whose backlog fluctuates widely, would be called so after one climb. And the
    backlog grows by more than ``material_share`` of the arrivals: without this a stable design with a trace of its
    start-up would be called so in many replications, because any slope above 0 becomes significant in the end.
    Few replications have wide intervals, so a backlog that grows by more than ``LARGE_SHARE`` in every one of them is
    called unstable as well. Raises ValueError when nothing arrives.
    """
    if not arrivals_per_s > 0:
        raise ValueError(f"arrivals per second must be above 0, not {arrivals_per_s}")
    slope = student(slopes, level)
    share = slope.mean / arrivals_per_s
    large = bool(np.all(np.asarray(slopes, dtype=np.float64) > LARGE_SHARE * arrivals_per_s))
    return Stability(slope, share, large or (slope.low > 0 and share > material_share))


def is_unstable(
    slopes: ArrayLike, arrivals_per_s: float, level: float = LEVEL, material_share: float = MATERIAL_SHARE
) -> bool:
    """Judge whether the backlog grows significantly and materially; see `assess_stability`."""
    return assess_stability(slopes, arrivals_per_s, level, material_share).unstable


INSTANTS = 101
"""At so many equidistant instants the number in the system is counted."""


def count_in_system(records: Records, instants: Floats) -> NDArray[Any]:
    """Requests that have arrived and not ended at each instant (seconds); shape in = shape out."""
    requests = records["requests"]
    ends = np.sort(requests["end"][np.isfinite(requests["end"])])
    arrivals = np.sort(requests["arrival"])
    return np.searchsorted(arrivals, instants, side="right") - np.searchsorted(ends, instants, side="right")


def measure_backlog(records: Records, warm_up_s: float) -> dict[str, float]:
    """Least-squares slope (requests per second) of the number in the system over the last half of the run.

    The half begins at the end of the warm-up where that is later, so that the start-up is not taken for growth.
    ``backlog_end`` is the number at the horizon. Clients that give up leave the system while their work stays in the
    queues, so the slope of the jobs at all stations counts where it is steeper.
    """
    instants = list_backlog_instants(records.horizon, warm_up_s)
    return fit_backlog(records, instants, count_in_system(records, instants))


def list_backlog_instants(horizon_s: float, warm_up_s: float) -> Floats:
    """Instants (seconds) at which the number in the system is counted."""
    return np.linspace(max(horizon_s / 2, warm_up_s), horizon_s, INSTANTS)


def fit_backlog(records: Records, instants: Floats, present: NDArray[Any]) -> dict[str, float]:
    """Fit the slope of the numbers ``present`` in the system at these instants, as `measure_backlog` describes it."""
    slopes = (_fit_slope(instants, present), _fit_slope(*_count_at_stations(records, float(instants[0]))))
    return {"backlog_slope": float(np.fmax(*slopes)), "backlog_end": float(present[-1])}


def _count_at_stations(records: Records, begin: float) -> tuple[Floats, NDArray[Any]]:
    """Instants at or after ``begin`` at which stations were sampled, and the jobs present at all of them together."""
    stations = records["stations"]
    after = stations["time"] >= begin
    instants, which = np.unique(stations["time"][after], return_inverse=True)
    return instants, np.bincount(which, weights=stations["number"][after], minlength=len(instants))


def _fit_slope(instants: Floats, present: NDArray[Any]) -> float:
    if not len(instants):
        return np.nan
    centred = instants - instants.mean()
    spread = float(centred @ centred)
    return float(centred @ present) / spread if spread > 0 else np.nan

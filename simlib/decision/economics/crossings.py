"""Crossings: all places of a range at which a value changes its sign, located between points of a grid."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from simlib.analysis.columns import Floats

Intervals = Callable[[Floats], tuple[Floats, Floats]]
"""Places -> low and high ends of an interval at each."""
PRECISION = 1e-12
"""Relative width at which the bisection stops."""
_NEAR = 1e-4
"""Relative width for the nearest certain place, of which two or three digits are shown."""


class SignChange(NamedTuple):
    """Place at which a function changes its sign, possibly by a jump, and whether it is positive above."""

    at: float
    to_positive: bool


class CertainRegion(NamedTuple):
    """Places on one side of a crossing at which an interval excludes 0: the nearest, and the farthest without a gap."""

    near: float
    far: float


class Band(NamedTuple):
    """An interval at each of some rising places."""

    places: Floats
    low: Floats
    high: Floats


def build_log_grid(low: float, high: float, points: int, more: Sequence[float] = ()) -> Floats:
    """Points from low to high at equal ratios, and more of those between; raises ValueError unless 0 < low < high."""
    if not 0 < low < high:
        raise ValueError(f"a range must be 0 < low < high, not {low:g} to {high:g}")
    even = np.geomspace(low, high, points)
    even[0], even[-1] = low, high
    inner = np.asarray([value for value in more if low < value < high], dtype=np.float64)
    # A grid point that differs from a requested one by rounding only would be a second point at the same place.
    twins = np.isclose(even[:, None], inner[None, :], rtol=1e-9, atol=0).any(axis=1)
    return np.unique(np.concatenate([even[~twins], inner]))


def find_sign_changes(function: Callable[[Floats], Floats], grid: Floats) -> tuple[SignChange, ...]:
    """Every change of sign between neighbours of a rising grid, located by bisection.

    ``function`` maps arrays to arrays. It need be neither monotone nor continuous: a jump over 0 is located too. Two
    changes between the same two points are missed. A zero counts as positive, so that touching 0 from above is no
    crossing.
    """
    positive = np.asarray(function(grid)) >= 0
    left = np.flatnonzero(positive[:-1] != positive[1:])
    if not left.size:
        return ()
    low, high, rising = grid[left], grid[left + 1], positive[left + 1]
    while np.any(high - low > PRECISION * high):
        middle = (low + high) / 2
        if np.all((middle == low) | (middle == high)):
            break
        above = (np.asarray(function(middle)) >= 0) == rising
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    places = (low + high) / 2
    return tuple(SignChange(float(at), bool(up)) for at, up in zip(places, rising, strict=True))


def find_smallest_step(intervals: Intervals, change: SignChange, steps: Sequence[float]) -> float | None:
    """Smallest of some relative steps d at which the interval excludes 0 on both sides, with the sign changed.

    ``intervals`` maps places to low and high ends; below the crossing they must be on the one side of 0 and above it on
    the other. None when that holds for no step.
    """
    distances = np.sort(np.asarray(steps, dtype=np.float64))
    low, high = intervals(change.at * np.concatenate([1 - distances, 1 + distances]))
    (low_below, low_above), (high_below, high_above) = np.split(low, 2), np.split(high, 2)
    apart = (high_below < 0) & (low_above > 0) if change.to_positive else (low_below > 0) & (high_above < 0)
    return float(distances[apart.argmax()]) if apart.any() else None


def find_certain_region(
    intervals: Intervals, change: SignChange, until: float, band: Band, steps: Sequence[float]
) -> CertainRegion | None:
    """Region, outward from a crossing to ``until``, in which the interval excludes 0 with the sign of that side.

    Searched at the places of ``band``, whose intervals are computed already, and at relative ``steps`` from the
    crossing; the nearest place is then located by bisection, and the interval excludes 0 there. None without a region.
    """
    outward = 1.0 if until > change.at else -1.0
    positive = change.to_positive == (until > change.at)
    stepped = change.at * (1 + outward * np.asarray(steps, dtype=np.float64))
    places = np.concatenate([band.places, stepped])
    ends = [np.concatenate(pair) for pair in zip(band[1:], intervals(stepped), strict=True)]
    certain = ends[0] > 0 if positive else ends[1] < 0
    distance = (places - change.at) * outward
    order = np.argsort(distance, kind="stable")
    order = order[(distance[order] > 0) & (distance[order] <= abs(until - change.at))]
    places, certain = places[order], certain[order]
    if not certain.any():
        return None
    first = int(certain.argmax())
    run = certain[first:]
    last = first + (len(run) if run.all() else int(run.argmin())) - 1
    inner = float(places[first - 1]) if first else change.at
    return CertainRegion(_locate_edge(intervals, inner, float(places[first]), positive), float(places[last]))


def _locate_edge(intervals: Intervals, open_: float, certain: float, positive: bool) -> float:
    """Certain end of a narrow bracket between a place where the sign is open and one where it is certain."""
    while abs(certain - open_) > _NEAR * max(certain, open_):
        middle = (open_ + certain) / 2
        low, high = intervals(np.array([middle]))
        if (low[0] > 0) if positive else (high[0] < 0):
            certain = middle
        else:
            open_ = middle
    return certain

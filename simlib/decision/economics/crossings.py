"""Where a value changes its sign: all crossings in a range, found between points of a grid."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from simlib.decision.arrays import Values

Intervals = Callable[[Values], tuple[Values, Values]]
"""Low and high ends at places."""
PRECISION = 1e-12
"""Relative width at which the bisection stops."""
_NEAR = 1e-4
"""That of the search for the nearest certain place: four digits are more than anybody reads of it."""


class SignChange(NamedTuple):
    """Where a function changes its sign, and whether it is positive above. The function may jump there."""

    at: float
    to_positive: bool


class Certain(NamedTuple):
    """Places on one side of a crossing at which an interval excludes 0: the nearest, and the farthest without a gap."""

    near: float
    far: float


class Band(NamedTuple):
    """An interval at each of some rising places."""

    places: Values
    low: Values
    high: Values


def log_grid(low: float, high: float, points: int, more: Sequence[float] = ()) -> Values:
    """Points from low to high at equal ratios, and more of those between; raises ValueError unless 0 < low < high."""
    if not 0 < low < high:
        raise ValueError(f"a range must be 0 < low < high, not {low:g} to {high:g}")
    even = np.geomspace(low, high, points)
    even[0], even[-1] = low, high
    inner = np.asarray([value for value in more if low < value < high], dtype=np.float64)
    # A point that rounding alone tells from one that is asked for would be a second one at the same place.
    twins = np.isclose(even[:, None], inner[None, :], rtol=1e-9, atol=0).any(axis=1)
    return np.unique(np.concatenate([even[~twins], inner]))


def sign_changes(function: Callable[[Values], Values], grid: Values) -> tuple[SignChange, ...]:
    """Every change of sign between neighbours of a rising grid, located by bisection.

    ``function`` takes and gives arrays. It need be neither monotone nor continuous: where it jumps over 0 the place
    of the jump is found. Two changes between the same two points are not seen. A zero counts as positive, so that
    touching 0 from above is no crossing.
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


def smallest_step(intervals: Intervals, change: SignChange, steps: Sequence[float]) -> float | None:
    """The smallest of some relative steps d at which the interval excludes 0 on both sides, with the sign changed.

    ``intervals`` gives low and high ends at places; below the crossing they must be on the one side of 0 and above it
    on the other. None when no step of those given does.
    """
    tried = np.sort(np.asarray(steps, dtype=np.float64))
    low, high = intervals(change.at * np.concatenate([1 - tried, 1 + tried]))
    (low_below, low_above), (high_below, high_above) = np.split(low, 2), np.split(high, 2)
    apart = (high_below < 0) & (low_above > 0) if change.to_positive else (low_below > 0) & (high_above < 0)
    return float(tried[apart.argmax()]) if apart.any() else None


def certain_side(
    intervals: Intervals, change: SignChange, until: float, known: Band, steps: Sequence[float]
) -> Certain | None:
    """Where, outward from a crossing to ``until``, the interval first excludes 0 with the sign of that side.

    Looked for at the places whose interval is ``known`` and at relative ``steps`` from the crossing; the nearest place
    is then located by bisection, and the interval excludes 0 at the one that is given. None where it does nowhere.
    """
    outward = 1.0 if until > change.at else -1.0
    positive = change.to_positive == (until > change.at)
    tried = change.at * (1 + outward * np.asarray(steps, dtype=np.float64))
    places = np.concatenate([known.places, tried])
    ends = [np.concatenate(pair) for pair in zip(known[1:], intervals(tried), strict=True)]
    sure = ends[0] > 0 if positive else ends[1] < 0
    distance = (places - change.at) * outward
    order = np.argsort(distance, kind="stable")
    order = order[(distance[order] > 0) & (distance[order] <= abs(until - change.at))]
    places, sure = places[order], sure[order]
    if not sure.any():
        return None
    first = int(sure.argmax())
    run = sure[first:]
    last = first + (len(run) if run.all() else int(run.argmin())) - 1
    inner = float(places[first - 1]) if first else change.at
    return Certain(_edge(intervals, inner, float(places[first]), positive), float(places[last]))


def _edge(intervals: Intervals, open_: float, sure: float, positive: bool) -> float:
    """Between a place where the sign is open and one where it is sure: the sure end of a narrow bracket."""
    while abs(sure - open_) > _NEAR * max(sure, open_):
        middle = (open_ + sure) / 2
        low, high = intervals(np.array([middle]))
        if (low[0] > 0) if positive else (high[0] < 0):
            sure = middle
        else:
            open_ = middle
    return sure

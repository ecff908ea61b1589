"""Switch values: the value of each input at which another design costs least in the mean, all else equal.

One-way break-even analysis of the cost model, by a search outward from the value as it is: the first change of sign of
the difference to the cheapest other design, located by Brent's method.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simlib.decision.choice.robustness import Switch

RATIO = 1.25
"""Step of the search, as a factor; two changes of sign within a step are missed."""
SPAN = 1000.0
"""From a thousandth of a value to a thousand times it, and 0."""
SMALLEST, LARGEST = 1e-12, 1e15
"""Range of values that are 0 now."""
_PRECISION = 1e-13
_FARTHEST = 1e6
"""Total costs at a switch value are at most this many times those of now; beyond, a difference is rounding alone."""

Totals = Callable[[float], Mapping[str, float]]
"""Value of an input -> mean total cost of each design."""


@dataclass(frozen=True)
class Lever:
    """One input that the search moves: its value and range as in `Switch`, and the mean total costs at other values.

    ``bounds`` are the ends of what it can be.
    """

    name: str
    unit: str
    value: float
    low: float
    high: float
    totals: Totals
    bounds: tuple[float, float] = (0.0, float("inf"))


def find_switches(levers: Sequence[Lever], best: str, rivals: Sequence[str]) -> tuple[Switch, ...]:
    """The nearest switch value of each lever below and above its value, the nearest of all first.

    Empty without rivals. Values within an input's own range come first, then the smallest factor between both values.
    """
    if not rivals:
        return ()
    found = [switch for lever in levers for switch in _search_lever(lever, best, tuple(rivals))]
    return tuple(sorted(found, key=lambda switch: (not switch.is_within, switch.ratio, switch.at, switch.input)))


def _search_lever(lever: Lever, best: str, rivals: tuple[str, ...]) -> Iterator[Switch]:
    def compute_gap(value: float) -> float:
        totals = lever.totals(value)
        return min(totals[name] for name in rivals) - totals[best]

    limit = _FARTHEST * max(abs(total) for total in lever.totals(lever.value).values())
    for places in (_list_places_below(lever), _list_places_above(lever)):
        at = _find_first_change(compute_gap, lever.value, places)
        totals = {} if at is None else lever.totals(at)
        if at is not None and all(abs(total) <= limit for total in totals.values()):
            design = min(rivals, key=lambda name: (totals[name], name))
            yield Switch(lever.name, lever.unit, lever.value, lever.low, lever.high, at, design)


def _list_places_above(lever: Lever) -> list[float]:
    """Places from the value outward, the bound last."""
    end = lever.bounds[1]
    if lever.value > 0:
        end = min(end, max(lever.value * SPAN, lever.high))
        return [*_list_steps(lever.value, end)]
    end = min(end, LARGEST)
    return [*_list_steps(SMALLEST, end, 10.0)] if end > SMALLEST else []


def _list_places_below(lever: Lever) -> list[float]:
    start, end = lever.value, lever.bounds[0]
    if not start > end:
        return []
    least = max(start / SPAN, end)
    places = [start / factor for factor in _list_steps(1.0, start / least)] if least > 0 else []
    return places if places and places[-1] == end else [*places, end]


def _list_steps(start: float, end: float, ratio: float = RATIO) -> Iterator[float]:
    """Places above ``start`` at equal ratios, and ``end``."""
    place = start * ratio
    while place < end:
        yield place
        place *= ratio
    if end > start:
        yield end


def _find_first_change(function: Callable[[float], float], start: float, places: Sequence[float]) -> float | None:
    """Place nearest to the start, of those on the way to the places, at which the function changes its sign."""
    from scipy.optimize import brentq

    before, positive = start, function(start) >= 0
    for place in places:
        value = function(place)
        if not np.isfinite(value):
            return None
        if (value >= 0) != positive:
            low, high = sorted((before, place))
            return float(brentq(function, low, high, xtol=_PRECISION * max(high, SMALLEST), rtol=_PRECISION))
        before = place
    return None

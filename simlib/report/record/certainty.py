"""From which loads on it is certain that a design pays, or does not, in words."""

from typing import NamedTuple

from simlib.decision.choice.values import Worthwhile
from simlib.report.record.amounts import number
from simlib.report.record.outcome import listed

RATE = "requests per second"
FEW = 3
"""Crossings that are told one by one."""


class Region(NamedTuple):
    """Loads from ``low`` to ``high`` at which the interval of the value excludes 0, and whether it is positive."""

    low: float
    high: float
    pays: bool


def certainty(worth: Worthwhile) -> tuple[str, ...]:
    """How far from each crossing the sign is certain; where no such distance is, at which loads it is."""
    ends = worth.crossings if len(worth.crossings) <= FEW else (worth.crossings[0], worth.crossings[-1])
    told = [
        f"the sign is certain {own.step * 100:.2g} % away from {number(own.load)}"
        for own in ends
        if own.step is not None
    ]
    return (*told, _told(worth)) if len(told) < len(ends) else tuple(told)


def regions(worth: Worthwhile) -> list[Region]:
    """Where the sign is certain, rising; of many crossings only below the first and above the last."""
    found: list[Region] = []
    few, last = len(worth.crossings) <= FEW, len(worth.crossings) - 1
    for place, own in enumerate(worth.crossings):
        if own.below is not None and (few or not place):
            found.append(Region(own.below.far, own.below.near, not own.to_positive))
        if own.above is not None and (few or place == last):
            found.append(Region(own.above.near, own.above.far, own.to_positive))
    return _joined(found)


def _joined(found: list[Region]) -> list[Region]:
    """Two that overlap are the same one, seen from the crossing below it and from the one above it."""
    kept: list[Region] = []
    for own in found:
        if kept and kept[-1].pays == own.pays and own.low <= kept[-1].high:
            kept[-1] = Region(min(kept[-1].low, own.low), max(kept[-1].high, own.high), own.pays)
        else:
            kept.append(own)
    return kept


def _told(worth: Worthwhile) -> str:
    pays, lacks = (
        listed([_loads(own, worth.load_range) for own in regions(worth) if own.pays == wanted])
        for wanted in (True, False)
    )
    if pays and lacks:
        return f"it certainly pays {pays} {RATE}, and certainly does not {lacks}; in between the estimates do not tell"
    if pays:
        return f"it certainly pays {pays} {RATE}, but that it does not is certain at no load"
    if lacks:
        return f"it certainly does not pay {lacks} {RATE}, but that it does is certain at no load"
    return "at no load is it certain whether it pays: the estimates do not tell"


def _loads(own: Region, searched: tuple[float, float]) -> str:
    if own.low <= searched[0]:
        return f"below {number(own.high)}"
    return f"above {number(own.low)}" if own.high >= searched[1] else f"from {number(own.low)} to {number(own.high)}"

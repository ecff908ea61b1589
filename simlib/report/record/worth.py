"""What designs are worth against each other, in words: break-even, payback, and the value at which it flips.

From which loads on it is certain that a design pays, or does not, in words.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from simlib.decision.choice.results import Decision, Worthwhile
from simlib.report.record.formatting import chance, number, told
from simlib.report.record.outcome import currency, listed

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


_NO_REQUESTS = "there are no requests"


def pairs(decision: Decision) -> list[Worthwhile]:
    """Every design against the baseline, then against the design with a cache where that is another."""
    references = [name for name in (decision.baseline, decision.opponent) if name is not None]
    return [worth for name in dict.fromkeys(references) for worth in decision.against.get(name, {}).values()]


def strongest(decision: Decision, design: str) -> Worthwhile | None:
    """The pair that tells most about a design: against the one with a cache, else against the baseline."""
    for reference in (decision.opponent, decision.baseline):
        if reference is not None and design in decision.against.get(reference, {}):
            return decision.against[reference][design]
    return None


def decisive(decision: Decision) -> list[Worthwhile]:
    """The pairs that matter most: each design against the one with a cache, or against the baseline without one."""
    return list(decision.against.get(decision.opponent or decision.baseline, {}).values())


def pair(worth: Worthwhile) -> str:
    """Who is held against whom."""
    return f"{worth.design} against {worth.against}"


def pays(worth: Worthwhile) -> str:
    """At which loads it pays, within the range that was searched."""
    low, high = (number(end) for end in worth.load_range)
    if not worth.crossings:
        every = "every" if worth.always == "better" else "no"
        return f"pays at {every} load from {low} to {high} {RATE}"
    return f"pays {_regions(worth)} (of {low} to {high})"


def break_even(worth: Worthwhile) -> str:
    """At which loads it pays, and from where on that is certain."""
    return "; ".join((f"in the mean {pays(worth)}", *certainty(worth)))


def missing(worth: Worthwhile, unit: str) -> str:
    """The reverse question, briefly."""
    if math.isnan(worth.flip_per_million):
        return _NO_REQUESTS
    end = "are missing" if worth.flip_per_million > 0 else "to spare"
    return f"{number(abs(worth.flip_per_million))} {unit} per million requests {end}"


def break_even_spread(worth: Worthwhile) -> str:
    """How sure the lowest break-even load is, over the draws; empty where no draw has one."""
    if worth.break_even is None:
        return ""
    own = f"Draw by draw, the lowest break-even load is {told(worth.break_even, RATE)}"
    return f"{own}; {chance(worth.never_breaks_even)} of the draws have none." if worth.never_breaks_even else f"{own}."


def _regions(worth: Worthwhile) -> str:
    """The loads at which the mean net present value is positive."""
    if len(worth.crossings) > FEW:
        return _back_and_forth(worth)
    found = []
    begin = None if worth.crossings[0].to_positive else worth.load_range[0]
    for crossing in worth.crossings:
        if crossing.to_positive:
            begin = crossing.load
        elif begin is not None:
            found.append(_between(begin, crossing.load, begin == worth.load_range[0]))
            begin = None
    if begin is not None:
        found.append(f"above {number(begin)} {RATE}")
    return " and ".join(found)


def _back_and_forth(worth: Worthwhile) -> str:
    """Many crossings close together: the advantage changes hands whenever one design needs another whole server."""
    first, last = worth.crossings[0], worth.crossings[-1]
    below = "not below" if first.to_positive else "below"
    above = "above" if last.to_positive else "not above"
    return (
        f"{below} {number(first.load)} and {above} {number(last.load)} {RATE}; between them it changes "
        f"{len(worth.crossings)} times, whenever one of both needs another server"
    )


def _between(low: float, high: float, from_the_lowest: bool) -> str:
    if from_the_lowest:
        return f"below {number(high)} {RATE}"
    return f"between {number(low)} and {number(high)} {RATE}"


def payback(worth: Worthwhile, horizon: float) -> str:
    """After how long it has paid for itself, and whether that is within the horizon in years."""
    if worth.payback_years is None:
        return f"does not pay back in the median draw, and never in {chance(worth.never_pays_back)} of them"
    if worth.payback_years <= 0:
        return f"pays from the first day (never in {chance(worth.never_pays_back)} of the draws)"
    within = "within" if worth.payback_years <= horizon else "beyond"
    return (
        f"pays back after {number(worth.payback_years, 2)} years in the median draw, {within} the horizon of "
        f"{horizon:g} (never in {chance(worth.never_pays_back)} of the draws)"
    )


def flip(worth: Worthwhile, unit: str) -> str:
    """The reverse question: what a million requests would have to be worth."""
    if math.isnan(worth.flip_per_million):
        return f"cannot be moved by what requests are worth: {_NO_REQUESTS}"
    value = f"{number(abs(worth.flip_per_million))} {unit}"
    if worth.flip_per_million > 0:
        return f"would break even if every million requests were worth {value} more with it"
    return f"would still break even if every million requests were worth {value} less with it"


def never_pays(every: Sequence[Worthwhile], unit: str) -> str:
    """Several that pay at no load, against the same design, in one sentence."""
    low, high = (number(end) for end in every[0].load_range)
    names = listed([own.design for own in every])
    values = listed([number(own.flip_per_million) for own in every])
    return (
        f"{names} against {every[0].against} pay at no load from {low} to {high} {RATE}; {values} {unit} per million "
        "requests are missing"
    )


def npv(worth: Worthwhile, unit: str) -> str:
    """The net present value with its interval and the chance that it is positive."""
    return f"{told(worth.npv, unit)}, positive in {chance(worth.p_positive)} of the draws"


def sentences(decision: Decision) -> list[str]:
    """Every pair in a line or two, with how sure its break-even load is."""
    unit, horizon = currency(decision), decision.scenario.terms.horizon_years
    return [f"{sentence(own, unit, horizon)} {break_even_spread(own)}".rstrip() for own in pairs(decision)]


def sentence(worth: Worthwhile, unit: str, horizon: float) -> str:
    """One pair in a line: net present value, payback, break-even, and the reverse question."""
    told_so = (npv(worth, unit), payback(worth, horizon), break_even(worth), flip(worth, unit))
    return f"{pair(worth)}: net present value {'; '.join(told_so)}."

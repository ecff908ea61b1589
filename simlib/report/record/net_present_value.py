"""Net present value of a design against another in words: break-even loads and their certainty, payback, reversal."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from simlib.decision.choice.results import Decision, NetPresentValue
from simlib.report.record.formatting import format_chance, format_number, format_spread
from simlib.report.record.outcome import find_currency, join_names

RATE = "requests per second"
FEW = 3
"""Most crossings that are listed one by one."""


class Region(NamedTuple):
    """Loads from ``low`` to ``high`` at which the interval of the value excludes 0, and whether it is positive."""

    low: float
    high: float
    pays: bool


def describe_certainty(worth: NetPresentValue) -> tuple[str, ...]:
    """Distance from each crossing at which the sign is clear in the draws; else the loads at which it is."""
    ends = worth.crossings if len(worth.crossings) <= FEW else (worth.crossings[0], worth.crossings[-1])
    distances = [
        f"the sign is clear {crossing.step * 100:.2g} % away from {format_number(crossing.load)}"
        for crossing in ends
        if crossing.step is not None
    ]
    return (*distances, _describe_regions(worth)) if len(distances) < len(ends) else tuple(distances)


def find_certain_regions(worth: NetPresentValue) -> list[Region]:
    """Regions of load with a clear sign, rising; of many crossings only below the first and above the last."""
    regions: list[Region] = []
    few, last = len(worth.crossings) <= FEW, len(worth.crossings) - 1
    for place, crossing in enumerate(worth.crossings):
        if crossing.below is not None and (few or not place):
            regions.append(Region(crossing.below.far, crossing.below.near, not crossing.to_positive))
        if crossing.above is not None and (few or place == last):
            regions.append(Region(crossing.above.near, crossing.above.far, crossing.to_positive))
    return _join_regions(regions)


def _join_regions(regions: list[Region]) -> list[Region]:
    """Join regions that overlap: each is found from the crossing below it and from the one above it."""
    joined: list[Region] = []
    for region in regions:
        if joined and joined[-1].pays == region.pays and region.low <= joined[-1].high:
            joined[-1] = Region(min(joined[-1].low, region.low), max(joined[-1].high, region.high), region.pays)
        else:
            joined.append(region)
    return joined


def _describe_regions(worth: NetPresentValue) -> str:
    pays, lacks = (
        join_names(
            [_format_loads(region, worth.load_range) for region in find_certain_regions(worth) if region.pays == sign]
        )
        for sign in (True, False)
    )
    if pays and lacks:
        return f"it clearly pays {pays} {RATE}, and clearly does not {lacks}; in between the draws differ"
    if pays:
        return f"it clearly pays {pays} {RATE}, and there is no load at which it clearly does not"
    if lacks:
        return f"it clearly does not pay {lacks} {RATE}, and there is no load at which it clearly does"
    return "at every load the draws differ on whether it pays"


def _format_loads(region: Region, searched: tuple[float, float]) -> str:
    if region.low <= searched[0]:
        return f"below {format_number(region.high)}"
    return (
        f"above {format_number(region.low)}"
        if region.high >= searched[1]
        else f"from {format_number(region.low)} to {format_number(region.high)}"
    )


_NO_REQUESTS = "there are no requests"


def list_pairs(decision: Decision) -> list[NetPresentValue]:
    """Every design against the baseline, then against the design with a cache where it is another one, then others."""
    references = [name for name in (decision.baseline, decision.opponent) if name is not None]
    names = dict.fromkeys((*references, *decision.against))
    return [worth for name in names for worth in decision.against.get(name, {}).values()]


def list_kept_pairs(decision: Decision) -> list[NetPresentValue]:
    """The pairs of two designs that keep the limits: of others it does not matter what they would cost."""
    kept = _list_kept_designs(decision)
    return [worth for worth in list_pairs(decision) if worth.design in kept and worth.against in kept]


def _list_kept_designs(decision: Decision) -> set[str]:
    return {ranked.design for ranked in decision.ranking if ranked.place}


def choose_pair(decision: Decision, design: str) -> NetPresentValue | None:
    """The pair that matters most for a design: against the one with a cache, else against the baseline."""
    for reference in (decision.opponent, decision.baseline):
        if reference is not None and design in decision.against.get(reference, {}):
            return decision.against[reference][design]
    return None


def list_decisive_pairs(decision: Decision) -> list[NetPresentValue]:
    """The pairs that matter most, of designs that keep the limits: each against the one with a cache where that keeps
    them, else against the baseline, else against the design that costs least.
    """
    pairs = list_kept_pairs(decision)
    order = (decision.opponent, decision.baseline, *decision.against)
    reference = next((name for name in order if any(pair.against == name for pair in pairs)), None)
    return [pair for pair in pairs if pair.against == reference]


def name_pair(worth: NetPresentValue) -> str:
    """Names of the pair."""
    return f"{worth.design} against {worth.against}"


def describe_paying_loads(worth: NetPresentValue) -> str:
    """Loads at which it pays, within the range that was searched."""
    low, high = (format_number(end) for end in worth.load_range)
    if not worth.crossings:
        every = "every" if worth.always == "better" else "no"
        return f"pays at {every} load from {low} to {high} {RATE}"
    return f"pays {_describe_paying_regions(worth)} (of {low} to {high})"


def describe_break_even(worth: NetPresentValue) -> str:
    """Loads at which it pays, and those at which that is clear in the draws."""
    return "; ".join((f"in the mean {describe_paying_loads(worth)}", *describe_certainty(worth)))


def describe_missing_value(worth: NetPresentValue, unit: str) -> str:
    """Change of the value of requests at which it breaks even, briefly."""
    if math.isnan(worth.flip_per_million):
        return _NO_REQUESTS
    value = f"{format_number(abs(worth.flip_per_million))} {unit}"
    direction = "more" if worth.flip_per_million > 0 else "less"
    return f"breaks even if each million requests were worth {value} {direction}"


def describe_break_even_spread(worth: NetPresentValue) -> str:
    """Interval of the lowest break-even load over the draws; empty where no draw has one."""
    if worth.break_even is None:
        return ""
    sentence = f"Draw by draw, the lowest break-even load is {format_spread(worth.break_even, RATE)}"
    return (
        f"{sentence}; {format_chance(worth.never_breaks_even)} of the draws have none."
        if worth.never_breaks_even
        else f"{sentence}."
    )


def _describe_paying_regions(worth: NetPresentValue) -> str:
    """The loads at which the mean net present value is positive."""
    if len(worth.crossings) > FEW:
        return _describe_many_crossings(worth)
    regions = []
    begin = None if worth.crossings[0].to_positive else worth.load_range[0]
    for crossing in worth.crossings:
        if crossing.to_positive:
            begin = crossing.load
        elif begin is not None:
            regions.append(_format_range(begin, crossing.load, begin == worth.load_range[0]))
            begin = None
    if begin is not None:
        regions.append(f"above {format_number(begin)} {RATE}")
    return " and ".join(regions)


def _describe_many_crossings(worth: NetPresentValue) -> str:
    """Loads with many crossings, which arise whenever one of both designs needs another whole server."""
    first, last = worth.crossings[0], worth.crossings[-1]
    below = "not below" if first.to_positive else "below"
    above = "above" if last.to_positive else "not above"
    return (
        f"{below} {format_number(first.load)} and {above} {format_number(last.load)} {RATE}; between them it changes "
        f"{len(worth.crossings)} times, whenever one of both needs another server"
    )


def _format_range(low: float, high: float, from_the_lowest: bool) -> str:
    if from_the_lowest:
        return f"below {format_number(high)} {RATE}"
    return f"between {format_number(low)} and {format_number(high)} {RATE}"


def describe_payback(worth: NetPresentValue, horizon: float) -> str:
    """Payback time, and whether it is within the horizon (years)."""
    if worth.payback_years is None:
        return f"does not pay back in the median draw, and never in {format_chance(worth.never_pays_back)} of them"
    if worth.payback_years <= 0:
        return f"pays from the first day (never in {format_chance(worth.never_pays_back)} of the draws)"
    within = "within" if worth.payback_years <= horizon else "beyond"
    return (
        f"pays back after {format_number(worth.payback_years, 2)} years in the median draw, {within} the horizon of "
        f"{horizon:g} (never in {format_chance(worth.never_pays_back)} of the draws)"
    )


def describe_flip(worth: NetPresentValue, unit: str) -> str:
    """Value per million requests at which the net present value would be 0."""
    if math.isnan(worth.flip_per_million):
        return f"cannot be moved by what requests are worth: {_NO_REQUESTS}"
    value = f"{format_number(abs(worth.flip_per_million))} {unit}"
    if worth.flip_per_million > 0:
        return f"would break even if every million requests were worth {value} more with it"
    return f"would still break even if every million requests were worth {value} less with it"


def describe_never_paying(pairs: Sequence[NetPresentValue], unit: str) -> str:
    """One sentence for several designs that pay at no load against the same design."""
    low, high = (format_number(end) for end in pairs[0].load_range)
    names = join_names([worth.design for worth in pairs])
    values = join_names([format_number(worth.flip_per_million) for worth in pairs])
    return (
        f"{names} against {pairs[0].against} in the mean pay at no load from {low} to {high} {RATE}; they would break "
        f"even if each million requests were worth {values} {unit} more"
    )


def format_net_present_value(worth: NetPresentValue, unit: str) -> str:
    """The net present value with its interval and the share of draws in which it is positive."""
    return f"{format_spread(worth.npv, unit)}, positive in {format_chance(worth.p_positive)} of the draws"


def describe_pairs(decision: Decision) -> list[str]:
    """Every pair of designs that keep the limits in a line or two, with the interval of its break-even load."""
    unit, horizon = find_currency(decision), decision.scenario.terms.horizon_years
    return [
        f"{describe_pair(pair, unit, horizon)} {describe_break_even_spread(pair)}".rstrip()
        for pair in list_kept_pairs(decision)
    ]


def describe_pair(worth: NetPresentValue, unit: str, horizon: float) -> str:
    """One pair in a line: net present value, payback, break-even, and the value at which it would pay."""
    parts = (
        format_net_present_value(worth, unit),
        describe_payback(worth, horizon),
        describe_break_even(worth),
        describe_flip(worth, unit),
    )
    return f"{name_pair(worth)}: net present value {'; '.join(parts)}."

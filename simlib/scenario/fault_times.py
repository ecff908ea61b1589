"""Times of the faults of a world: checks against the length of a run, and occurrences in one replication.

Times are drawn by the fault's name, so all designs meet the same faults. Faults never contradict each other: fixed ones
are checked before a run; a drawn one is cut where it would contradict an earlier one, fixed ones first, then drawn ones
in the order of the file.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np

from simlib.scenario.errors import InputError, format_count
from simlib.scenario.faults import Claims, Fault, KeyRotation, Resolve
from simlib.scenario.hosts import SHARED_STORE, name_in_region
from simlib.scenario.variates import Variates
from simlib.scenario.world import World

Span = tuple[float, float]
ROUNDING = 1e-9
"""Tolerance, as a share, for an end that is computed from lengths."""
MOST_TIMES = 1000
"""Most occurrences of a drawn fault in a run; more are a mistake, and would make the simulation endless."""


class FaultTime(NamedTuple):
    """One occurrence of a fault: its name, begin and end in seconds; sudden ones end when they begin."""

    name: str
    begin: float
    end: float


def check_fault_times(world: World, horizon: float, where: str) -> None:
    """Refuse faults outside a run of that length (seconds), contradicting fixed ones, and too frequent drawn ones.

    ``where`` begins each message. Raises InputError with the key.
    """
    fixed = {name: fault for name, fault in world.faults.items() if not fault.is_random}
    for name, fault in fixed.items():
        begin, end = compute_fixed_span(fault)
        if begin >= horizon or end > horizon * (1 + ROUNDING):
            key = "at_s" if begin >= horizon else "length_s"
            span = f"begins at {begin:g} s" if begin >= horizon else f"lasts until {end:g} s"
            raise InputError(f"{where}.{name}.{key}: {span}, which is after the end of the run at {horizon:g} s")
    for name, fault in world.faults.items():
        _check_number(fault, horizon, f"{where}.{name}")
    resolve = Resolver(() if world.regions is None else world.regions.names)
    for first, second in combinations(fixed, 2):
        shared = fixed[first].list_claims(resolve) & fixed[second].list_claims(resolve)
        spans = [compute_claimed_span(fixed[name], compute_fixed_span(fixed[name])) for name in (first, second)]
        if shared and is_overlapping(spans[0], spans[1]):
            raise InputError(
                f"{where}.{second}: contradicts {first}: both set the state of {sorted(shared)[0]!r} at the same time; "
                "let one end before the other begins"
            )


class Resolver:
    """Resolver of host names in a world with these regions: a plain name means the host in each region."""

    def __init__(self, regions: tuple[str, ...]) -> None:
        self._regions = regions

    def __call__(self, host: str) -> tuple[str, ...]:
        """List the hosts of a name."""
        if not self._regions or "@" in host or host == SHARED_STORE:
            return (host,)
        return tuple(name_in_region(host, region) for region in self._regions)


def schedule_faults(
    faults: Mapping[str, Fault], resolve: Resolve, horizon: float, variates: Variates
) -> tuple[FaultTime, ...]:
    """List every occurrence that begins before the horizon (seconds), in order of time."""
    times: list[FaultTime] = []
    claimed: list[tuple[Claims, Span]] = []
    for name in sorted(faults, key=lambda name: faults[name].is_random):
        fault = faults[name]
        claims = fault.list_claims(resolve)
        taken = [span for others, span in claimed if others & claims]
        spans = list(_draw_spans(name, fault, horizon, variates)) if fault.is_random else [compute_fixed_span(fault)]
        if fault.is_random:
            spans = _cut_spans(spans, taken, fault)
        claimed += [(claims, compute_claimed_span(fault, span)) for span in spans]
        times += [FaultTime(name, begin, min(end, horizon)) for begin, end in spans if begin < horizon]
    return tuple(sorted(times, key=lambda time: (time.begin, time.name)))


def compute_fixed_span(fault: Fault) -> Span:
    """Compute begin and end of a fault with a fixed schedule, seconds."""
    assert fault.at_s is not None
    return fault.at_s, fault.at_s + (getattr(fault, "length_s", None) or 0.0)


def compute_claimed_span(fault: Fault, span: Span) -> Span:
    """Compute the span of a fault's claims: a rotation claims from the publication of its key on."""
    begin, end = span
    return (begin - fault.publication_lead_s, end) if isinstance(fault, KeyRotation) else span


def is_overlapping(one: Span, other: Span) -> bool:
    """Check whether two spans have an instant in common; spans exclude their end, sudden faults are one instant."""
    (a, b), (c, d) = one, other
    return (c < b and a < d) or (a == b and c <= a <= d) or (c == d and a <= c <= b)


def _check_number(fault: Fault, horizon: float, where: str) -> None:
    if fault.mean_between_s is None:
        return
    times = horizon / (fault.mean_between_s + (getattr(fault, "mean_length_s", None) or 0.0))
    if times > MOST_TIMES:
        raise InputError(
            f"{where}.mean_between_s: would occur about {format_count(times)} times in a run of {horizon:g} s; "
            f"allowed: {MOST_TIMES:,} times"
        )


def _draw_spans(name: str, fault: Fault, horizon: float, variates: Variates) -> Iterator[Span]:
    between, length = fault.mean_between_s, getattr(fault, "mean_length_s", None)
    assert between is not None
    draw = _make_exponential(variates, f"fault.{name}")
    number, at = 0, draw("gap", 0, between)
    while at < horizon:
        end = at + (draw("length", number, length) if length is not None else 0.0)
        yield at, end
        number += 1
        at = end + draw("gap", number, between)


def _make_exponential(variates: Variates, purpose: str) -> Callable[[str, int, float], float]:
    return lambda what, number, mean: float(-np.log1p(-variates.draw_one(f"{purpose}.{what}", number, 0)) * mean)


def _cut_spans(spans: list[Span], taken: list[Span], fault: Fault) -> list[Span]:
    """Remove the taken spans from spans; sudden ones are kept or removed as a whole."""
    if not hasattr(fault, "length_s"):
        remaining: list[Span] = []
        for span in spans:
            claimed = compute_claimed_span(fault, span)
            if not any(
                is_overlapping(claimed, other)
                for other in [*taken, *(compute_claimed_span(fault, k) for k in remaining)]
            ):
                remaining.append(span)
        return remaining
    for begin, end in taken:
        spans = [part for a, b in spans for part in ((a, min(b, begin)), (max(a, end), b)) if part[0] < part[1]]
    return spans

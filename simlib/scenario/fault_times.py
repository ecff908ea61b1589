"""Times of the faults of a world in one replication.

Times are drawn by the fault's name, so all designs meet the same faults. Faults never contradict each other: fixed ones
are checked when the scenario is loaded; a drawn one is cut where it would contradict an earlier one, fixed ones first,
then drawn ones in the order of the file.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from simlib.scenario.faults import Claims, Fault, KeyRotation, Resolve
from simlib.scenario.variates import Variates

Span = tuple[float, float]


class FaultTime(NamedTuple):
    """One occurrence of a fault: its name, begin and end in seconds; sudden ones end when they begin."""

    name: str
    begin: float
    end: float


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

"""When the faults of a world happen in one replication.

What is drawn is drawn by the fault's name, so all designs meet the same bad luck. Faults never contradict each other:
those that are given are checked when the scenario is loaded; a drawn one is cut where one that it contradicts is there
already, given ones first, then drawn ones in the order of the file.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from simlib.scenario.faults import Claims, Fault, KeyRotation, Resolve
from simlib.scenario.variates import Variates

Span = tuple[float, float]


class FaultTime(NamedTuple):
    """One fault, once: its name and, in seconds, from when to when; sudden ones end when they begin."""

    name: str
    begin: float
    end: float


def fault_times(
    faults: Mapping[str, Fault], resolve: Resolve, horizon: float, variates: Variates
) -> tuple[FaultTime, ...]:
    """Every fault that begins before the horizon (seconds), in order of time."""
    found: list[FaultTime] = []
    claimed: list[tuple[Claims, Span]] = []
    for name in sorted(faults, key=lambda name: faults[name].random):
        fault = faults[name]
        claims = fault.claims(resolve)
        taken = [span for others, span in claimed if others & claims]
        own = list(_drawn(name, fault, horizon, variates)) if fault.random else [given_span(fault)]
        if fault.random:
            own = _not_during(own, taken, fault)
        claimed += [(claims, claimed_span(fault, span)) for span in own]
        found += [FaultTime(name, begin, min(end, horizon)) for begin, end in own if begin < horizon]
    return tuple(sorted(found, key=lambda time: (time.begin, time.name)))


def given_span(fault: Fault) -> Span:
    """From when to when a fault with a given schedule is there, seconds."""
    assert fault.at_s is not None
    return fault.at_s, fault.at_s + (getattr(fault, "length_s", None) or 0.0)


def claimed_span(fault: Fault, span: Span) -> Span:
    """For how long a fault claims what it claims: a rotation from the publication of its key on."""
    begin, end = span
    return (begin - fault.ahead_s, end) if isinstance(fault, KeyRotation) else span


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans have an instant in common; spans end before their end, instants are single."""
    (a, b), (c, d) = one, other
    return (c < b and a < d) or (a == b and c <= a <= d) or (c == d and a <= c <= b)


def _drawn(name: str, fault: Fault, horizon: float, variates: Variates) -> Iterator[Span]:
    between, length = fault.mean_between_s, getattr(fault, "mean_length_s", None)
    assert between is not None
    draw = _exponential(variates, f"fault.{name}")
    number, at = 0, draw("gap", 0, between)
    while at < horizon:
        end = at + (draw("length", number, length) if length is not None else 0.0)
        yield at, end
        number += 1
        at = end + draw("gap", number, between)


def _exponential(variates: Variates, purpose: str) -> Callable[[str, int, float], float]:
    return lambda what, number, mean: float(-np.log1p(-variates.one(f"{purpose}.{what}", number, 0)) * mean)


def _not_during(spans: list[Span], taken: list[Span], fault: Fault) -> list[Span]:
    """What is left of spans without those that are taken; of something sudden all or nothing."""
    if not hasattr(fault, "length_s"):
        kept: list[Span] = []
        for span in spans:
            held = claimed_span(fault, span)
            if not any(overlap(held, other) for other in [*taken, *(claimed_span(fault, k) for k in kept)]):
                kept.append(span)
        return kept
    for begin, end in taken:
        spans = [part for a, b in spans for part in ((a, min(b, begin)), (max(a, end), b)) if part[0] < part[1]]
    return spans

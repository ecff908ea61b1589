"""Whether a design keeps the limits of a scenario: the upper end of the interval counts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import METRICS, Metric
from simlib.scenario.scenario import Limits

LimitWord = Literal["met", "broken", "undecided", "unstable", "undefined"]


@dataclass(frozen=True)
class LimitCheck:
    """One limit and one design; ``limit`` in the unit of the metric.

    "met": the whole interval is at or below the limit; "broken": it is wholly above; "undecided": it holds the limit;
    "unstable": the design does not keep up, so the metric has no steady value; "undefined": nothing was observed.
    """

    design: str
    metric: Metric
    limit: float
    interval: Interval
    word: LimitWord


def check_limits(
    limits: Limits, intervals: Mapping[str, Mapping[str, Interval]], unsteady: Mapping[str, Collection[str]]
) -> tuple[LimitCheck, ...]:
    """Hold every design against every limit that is set on a figure of a run.

    ``intervals``: design -> metric -> interval. ``unsteady``: design -> metrics without a steady value. The limit of
    availability is none of these: it is a least share, and of a year, while a run shows the day that it was given.
    """
    given = limits.model_dump(exclude_none=True)
    return tuple(
        LimitCheck(design, METRICS[name], limit, own[name], _word(own[name], limit, name in unsteady[design]))
        for design, own in intervals.items()
        for name, limit in given.items()
        if name in METRICS and METRICS[name].lower_is_better is not False
    )


def _word(interval: Interval, limit: float, unsteady: bool) -> LimitWord:
    if unsteady:
        return "unstable"
    if interval.n == 0:
        return "undefined"
    if interval.high <= limit:
        return "met"
    return "broken" if interval.low > limit else "undecided"

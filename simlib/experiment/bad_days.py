"""Bad days: one of them at a time on every design, each beside the same day on which nothing goes wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.availability import IN_TIME_S, availability, latency, of_users, right
from simlib.analysis.bad_day import Promise, Window, bad_day
from simlib.analysis.peaks import peak_requests_per_s
from simlib.analysis.wrongs import wrongs
from simlib.engine.promises import design_bound
from simlib.engine.simulate import check_budget, simulate
from simlib.experiment.bad_days_plan import DaysPlan, with_faults
from simlib.experiment.replicate import Progress
from simlib.experiment.workers import results
from simlib.scenario.bad_days import BadDay
from simlib.scenario.records import Records

if TYPE_CHECKING:
    import pandas as pd

USUAL = ""
"""The day on which nothing goes wrong."""
USUAL_FIGURES = (
    "usual_availability",
    "usual_latency_s",
    "usual_accepted_within_promise",
    "usual_as_peak_requests_per_s",
)
BIN_S = 1.0
Curve = NDArray[np.float64]


class DayJob(NamedTuple):
    """One run to do: a design on a day, or on a day without faults; ``in_time_s`` is when an answer is late."""

    plan: DaysPlan
    day: BadDay | None
    design: str
    replication: int
    promise: Promise
    in_time_s: float


class DayRun(NamedTuple):
    """What came of it. ``usual``: day -> what its window is like on the day without faults.

    ``goodput``: right answers per second by the second of arrival; ``offered``: requests likewise.
    """

    day: str
    design: str
    replication: int
    figures: Mapping[str, float]
    usual: Mapping[str, Mapping[str, float]]
    goodput: Curve
    offered: Curve


@dataclass(frozen=True, eq=False)
class BadDays:
    """All runs. ``table`` has one row per day, design and replication, with the figures of
    `simlib.analysis.bad_day.bad_day` and `USUAL_FIGURES`, those of the same window on the day without faults.

    ``goodput``: (day, design) -> mean right answers per second, second by second, "" for the day without faults;
    ``offered``: requests per second likewise.
    """

    plan: DaysPlan
    in_time_s: float
    table: "pd.DataFrame"
    goodput: Mapping[tuple[str, str], Curve]
    offered: Curve


def bad_days(
    plan: DaysPlan, *, in_time_s: float = IN_TIME_S, workers: int = 1, progress: Progress | None = None
) -> BadDays:
    """Run every design on every day of the plan, and on a day without faults; ``in_time_s`` is when an answer is late.

    Raises InputError as `simulate` does, before anything is run.
    """
    for day in plan.days:
        check_budget(with_faults(plan.scenario, day))
    jobs = _jobs(plan, in_time_s)
    done: list[DayRun] = []
    for run in results(one_day, jobs, workers):
        done.append(run)
        if progress is not None:
            progress(len(done), len(jobs))
    return _gathered(plan, in_time_s, done)


def _jobs(plan: DaysPlan, in_time_s: float) -> list[DayJob]:
    """The days in turn, so that an early stop would leave whole days."""
    scenario = plan.scenario
    promises = {name: Promise(*design_bound(scenario, design)) for name, design in scenario.designs.items()}
    return [
        DayJob(plan, day, design, number, promises[design], in_time_s)
        for day in (None, *plan.days)
        for number in range(scenario.run.replications)
        for design in scenario.designs
    ]


def one_day(job: DayJob) -> DayRun:
    """Simulate one run and reduce it to figures; the records are let go."""
    plan, day, design, replication, promise, in_time_s = job
    warm_up = plan.scenario.run.warm_up_s
    if day is None:
        records = simulate(plan.scenario, design, replication)
        usual = {one.name: _usual(records, plan.window(one, replication), promise, in_time_s) for one in plan.days}
        return DayRun(USUAL, design, replication, {}, usual, *_per_second(records, in_time_s))
    records = simulate(with_faults(plan.scenario, day), design, replication)
    figures = bad_day(records, warm_up, plan.window(day, replication), promise, in_time_s)
    return DayRun(day.name, design, replication, figures, {}, *_per_second(records, in_time_s))


def _usual(records: Records, window: Window | None, promise: Promise, in_time_s: float) -> dict[str, float]:
    if window is None:
        return dict.fromkeys(USUAL_FIGURES, np.nan)
    since = wrongs(records, window.begin, promise.after_revocation_s, promise.after_expiry_s).within
    values = (
        availability(records, window.begin, window.until, in_time_s),
        latency(records, window.begin, window.until),
        float(since),
        peak_requests_per_s(records, window.begin),
    )
    return dict(zip(USUAL_FIGURES, values, strict=True))


def _per_second(records: Records, in_time_s: float) -> tuple[Curve, Curve]:
    requests = of_users(records)
    second = (requests["arrival"] / BIN_S).astype(np.int64)
    bins = int(np.ceil(records.horizon / BIN_S))
    good = right(requests, records, in_time_s)
    return np.bincount(second[good], minlength=bins) / BIN_S, np.bincount(second, minlength=bins) / BIN_S


def _gathered(plan: DaysPlan, in_time_s: float, runs: list[DayRun]) -> BadDays:
    import pandas as pd

    usual = {(run.design, run.replication): run.usual for run in runs if run.day == USUAL}
    rows = [
        {
            "day": run.day,
            "design": run.design,
            "replication": run.replication,
            **run.figures,
            **usual[run.design, run.replication][run.day],
        }
        for run in runs
        if run.day != USUAL
    ]
    curves: dict[tuple[str, str], list[Curve]] = {}
    for run in runs:
        curves.setdefault((run.day, run.design), []).append(run.goodput)
    offered = [run.offered for run in runs if run.day == USUAL]
    means = {key: np.mean(curve, axis=0) for key, curve in curves.items()}
    return BadDays(plan, in_time_s, pd.DataFrame(rows), means, np.mean(offered, axis=0))

"""Bad days: each fault on every design, beside the same run without faults.

Which faults, and when: `simlib.experiment.bad_days_plan`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simlib.analysis.availability import (
    IN_TIME_S,
    compute_availability,
    compute_mean_latency,
    find_correct_answers,
    select_user_requests,
)
from simlib.analysis.columns import Floats
from simlib.analysis.exposure import count_wrong_verdicts
from simlib.analysis.fault_impact import FaultWindow, Promise, measure_bad_day
from simlib.analysis.usage import find_peak_request_rate
from simlib.deployment.bounds import compute_design_bound
from simlib.deployment.simulate import check_budget, simulate
from simlib.experiment.bad_days_plan import DaysPlan, set_faults
from simlib.experiment.workers import Progress, run_all
from simlib.scenario.bad_days import BadDay
from simlib.scenario.records import Records

if TYPE_CHECKING:
    import pandas as pd

FAULTLESS = ""
"""Name of the day without a fault."""
BASELINE_FIGURES = (
    "usual_availability",
    "usual_latency_s",
    "usual_accepted_within_promise",
    "usual_as_peak_requests_per_s",
)
BIN_S = 1.0
"""Width of the bins of the curves; seconds."""


class DayJob(NamedTuple):
    """One run to do: a design on a day, or on a day without faults; an answer is late from ``in_time_s`` on."""

    plan: DaysPlan
    day: BadDay | None
    design: str
    replication: int
    promise: Promise
    in_time_s: float


class DayRun(NamedTuple):
    """Result of one run. ``baselines``: day -> figures of its window on the day without faults.

    ``goodput``: correct answers per second by the second of arrival; ``offered``: requests likewise.
    """

    day: str
    design: str
    replication: int
    figures: Mapping[str, float]
    baselines: Mapping[str, Mapping[str, float]]
    goodput: Floats
    offered: Floats


@dataclass(frozen=True, eq=False)
class BadDays:
    """All runs. ``table`` has one row per day, design and replication: the figures of
    `simlib.analysis.fault_impact.measure_bad_day`, then `BASELINE_FIGURES`, those of the same window on the day without
    faults.

    ``goodput``: (day, design) -> mean correct answers per second, second by second, "" for the day without faults;
    ``offered``: requests per second likewise.
    """

    plan: DaysPlan
    in_time_s: float
    table: "pd.DataFrame"
    goodput: Mapping[tuple[str, str], Floats]
    offered: Floats


def run_bad_days(
    plan: DaysPlan, *, in_time_s: float = IN_TIME_S, workers: int = 1, progress: Progress | None = None
) -> BadDays:
    """Run every design on every day of the plan, and on a day without faults; an answer is late from ``in_time_s`` on.

    Raises InputError as `simulate` does, before anything is run.
    """
    for day in plan.days:
        check_budget(set_faults(plan.scenario, day.faults))
    return _gather(plan, in_time_s, run_all(run_day, _list_jobs(plan, in_time_s), workers, progress))


def _list_jobs(plan: DaysPlan, in_time_s: float) -> list[DayJob]:
    """Jobs day by day, so that an early stop would leave whole days."""
    scenario = plan.scenario
    promises = {name: Promise(*compute_design_bound(scenario, design)) for name, design in scenario.designs.items()}
    return [
        DayJob(plan, day, design, number, promises[design], in_time_s)
        for day in (None, *plan.days)
        for number in range(scenario.run.replications)
        for design in scenario.designs
    ]


def run_day(job: DayJob) -> DayRun:
    """Simulate one run and reduce it to figures; the records are dropped."""
    plan, day, design, replication, promise, in_time_s = job
    warm_up = plan.scenario.run.warm_up_s
    if day is None:
        records = simulate(plan.scenario, design, replication)
        windows = {each.name: plan.find_window(each, replication) for each in plan.days}
        baselines = {name: _measure_baseline(records, own, promise, in_time_s) for name, own in windows.items()}
        return DayRun(FAULTLESS, design, replication, {}, baselines, *_count_per_second(records, in_time_s))
    records = simulate(set_faults(plan.scenario, day.faults), design, replication)
    figures = measure_bad_day(records, warm_up, plan.find_window(day, replication), promise, in_time_s)
    return DayRun(day.name, design, replication, figures, {}, *_count_per_second(records, in_time_s))


def _measure_baseline(
    records: Records, window: FaultWindow | None, promise: Promise, in_time_s: float
) -> dict[str, float]:
    if window is None:
        return dict.fromkeys(BASELINE_FIGURES, np.nan)
    wrong = count_wrong_verdicts(records, window.begin, promise.after_revocation_s, promise.after_expiry_s)
    values = (
        compute_availability(records, window.begin, window.until, in_time_s),
        compute_mean_latency(records, window.begin, window.until),
        float(wrong.within),
        find_peak_request_rate(records, window.begin),
    )
    return dict(zip(BASELINE_FIGURES, values, strict=True))


def _count_per_second(records: Records, in_time_s: float) -> tuple[Floats, Floats]:
    """Correct answers and requests per second of arrival."""
    requests = select_user_requests(records)
    second = (requests["arrival"] / BIN_S).astype(np.int64)
    bins = int(np.ceil(records.horizon / BIN_S))
    good = find_correct_answers(requests, records, in_time_s)
    return np.bincount(second[good], minlength=bins) / BIN_S, np.bincount(second, minlength=bins) / BIN_S


def _gather(plan: DaysPlan, in_time_s: float, runs: Sequence[DayRun]) -> BadDays:
    import pandas as pd

    baselines = {(run.design, run.replication): run.baselines for run in runs if run.day == FAULTLESS}
    rows = [
        {
            "day": run.day,
            "design": run.design,
            "replication": run.replication,
            **run.figures,
            **baselines[run.design, run.replication][run.day],
        }
        for run in runs
        if run.day != FAULTLESS
    ]
    curves: dict[tuple[str, str], list[Floats]] = {}
    for run in runs:
        curves.setdefault((run.day, run.design), []).append(run.goodput)
    offered = [run.offered for run in runs if run.day == FAULTLESS]
    means = {key: np.mean(curve, axis=0) for key, curve in curves.items()}
    return BadDays(plan, in_time_s, pd.DataFrame(rows), means, np.mean(offered, axis=0))

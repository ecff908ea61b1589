"""Bad days: one of them at a time on every design, each beside the same day on which nothing goes wrong.

Which bad days are tried on the designs of a scenario, when in a run each happens, and how long a run is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.availability import IN_TIME_S, compute_availability, compute_mean_latency, select_user_requests, find_correct_answers
from simlib.analysis.exposure import count_wrong_verdicts
from simlib.analysis.fault_impact import Promise, FaultWindow, measure_bad_day, find_end, build_fault_window
from simlib.analysis.usage import find_peak_request_rate
from simlib.deployment.bounds import compute_design_bound
from simlib.deployment.parts import PARTS
from simlib.deployment.simulate import check_budget, simulate
from simlib.experiment.replicate import Progress
from simlib.experiment.workers import results
from simlib.scenario.bad_days import BadDay, standard_days
from simlib.scenario.errors import InputError, unknown
from simlib.scenario.fault_checks import Resolver, check_fault_times, is_there
from simlib.scenario.fault_times import fault_times
from simlib.scenario.records import Records
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.scenario.world import ReplayLoad
from simlib.scenario.writing import overridden

if TYPE_CHECKING:
    import pandas as pd

REPLICATIONS = 3
BUDGET = 700_000
"""Requests of all runs together, about: a minute to a minute and a half on two cores."""
SHORTEST_S, LONGEST_S = 21.0, 600.0
WARM_UP, THIRD = 1 / 15, 3
"""The share of a run that is its warm-up; the window of a standard day is the second third of it."""


@dataclass(frozen=True)
class DaysPlan:
    """A scenario without faults whose run is as long as each day is, and the days.

    ``window_s``: how long after its beginning a day's requests are looked at. ``left_out``: standard days whose hosts
    the scenario does not have.
    """

    scenario: Scenario
    days: tuple[BadDay, ...]
    window_s: float
    omitted: tuple[str, ...] = ()

    @property
    def runs(self) -> int:
        """How many runs it takes, those of the day without a fault included."""
        return (len(self.days) + 1) * len(self.scenario.designs) * self.scenario.run.replications

    def find_day(self, name: str) -> BadDay:
        """The day of that name; raises InputError naming those there are."""
        found = next((day for day in self.days if day.name == name), None)
        if found is None:
            raise InputError(f"--fault: {unknown('bad day', name, [day.name for day in self.days])}")
        return found

    def find_window(self, day: BadDay, replication: int) -> FaultWindow | None:
        """When the faults of a day are there in a replication; None when drawn ones do not come."""
        regions = self.scenario.world.regions
        resolve = Resolver(() if regions is None else regions.names)
        horizon = self.scenario.horizon_s
        times = fault_times(day.faults, resolve, horizon, Variates(self.scenario.run.seed, replication))
        if not times:
            return None
        begin = times[0].begin
        end = find_end([(time.end, day.faults[time.name].kind) for time in times])
        return build_fault_window(begin, end, horizon, self.window_s)


def plan_bad_days(
    scenario: Scenario,
    *,
    standard: bool = False,
    only: tuple[str, ...] = (),
    length_s: float | None = None,
    replications: int | None = None,
) -> DaysPlan:
    """The scenario's own faults, one a day; the standard days when it has none, or as well when ``standard``.

    ``only`` names the days that are wanted. Own faults keep the scenario's run; standard days alone are as long as
    `BUDGET` allows, begin with stationary caches, and are repeated `REPLICATIONS` times. Raises InputError for a run
    that is too short for a fault, and for an unknown day.
    """
    own = tuple(BadDay(name, _title(name), "the scenario", {name: f}) for name, f in scenario.world.faults.items())
    calm = replace(scenario, world=scenario.world.model_copy(update={"faults": {}}))
    calm = calm.with_run(overridden(calm.run, _chosen_run(calm, bool(own), length_s, replications)))
    horizon = calm.horizon_s
    days, left_out = own, []
    for day in standard_days(horizon / THIRD, horizon / THIRD) if standard or not own else ():
        faults = {name: f for name, f in day.faults.items() if is_there(calm.world, calm.designs, PARTS, f)}
        if faults and day.name not in scenario.world.faults:
            days += (replace(day, faults=faults),)
        elif not faults:
            left_out.append(day.title)
    plan = DaysPlan(calm, days, horizon / THIRD, tuple(left_out))
    if only:
        plan = replace(plan, days=tuple(plan.find_day(name) for name in dict.fromkeys(only)))
    for day in plan.days:
        check_fault_times(add_faults(calm, day).world, horizon, f"{scenario.name}: world.faults")
    return plan


def add_faults(scenario: Scenario, day: BadDay) -> Scenario:
    """The scenario on that day."""
    return replace(scenario, world=scenario.world.model_copy(update={"faults": dict(day.faults)}))


def _title(name: str) -> str:
    return name.replace("_", " ")


def _chosen_run(
    scenario: Scenario, own: bool, length_s: float | None, replications: int | None
) -> dict[str, float | int | str]:
    given = {
        name: value for name, value in (("length_s", length_s), ("replications", replications)) if value is not None
    }
    if own:
        return dict(given)
    chosen: dict[str, float | int | str] = {"replications": REPLICATIONS, "caches": "stationary", **given}
    if not isinstance(scenario.world.load, ReplayLoad):
        chosen.setdefault("length_s", _length(scenario, int(chosen["replications"])))
        chosen["warm_up_s"] = float(chosen["length_s"]) * WARM_UP
    return chosen


def _length(scenario: Scenario, replications: int) -> float:
    """Whole seconds that are a multiple of three."""
    per_second = scenario.expected_requests / scenario.horizon_s
    runs = (len(standard_days(0.0, 1.0)) + 1) * len(scenario.designs) * replications
    seconds = min(max(BUDGET / max(per_second * runs, 1e-9), SHORTEST_S), LONGEST_S)
    return float(int(seconds / 3) * 3)


FAULTLESS = ""
"""The day on which nothing goes wrong."""
BASELINE_FIGURES = (
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
    baselines: Mapping[str, Mapping[str, float]]
    goodput: Curve
    offered: Curve


@dataclass(frozen=True, eq=False)
class BadDays:
    """All runs. ``table`` has one row per day, design and replication, with the figures of
    `simlib.analysis.fault_impact.bad_day` and `USUAL_FIGURES`, those of the same window on the day without faults.

    ``goodput``: (day, design) -> mean right answers per second, second by second, "" for the day without faults;
    ``offered``: requests per second likewise.
    """

    plan: DaysPlan
    in_time_s: float
    table: "pd.DataFrame"
    goodput: Mapping[tuple[str, str], Curve]
    offered: Curve


def run_bad_days(
    plan: DaysPlan, *, in_time_s: float = IN_TIME_S, workers: int = 1, progress: Progress | None = None
) -> BadDays:
    """Run every design on every day of the plan, and on a day without faults; ``in_time_s`` is when an answer is late.

    Raises InputError as `simulate` does, before anything is run.
    """
    for day in plan.days:
        check_budget(add_faults(plan.scenario, day))
    jobs = _jobs(plan, in_time_s)
    done: list[DayRun] = []
    for run in results(run_day, jobs, workers):
        done.append(run)
        if progress is not None:
            progress(len(done), len(jobs))
    return _gathered(plan, in_time_s, done)


def _jobs(plan: DaysPlan, in_time_s: float) -> list[DayJob]:
    """The days in turn, so that an early stop would leave whole days."""
    scenario = plan.scenario
    promises = {name: Promise(*compute_design_bound(scenario, design)) for name, design in scenario.designs.items()}
    return [
        DayJob(plan, day, design, number, promises[design], in_time_s)
        for day in (None, *plan.days)
        for number in range(scenario.run.replications)
        for design in scenario.designs
    ]


def run_day(job: DayJob) -> DayRun:
    """Simulate one run and reduce it to figures; the records are let go."""
    plan, day, design, replication, promise, in_time_s = job
    warm_up = plan.scenario.run.warm_up_s
    if day is None:
        records = simulate(plan.scenario, design, replication)
        usual = {one.name: _usual(records, plan.find_window(one, replication), promise, in_time_s) for one in plan.days}
        return DayRun(FAULTLESS, design, replication, {}, usual, *_per_second(records, in_time_s))
    records = simulate(add_faults(plan.scenario, day), design, replication)
    figures = measure_bad_day(records, warm_up, plan.find_window(day, replication), promise, in_time_s)
    return DayRun(day.name, design, replication, figures, {}, *_per_second(records, in_time_s))


def _usual(records: Records, window: FaultWindow | None, promise: Promise, in_time_s: float) -> dict[str, float]:
    if window is None:
        return dict.fromkeys(BASELINE_FIGURES, np.nan)
    since = count_wrong_verdicts(records, window.begin, promise.after_revocation_s, promise.after_expiry_s).within
    values = (
        compute_availability(records, window.begin, window.until, in_time_s),
        compute_mean_latency(records, window.begin, window.until),
        float(since),
        find_peak_request_rate(records, window.begin),
    )
    return dict(zip(BASELINE_FIGURES, values, strict=True))


def _per_second(records: Records, in_time_s: float) -> tuple[Curve, Curve]:
    requests = select_user_requests(records)
    second = (requests["arrival"] / BIN_S).astype(np.int64)
    bins = int(np.ceil(records.horizon / BIN_S))
    good = find_correct_answers(requests, records, in_time_s)
    return np.bincount(second[good], minlength=bins) / BIN_S, np.bincount(second, minlength=bins) / BIN_S


def _gathered(plan: DaysPlan, in_time_s: float, runs: list[DayRun]) -> BadDays:
    import pandas as pd

    usual = {(run.design, run.replication): run.usual for run in runs if run.day == FAULTLESS}
    rows = [
        {
            "day": run.day,
            "design": run.design,
            "replication": run.replication,
            **run.figures,
            **usual[run.design, run.replication][run.day],
        }
        for run in runs
        if run.day != FAULTLESS
    ]
    curves: dict[tuple[str, str], list[Curve]] = {}
    for run in runs:
        curves.setdefault((run.day, run.design), []).append(run.goodput)
    offered = [run.offered for run in runs if run.day == FAULTLESS]
    means = {key: np.mean(curve, axis=0) for key, curve in curves.items()}
    return BadDays(plan, in_time_s, pd.DataFrame(rows), means, np.mean(offered, axis=0))

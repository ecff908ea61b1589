"""Which bad days are tried on the designs of a scenario, when in a run each happens, and how long a run is."""

from dataclasses import dataclass, replace

from simlib.analysis.bad_day import Window, end_of, window
from simlib.engine.parts import PARTS
from simlib.scenario.bad_days import BadDay, standard_days
from simlib.scenario.errors import InputError
from simlib.scenario.fault_checks import Resolver, check_fault_times, is_there
from simlib.scenario.fault_times import fault_times
from simlib.scenario.overriding import overridden
from simlib.scenario.refusal import unknown
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.scenario.world import ReplayLoad

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
    left_out: tuple[str, ...] = ()

    @property
    def runs(self) -> int:
        """How many runs it takes, those of the day without a fault included."""
        return (len(self.days) + 1) * len(self.scenario.designs) * self.scenario.run.replications

    def day(self, name: str) -> BadDay:
        """The day of that name; raises InputError naming those there are."""
        found = next((day for day in self.days if day.name == name), None)
        if found is None:
            raise InputError(f"--fault: {unknown('bad day', name, [day.name for day in self.days])}")
        return found

    def window(self, day: BadDay, replication: int) -> Window | None:
        """When the faults of a day are there in a replication; None when drawn ones do not come."""
        regions = self.scenario.world.regions
        resolve = Resolver(() if regions is None else regions.names)
        horizon = self.scenario.horizon_s
        times = fault_times(day.faults, resolve, horizon, Variates(self.scenario.run.seed, replication))
        if not times:
            return None
        begin = times[0].begin
        end = end_of([(time.end, day.faults[time.name].kind) for time in times])
        return window(begin, end, horizon, self.window_s)


def plan_days(
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
        plan = replace(plan, days=tuple(plan.day(name) for name in dict.fromkeys(only)))
    for day in plan.days:
        check_fault_times(with_faults(calm, day).world, horizon, f"{scenario.name}: world.faults")
    return plan


def with_faults(scenario: Scenario, day: BadDay) -> Scenario:
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

"""Plan of bad days: which faults are run on the designs of a scenario, when each begins, and how long a run is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from simlib.analysis.fault_impact import FaultWindow, build_fault_window, find_end
from simlib.deployment.parts import PARTS
from simlib.scenario.bad_days import BadDay, load_standard_days
from simlib.scenario.errors import InputError, describe_unknown
from simlib.scenario.fault_checks import is_possible
from simlib.scenario.fault_times import Resolver, check_fault_times, schedule_faults
from simlib.scenario.faults import Fault
from simlib.scenario.loads import ReplayLoad
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.scenario.writing import override_fields

REPLICATIONS = 3
BUDGET = 700_000
"""Requests of all runs together, about: a minute to a minute and a half on two cores."""
SHORTEST_S, LONGEST_S = 21.0, 600.0
WARM_UP, THIRD = 1 / 15, 3
"""The share of a run that is its warm-up; the window of a standard day is the second third of it."""


@dataclass(frozen=True)
class DaysPlan:
    """Bad days, and a scenario without faults whose run is as long as each of them.

    ``window_s``: for how long after the beginning of an instantaneous fault requests count as hit by it. ``omitted``:
    titles of standard days whose hosts the scenario does not have.
    """

    scenario: Scenario
    days: tuple[BadDay, ...]
    window_s: float
    omitted: tuple[str, ...] = ()

    @property
    def runs(self) -> int:
        """Number of runs, those of the day without a fault included."""
        return (len(self.days) + 1) * len(self.scenario.designs) * self.scenario.run.replications

    def find_day(self, name: str) -> BadDay:
        """The day of that name; raises InputError that lists the allowed names."""
        for day in self.days:
            if day.name == name:
                return day
        raise InputError(f"--fault: {describe_unknown('bad day', name, [day.name for day in self.days])}")

    def find_window(self, day: BadDay, replication: int) -> FaultWindow | None:
        """When the faults of a day are active in a replication; None when none of the drawn ones occurs."""
        regions = self.scenario.world.regions
        resolve = Resolver(() if regions is None else regions.names)
        horizon = self.scenario.horizon_s
        times = schedule_faults(day.faults, resolve, horizon, Variates(self.scenario.run.seed, replication))
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

    ``only`` selects days by name. Own faults keep the scenario's run; standard days alone are as long as
    `BUDGET` allows and are repeated `REPLICATIONS` times. Raises InputError for a run
    that is too short for a fault, and for an unknown day.
    """
    own_days = _list_own_days(scenario)
    faultless = set_faults(scenario, {})
    run = _choose_run(faultless, bool(own_days), length_s, replications)
    faultless = faultless.with_run(override_fields(faultless.run, run))
    horizon = faultless.horizon_s
    days, omitted = own_days, []
    for day in load_standard_days(horizon / THIRD, horizon / THIRD) if standard or not own_days else ():
        faults = _select_possible(faultless, day)
        if faults and day.name not in scenario.world.faults:
            days += (replace(day, faults=faults),)
        elif not faults:
            omitted.append(day.title)
    plan = DaysPlan(faultless, days, horizon / THIRD, tuple(omitted))
    if only:
        plan = replace(plan, days=tuple(plan.find_day(name) for name in dict.fromkeys(only)))
    for day in plan.days:
        check_fault_times(set_faults(faultless, day.faults).world, horizon, f"{scenario.origin}: world.faults")
    return plan


def set_faults(scenario: Scenario, faults: Mapping[str, Fault]) -> Scenario:
    """The scenario with these faults in place of its own."""
    return replace(scenario, world=scenario.world.model_copy(update={"faults": dict(faults)}))


def _select_possible(scenario: Scenario, day: BadDay) -> dict[str, Fault]:
    """The faults of a day whose hosts the scenario has."""
    world, designs = scenario.world, scenario.designs
    return {name: fault for name, fault in day.faults.items() if is_possible(world, designs, PARTS, fault)}


def _list_own_days(scenario: Scenario) -> tuple[BadDay, ...]:
    """One day for each fault of the scenario."""
    faults = scenario.world.faults
    return tuple(BadDay(name, name.replace("_", " "), "the scenario", {name: f}) for name, f in faults.items())


def _choose_run(
    scenario: Scenario, own_faults: bool, length_s: float | None, replications: int | None
) -> dict[str, float | int | str]:
    """Fields of the run that differ from the scenario's."""
    options = (("length_s", length_s), ("replications", replications))
    overrides = {name: value for name, value in options if value is not None}
    if own_faults:
        return dict(overrides)
    chosen: dict[str, float | int | str] = {"replications": REPLICATIONS, **overrides}
    if not isinstance(scenario.world.load, ReplayLoad):
        chosen.setdefault("length_s", _choose_length(scenario, int(chosen["replications"])))
        chosen["warm_up_s"] = float(chosen["length_s"]) * WARM_UP
    return chosen


def _choose_length(scenario: Scenario, replications: int) -> float:
    """Length of a run within the budget: whole seconds that are a multiple of three."""
    per_second = scenario.expected_requests / scenario.horizon_s
    runs = (len(load_standard_days(0.0, 1.0)) + 1) * len(scenario.designs) * replications
    seconds = min(max(BUDGET / max(per_second * runs, 1e-9), SHORTEST_S), LONGEST_S)
    return float(int(seconds / 3) * 3)

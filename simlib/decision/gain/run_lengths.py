"""Run lengths within a budget of CPU seconds, from the estimates of pilot runs; warm-ups in which empty caches fill."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from simlib.decision.gain.loads import compute_load
from simlib.decision.gain.pilot_runs import PilotRun
from simlib.deployment.parts import DOWNSTREAM
from simlib.scenario.design import Design
from simlib.scenario.loads import ReplayLoad
from simlib.scenario.run import Run
from simlib.scenario.scenario import Scenario

FEWEST = 3
"""Smallest number of replications for a useful interval."""
WARM_SHARE = 0.5
"""Largest share of a shortened run that is warm-up."""
SHORTEST = 100
"""Smallest number of requests of a run."""


class FittedRun(NamedTuple):
    """Run within a budget, and a sentence about its changes, empty without any."""

    run: Run
    note: str


def estimate_cpu_s(scenario: Scenario, pilots: Iterable[PilotRun], requests: float) -> float:
    """CPU seconds of the simulator for one replication of all these designs with so many requests each."""
    return sum(pilot.set_up_s + pilot.work_s * requests for pilot in pilots)


def fit_run(scenario: Scenario, pilots: Mapping[str, PilotRun], budget_s: float) -> FittedRun:
    """Run of a comparison: the scenario's own where it fits, else fewer replications, else shorter ones as well.

    All begin as the scenario's own, full or empty. A log is replayed to its end, and faults keep their times.
    """
    own, requests = scenario.run, scenario.expected_requests
    one = estimate_cpu_s(scenario, pilots.values(), requests)
    affordable = int(budget_s // one)
    if affordable >= own.replications:
        return FittedRun(own, "")
    if affordable >= FEWEST or isinstance(scenario.world.load, ReplayLoad) or scenario.world.faults:
        few = min(own.replications, max(affordable, FEWEST))
        if few == own.replications:
            return FittedRun(own, "")
        note = f"The comparison has {few} replications instead of {own.replications}, to take no longer."
        return FittedRun(own.model_copy(update={"replications": few}), note)
    few = min(own.replications, FEWEST)
    run = shorten_run(scenario, list(pilots.values()), budget_s / few, few)
    return FittedRun(
        run,
        f"The comparison has {few} replications of {run.length_s:g} s instead of {own.replications} of "
        f"{own.length_s:g} s, to take no longer; warm-up is {run.warm_up_s:g} s.",
    )


def shorten_run(scenario: Scenario, pilots: list[PilotRun], budget_s: float, replications: int) -> Run:
    """Run of which one replication of all these designs takes about the budget, never longer than the scenario's.

    Caches begin as in the scenario's run. Warm-up is the scenario's own, or half the run if that is shorter.
    """
    own, load = scenario.run, compute_load(scenario)
    per_request = sum(pilot.work_s for pilot in pilots)
    spare = budget_s - sum(pilot.set_up_s for pilot in pilots)
    requests = max(spare / per_request if per_request > 0 else SHORTEST, SHORTEST)
    length = min(own.length_s, float(f"{requests / load:.3g}"))
    return _change_run(own, length, min(own.warm_up_s, float(f"{WARM_SHARE * length:.3g}")), replications)


def extend_warm_up(run: Run, design: Design, longest_s: float) -> Run:
    """Run with a warm-up in which caches of exchanged tokens, where they begin empty, reach their steady state.

    ``longest_s`` bounds the length.
    """
    warm_up = max(run.warm_up_s, find_fill_time_s(run, design))
    length = min(longest_s, max(run.length_s, warm_up / WARM_SHARE))
    return _change_run(run, length, min(warm_up, WARM_SHARE * length), run.replications)


def find_fill_time_s(run: Run, design: Design) -> float:
    """Seconds until caches of tokens for inner services are full, 0 in a run that begins with them full."""
    if run.caches == "stationary":
        return 0.0
    chosen = design.parts.get(DOWNSTREAM)
    return 0.0 if chosen is None else float(getattr(chosen.settings, "ttl_s", 0.0))


def _change_run(own: Run, length_s: float, warm_up_s: float, replications: int) -> Run:
    changes = {"length_s": length_s, "warm_up_s": warm_up_s, "replications": replications}
    return own.model_copy(update=changes)

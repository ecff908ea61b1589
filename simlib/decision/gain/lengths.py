"""How long runs may be: a budget of CPU seconds, shared out by what a probe says that runs take.

The estimates depend on the scenario alone, never on a clock, so the same scenario is always run for the same length.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from simlib.decision.gain.loads import load_of
from simlib.decision.gain.probing import Probe
from simlib.engine.parts import DOWNSTREAM
from simlib.scenario.design import Design
from simlib.scenario.run import Run
from simlib.scenario.scenario import Scenario
from simlib.scenario.world import ReplayLoad

FEWEST = 3
"""Replications without which an interval says little."""
WARM_SHARE = 0.5
"""Of a shortened run that warm-up may take at most."""
SHORTEST = 100
"""Requests of a run, at least."""


class Fitted(NamedTuple):
    """A run within a budget, and in a sentence what was changed for it; empty when nothing was."""

    run: Run
    note: str


def estimated_s(scenario: Scenario, probes: Iterable[Probe], requests: float) -> float:
    """CPU seconds of the simulator for one replication of all these designs with so many requests each."""
    return sum(probe.set_up_s + probe.work_s * requests for probe in probes)


def fitted_run(scenario: Scenario, probes: Mapping[str, Probe], budget_s: float) -> Fitted:
    """The run of a comparison: the scenario's own where it fits, else fewer replications, else shorter ones as well.

    Shorter ones begin with caches of any age. A log is replayed to its end, and faults keep their instants.
    """
    own, requests = scenario.run, scenario.expected_requests
    one = estimated_s(scenario, probes.values(), requests)
    affordable = int(budget_s // one)
    if affordable >= own.replications:
        return Fitted(own, "")
    if affordable >= FEWEST or isinstance(scenario.world.load, ReplayLoad) or scenario.world.faults:
        few = min(own.replications, max(affordable, FEWEST))
        if few == own.replications:
            return Fitted(own, "")
        note = f"The comparison has {few} replications instead of {own.replications}, to take no longer."
        return Fitted(own.model_copy(update={"replications": few}), note)
    few = min(own.replications, FEWEST)
    run = shortened(scenario, list(probes.values()), budget_s / few, few)
    return Fitted(
        run,
        f"The comparison has {few} replications of {run.length_s:g} s instead of {own.replications} of "
        f"{own.length_s:g} s, to take no longer; warm-up is {run.warm_up_s:g} s, and caches begin "
        "with entries of any age.",
    )


def shortened(scenario: Scenario, probes: list[Probe], budget_s: float, replications: int) -> Run:
    """Runs in which one replication of all these designs takes about the budget, never longer than the scenario's.

    Caches begin with entries of any age. Warm-up is the scenario's own, or half the run where that is shorter.
    """
    own, load = scenario.run, load_of(scenario)
    per_request = sum(probe.work_s for probe in probes)
    spare = budget_s - sum(probe.set_up_s for probe in probes)
    requests = max(spare / per_request if per_request > 0 else SHORTEST, SHORTEST)
    length = min(own.length_s, float(f"{requests / load:.3g}"))
    return _begun(own, length, min(own.warm_up_s, float(f"{WARM_SHARE * length:.3g}")), replications)


def warmed(run: Run, design: Design, longest_s: float) -> Run:
    """The run, made so long that what begins empty has been kept and renewed before it counts: exchanged tokens.

    A cache that starts empty would look worse than it is. ``longest_s`` bounds the length.
    """
    warm_up = max(run.warm_up_s, begins_empty_s(design))
    length = min(longest_s, max(run.length_s, warm_up / WARM_SHARE))
    return _begun(run, length, min(warm_up, WARM_SHARE * length), run.replications)


def begins_empty_s(design: Design) -> float:
    """For how long tokens for inner services are kept; other caches have entries of any age when a run begins so."""
    chosen = design.parts.get(DOWNSTREAM)
    return 0.0 if chosen is None else float(getattr(chosen.settings, "ttl_s", 0.0))


def _begun(own: Run, length_s: float, warm_up_s: float, replications: int) -> Run:
    changes = {"length_s": length_s, "warm_up_s": warm_up_s, "replications": replications, "caches": "stationary"}
    return own.model_copy(update=changes)

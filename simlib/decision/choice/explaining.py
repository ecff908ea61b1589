"""Explanation of limits on latencies that a design does not surely keep, at the servers that are paid for."""

from dataclasses import replace

from simlib.decision.choice.results import Decision
from simlib.decision.gain.loads import remove_faults
from simlib.decision.latency_causes import add_causes, list_unexplained, trace_causes
from simlib.experiment.sweep import change_scenario
from simlib.scenario.scenario import Scenario


def explain_limits(decision: Decision, workers: int = 1) -> Decision:
    """The decision with the station and operation behind each limit on a latency that is not surely kept."""
    designs = list_unexplained(decision.limits)
    if not designs or decision.scenario.run.timing == "live":
        return decision
    sized = {design: _build_sized(decision, design) for design in designs}
    return replace(decision, limits=add_causes(decision.limits, trace_causes(sized, decision.limits, workers)))


def _build_sized(decision: Decision, design: str) -> Scenario:
    """The scenario as it was compared, with the servers that the design was given."""
    scenario, size = decision.verdicts.scenario, decision.gain.sizes.get(design)
    if size is None or not size.settings:
        return scenario
    return change_scenario(remove_faults(scenario), size.settings)

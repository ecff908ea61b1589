"""Explanation of limits that a design does not surely keep, at the servers that are paid for."""

from dataclasses import replace

from simlib.decision.choice.results import Decision
from simlib.decision.gain.loads import remove_faults
from simlib.decision.limit_explanations import explain_outcomes
from simlib.experiment.sweep import change_scenario
from simlib.scenario.scenario import Scenario


def explain_decision(decision: Decision, workers: int = 1) -> Decision:
    """The decision with the cause of each limit on a latency, or on failed requests, that is not surely met."""
    designs = {outcome.design for outcome in decision.limits if outcome.word != "met"}
    sized = {design: _build_sized(decision, design) for design in designs}
    return replace(decision, limits=explain_outcomes(decision.limits, sized, workers))


def _build_sized(decision: Decision, design: str) -> Scenario:
    """The scenario as it was compared, with the servers that the design was given."""
    scenario, size = decision.verdicts.scenario, decision.gain.sizes.get(design)
    if size is None or not size.settings:
        return scenario
    return change_scenario(remove_faults(scenario), size.settings)

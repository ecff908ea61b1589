"""The complexity of the process as an indicator: counts from the life of one user under each design."""

from collections.abc import Mapping

from simlib.analysis.process import counts
from simlib.engine.alone import kinds_of
from simlib.engine.phases import FIRST, NEXT, SIGN_IN, trace_life
from simlib.scenario.scenario import Scenario


def lived_counts(scenario: Scenario) -> Mapping[str, Mapping[str, float]]:
    """Design -> what is counted -> number, for the first kind of client; `simlib process` tells all of it.

    Raises what `simlib.engine.phases.trace_life` raises.
    """
    kind = kinds_of(scenario)[0]
    found = {}
    for design in scenario.designs:
        life = trace_life(scenario, design, kind)
        phases = {phase: counts(life, phase) for phase in life.phases}
        found[design] = {
            **{
                f"messages: {phase}": float(phases[phase].messages)
                for phase in (SIGN_IN, FIRST, NEXT)
                if phase in phases
            },
            "changes of state: whole life": float(sum(count.state_transitions for count in phases.values())),
        }
    return found

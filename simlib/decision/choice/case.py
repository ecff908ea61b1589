"""Case of a decision: the designs with what all draws have in common, the scenario and the causes of cost."""

from collections.abc import Mapping
from dataclasses import dataclass

from simlib.decision.choice.cost_causes import CAUSES, CostCause
from simlib.decision.choice.design_case import DesignCase, find_input_range
from simlib.scenario.scenario import Scenario


@dataclass(frozen=True)
class Case:
    """All designs of a decision. ``load`` is the scenario's, requests per second; ``causes``: the costs counted."""

    scenario: Scenario
    load: float
    design_cases: Mapping[str, DesignCase]
    causes: tuple[CostCause, ...] = CAUSES

    @property
    def designs(self) -> tuple[str, ...]:
        """Names of the designs, first of the scenario first."""
        return tuple(self.design_cases)

    @property
    def years(self) -> float:
        """Horizon in years."""
        return self.scenario.terms.horizon_years

    @property
    def input_ranges(self) -> Mapping[str, tuple[float, float, float]]:
        """Input of the response surfaces -> low end of its range, the scenario's own value, high end."""
        surfaces = [surface for design_case in self.design_cases.values() for surface in design_case.surfaces.values()]
        return {
            name: find_input_range(surface, number)
            for surface in surfaces
            for number, name in enumerate(surface.inputs)
        }

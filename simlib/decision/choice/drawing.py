"""All draws of one decision, and total costs from them, with each source of uncertainty at work or at its mean."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simlib.decision.choice.facts import Case
from simlib.decision.choice.inputs import State
from simlib.decision.choice.lines import bill
from simlib.decision.choice.present import Accounts, total_cost
from simlib.decision.choice.simulated import Figures
from simlib.decision.effort import EffortDraws

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Draws:
    """What varies from draw to draw: inputs, the figures of simulation, effort. ``rate`` is the discount rate."""

    state: State
    figures: Figures
    effort: Mapping[str, EffortDraws]
    rate: Values | float

    def accounts(self, case: Case) -> Accounts:
        """The bills of all designs."""
        bills = {
            design: bill(case, design, self.state, self.figures[design], self.effort[design]) for design in case.designs
        }
        return Accounts(case, bills, self.rate)

    def totals(self, case: Case) -> dict[str, Values]:
        """Design -> total cost over the horizon."""
        accounts = self.accounts(case)
        return {design: total_cost(accounts, design) for design in case.designs}

    def with_figures_narrowed(self, factor: float) -> "Draws":
        """With simulation more certain: distances from the mean times a factor, 0 for certainty itself."""
        figures = {
            design: {name: _narrowed(values, factor) for name, values in own.items()}
            for design, own in self.figures.items()
        }
        return replace(self, figures=figures)

    def with_effort_certain(self) -> "Draws":
        """With the mean effort in every draw."""
        effort = {
            design: replace(own, one_off_days=_flat(own.one_off_days), yearly_days=_flat(own.yearly_days))
            for design, own in self.effort.items()
        }
        return replace(self, effort=effort)

    def with_inputs_certain(self) -> "Draws":
        """With the mean of every price and every other input in every draw."""
        return replace(self, state={name: _flat(values) for name, values in self.state.items()})


def _narrowed(values: Values, factor: float) -> Values:
    mean = values.mean()
    return np.asarray(mean + factor * (values - mean))


def _flat(values: Values) -> Values:
    return np.full_like(values, values.mean())

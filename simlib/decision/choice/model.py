"""Total costs of all designs as a function of uniforms, one for each factor: what sensitivity analyses evaluate."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simlib.decision.choice.casing import completed
from simlib.decision.choice.drawing import Draws
from simlib.decision.choice.factors import RATE, Factor, factors_of, replication_names
from simlib.decision.choice.facts import Case
from simlib.decision.choice.following import Where
from simlib.decision.choice.inputs import Input
from simlib.decision.choice.lines import FIGURES
from simlib.decision.choice.pairs import counts_of, present_of
from simlib.decision.choice.present import Accounts, total_cost
from simlib.decision.choice.simulated import Figures, certain_weights, drawn_figures, normal_weights
from simlib.decision.effort import TEAM, EffortDraws, EffortLedger, effort_from_uniforms

if TYPE_CHECKING:
    import pandas as pd

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Model:
    """``table`` has a row per design and replication."""

    case: Case
    table: "pd.DataFrame"
    inputs: Mapping[str, Input]
    ledger: EffortLedger

    @cached_property
    def replications(self) -> int:
        """How many there are of each design."""
        return int(self.table["replication"].nunique())

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """All inputs that move, in the order of the columns of a sample."""
        return factors_of(self.case, self.inputs, self.ledger, self.replications)

    def totals(self, sample: Values) -> dict[str, Values]:
        """Design -> total cost over the horizon, one per row; a column of uniforms per factor."""
        accounts, where = self.accounts(sample)
        return {design: total_cost(accounts, design, where) for design in self.case.designs}

    def accounts(self, sample: Values) -> tuple[Accounts, Where]:
        """The bills of all designs at the scenario's own inputs of simulation, and these inputs as sampled."""
        columns = {factor.name: sample[:, number] for number, factor in enumerate(self.factors)}
        # Effort and replications take their uniforms as they are.
        direct = {*self.inputs, *self.case.simulated, RATE}
        values = {factor.name: factor.at(columns[factor.name]) for factor in self.factors if factor.name in direct}
        state, rate = self._state(values, len(sample)), self._rate(values)
        draws = Draws(state, self._figures(columns), self._effort(columns), rate)
        return draws.accounts(self.case), {name: values[name] for name in self.case.simulated if name in values}

    def _state(self, values: Mapping[str, Values], rows: int) -> dict[str, Values]:
        return {name: values.get(name, np.full(rows, one.likely)) for name, one in self.inputs.items()}

    def _rate(self, values: Mapping[str, Values]) -> Values | float:
        return values.get(RATE, self.case.scenario.terms.discount_rate)

    def _figures(self, columns: Mapping[str, Values]) -> Figures:
        names = replication_names(self.replications)
        weights = normal_weights(np.array([columns[name] for name in names])) if names else certain_weights(1)
        return completed(self.case, drawn_figures(self.table, self.case.designs, FIGURES, weights))

    def _effort(self, columns: Mapping[str, Values]) -> Mapping[str, EffortDraws]:
        scenario = self.case.scenario
        items = {name: columns[name] for name in columns if name in self.ledger.by_id}
        return effort_from_uniforms(
            self.ledger, scenario.designs, counts_of(scenario), items, columns[TEAM], present=present_of(scenario)
        )

"""Total costs of all designs as a function of uniforms, one for each factor: what sensitivity analyses evaluate.

The inputs that a sensitivity analysis moves: each a quantile function of a uniform number of its own.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from simlib.decision.arrays import Values
from simlib.decision.choice.build_case import completed
from simlib.decision.choice.case import Case
from simlib.decision.choice.inputs import Input, counts_of, present_of
from simlib.decision.choice.monte_carlo import Draws, Figures, certain_weights, drawn_figures, normal_weights
from simlib.decision.choice.total_cost import FIGURES, Accounts, Where, total_cost
from simlib.decision.effort import (
    TEAM,
    EffortDraws,
    EffortLedger,
    Item,
    effort_from_uniforms,
    needed_items,
    pert_ppf,
    team_factor_at,
)
from simlib.decision.gain.metamodel_inputs import MEANINGS

if TYPE_CHECKING:
    import pandas as pd

Quantiles = Callable[[Values], Values]
RATE = "discount_rate"
SIMULATION = "simulation (its replications)"
_KINDS = {"one_off": "work once", "recurring": "work per year", "migration": "migration"}


@dataclass(frozen=True)
class Factor:
    """One input. ``label`` is how it is told by itself and ``group`` what its Sobol index is told under; ``at`` gives
    its value, in ``unit``, at quantiles.
    """

    name: str
    label: str
    group: str
    unit: str
    at: Quantiles


def factors_of(case: Case, inputs: Mapping[str, Input], ledger: EffortLedger, replications: int) -> tuple[Factor, ...]:
    """Every input that is not known: those of the simulation, prices and amounts, effort, and the discount rate.

    What simulation says is uncertain too: there is a factor for each replication.
    """
    return (
        *_simulated(case),
        *(Factor(name, name, name, one.unit, one.at) for name, one in inputs.items() if not one.known),
        *_rate(case),
        *_work(case, ledger),
        Factor(TEAM, TEAM, TEAM, "", team_factor_at),
        *_replications(replications),
    )


def replication_names(replications: int) -> tuple[str, ...]:
    """The factors from which the weights of replications are made; none of a single one."""
    return tuple(f"replication.{number}" for number in range(replications)) if replications > 1 else ()


def _simulated(case: Case) -> Iterator[Factor]:
    """What response surfaces follow; the range is theirs, the median is the scenario's own value."""
    for name, (low, middle, high) in case.simulated.items():
        unit = MEANINGS.get(name, "").partition(";")[0]
        yield Factor(name, name, name, unit, partial(_between, low, middle, high))


def _between(low: float, middle: float, high: float, uniforms: Values) -> Values:
    """Even on either side of the median, over the logarithm where all are positive."""
    points = np.array([low, middle, high])
    if low > 0:
        return np.asarray(np.exp(np.interp(uniforms, [0.0, 0.5, 1.0], np.log(points))))
    return np.asarray(np.interp(uniforms, [0.0, 0.5, 1.0], points), dtype=np.float64)


def _rate(case: Case) -> Iterator[Factor]:
    """From nothing to twice what is stated: an assumption."""
    rate = case.scenario.terms.discount_rate
    if rate > 0:
        yield Factor(RATE, RATE, RATE, "a year", partial(_between, 0.0, rate, 2 * rate))


def _work(case: Case, ledger: EffortLedger) -> Iterator[Factor]:
    scenario = case.scenario
    needed = needed_items(ledger, scenario.designs.values(), counts_of(scenario), present=present_of(scenario))
    for item in (ledger.item(name) for name in needed):
        if item.low < item.high:
            yield Factor(item.id, f"{item.id} {item.title}", _group(item), "person-days", partial(_estimate, item))


def _group(item: Item) -> str:
    """Items are many and each is small: they are told by kind, and those done once by who does most of it."""
    actor = item.actor.partition(";")[0]
    return f"{_KINDS[item.kind]} ({actor})" if item.kind == "one_off" else _KINDS[item.kind]


def _estimate(item: Item, uniforms: Values) -> Values:
    return pert_ppf(uniforms, item.low, item.likely, item.high)


def _replications(replications: int) -> Iterator[Factor]:
    for name in replication_names(replications):
        yield Factor(name, name, SIMULATION, "", np.asarray)


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

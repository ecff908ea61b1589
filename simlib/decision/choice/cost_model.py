"""Cost model of a sensitivity analysis: total costs of all designs as a function of uniforms, one for each factor.

A factor is an input that the analysis moves: a quantile function of a uniform number of its own.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.choice.build_case import complete_figures
from simlib.decision.choice.case import Case
from simlib.decision.choice.cost_causes import list_figures
from simlib.decision.choice.inputs import Input, find_present_design
from simlib.decision.choice.monte_carlo import (
    Draws,
    Figures,
    build_certain_weights,
    compute_normal_weights,
    draw_figures,
)
from simlib.decision.choice.total_cost import Accounts, SimulationInputs, compute_total_cost
from simlib.decision.effort import (
    TEAM,
    EffortDraws,
    EffortLedger,
    Item,
    compute_effort,
    compute_team_factor,
    list_needed_items,
    pert_ppf,
    resolve_counts,
)
from simlib.decision.gain.metamodel_inputs import MEANINGS

if TYPE_CHECKING:
    import pandas as pd

Quantiles = Callable[[Floats], Floats]
RATE = "discount_rate"
SIMULATION = "simulation (its replications)"
_KINDS = {"one_off": "work once", "recurring": "work per year", "migration": "migration"}


@dataclass(frozen=True)
class Factor:
    """One input: ``label`` is its name by itself, ``group`` that under which its Sobol index is reported, ``quantiles``
    its quantile function, in ``unit``.
    """

    name: str
    label: str
    group: str
    unit: str
    quantiles: Quantiles


def list_factors(
    case: Case, inputs: Mapping[str, Input], ledger: EffortLedger, replications: int
) -> tuple[Factor, ...]:
    """All uncertain inputs: those of the simulation, prices and amounts, effort, discount rate, replications.

    There is a factor for each replication, since the figures of the simulation are uncertain too.
    """
    return (
        *_list_simulated(case),
        *(
            Factor(name, name, name, own.unit, own.compute_quantiles)
            for name, own in inputs.items()
            if not own.is_certain
        ),
        *_list_rate(case),
        *_list_work(case, ledger),
        Factor(TEAM, TEAM, TEAM, "", compute_team_factor),
        *_list_replications(replications),
    )


def name_replications(replications: int) -> tuple[str, ...]:
    """Names of the factors that weigh replications; none for a single replication."""
    return tuple(f"replication.{number}" for number in range(replications)) if replications > 1 else ()


def _list_simulated(case: Case) -> Iterator[Factor]:
    """Inputs of the response surfaces, over their ranges, with the scenario's own value as the median."""
    for name, (low, middle, high) in case.input_ranges.items():
        unit = MEANINGS.get(name, "").partition(";")[0]
        yield Factor(name, name, name, unit, partial(_interpolate, low, middle, high))


def _interpolate(low: float, middle: float, high: float, uniforms: Floats) -> Floats:
    """Quantiles of a uniform distribution on either side of the median, over the logarithm where all are positive."""
    points = np.array([low, middle, high])
    if low > 0:
        return np.asarray(np.exp(np.interp(uniforms, [0.0, 0.5, 1.0], np.log(points))))
    return np.asarray(np.interp(uniforms, [0.0, 0.5, 1.0], points), dtype=np.float64)


def _list_rate(case: Case) -> Iterator[Factor]:
    """Discount rate from 0 to twice the stated one: an assumption."""
    rate = case.scenario.terms.discount_rate
    if rate > 0:
        yield Factor(RATE, RATE, RATE, "a year", partial(_interpolate, 0.0, rate, 2 * rate))


def _list_work(case: Case, ledger: EffortLedger) -> Iterator[Factor]:
    scenario = case.scenario
    needed = list_needed_items(
        ledger, scenario.designs.values(), resolve_counts(scenario), present=find_present_design(scenario)
    )
    for item in (ledger.find_item(name) for name in needed):
        if item.low < item.high:
            yield Factor(
                item.id,
                f"{item.id} {item.title}",
                _name_group(item),
                "person-days",
                partial(_compute_item_quantiles, item),
            )


def _name_group(item: Item) -> str:
    """Group of a work item, of which there are many small ones: its kind, and for those done once the main actor."""
    actor = item.actor.partition(";")[0]
    return f"{_KINDS[item.kind]} ({actor})" if item.kind == "one_off" else _KINDS[item.kind]


def _compute_item_quantiles(item: Item, uniforms: Floats) -> Floats:
    return pert_ppf(uniforms, item.low, item.likely, item.high)


def _list_replications(replications: int) -> Iterator[Factor]:
    for name in name_replications(replications):
        yield Factor(name, name, SIMULATION, "", np.asarray)


@dataclass(frozen=True, eq=False)
class CostModel:
    """Model that sensitivity analyses evaluate; ``table`` has a row per design and replication."""

    case: Case
    table: "pd.DataFrame"
    inputs: Mapping[str, Input]
    ledger: EffortLedger

    @cached_property
    def replications(self) -> int:
        """Number of replications of each design."""
        return int(self.table["replication"].nunique())

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """All factors, in the order of the columns of a sample."""
        return list_factors(self.case, self.inputs, self.ledger, self.replications)

    def compute_totals(self, sample: Floats) -> dict[str, Floats]:
        """Design -> total cost over the horizon, one per row; a column of uniforms per factor."""
        accounts, inputs = self.build_accounts(sample)
        return {design: compute_total_cost(accounts, design, inputs) for design in self.case.designs}

    def build_accounts(self, sample: Floats) -> tuple[Accounts, SimulationInputs]:
        """Costs of all designs at the scenario's own inputs of the simulation, and these inputs as sampled."""
        columns = {factor.name: sample[:, number] for number, factor in enumerate(self.factors)}
        # Effort and replications are computed from their uniforms later.
        direct = {*self.inputs, *self.case.input_ranges, RATE}
        values = {
            factor.name: factor.quantiles(columns[factor.name]) for factor in self.factors if factor.name in direct
        }
        state, rate = self._build_state(values, len(sample)), self._find_rate(values)
        draws = Draws(state, self._compute_figures(columns), self._compute_effort(columns), rate)
        return draws.build_accounts(self.case), {
            name: values[name] for name in self.case.input_ranges if name in values
        }

    def _build_state(self, values: Mapping[str, Floats], rows: int) -> dict[str, Floats]:
        return {name: values.get(name, np.full(rows, own.likely)) for name, own in self.inputs.items()}

    def _find_rate(self, values: Mapping[str, Floats]) -> Floats | float:
        return values.get(RATE, self.case.scenario.terms.discount_rate)

    def _compute_figures(self, columns: Mapping[str, Floats]) -> Figures:
        names = name_replications(self.replications)
        weights = (
            compute_normal_weights(np.array([columns[name] for name in names])) if names else build_certain_weights(1)
        )
        figures = draw_figures(self.table, self.case.designs, list_figures(self.case.causes), weights)
        return complete_figures(self.case, figures)

    def _compute_effort(self, columns: Mapping[str, Floats]) -> Mapping[str, EffortDraws]:
        scenario = self.case.scenario
        items = {name: columns[name] for name in columns if name in self.ledger.by_id}
        return compute_effort(
            self.ledger,
            scenario.designs,
            resolve_counts(scenario),
            items,
            columns[TEAM],
            present=find_present_design(scenario),
        )

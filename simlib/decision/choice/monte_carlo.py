"""All draws of one decision, and total costs from them, with each source of uncertainty at work or at its mean.

What simulation leaves uncertain: figures of all designs, drawn together from their replications.

One draw weighs the replications, and the same weights hold for every design and every figure. So what replications
have in common stays in common, and the difference between two designs is as certain as their pairs make it. The
weights are made so that any mean, and any mean of paired differences, is spread over the draws as Student's t says
(n - 1 degrees of freedom): the share of draws in an interval is its confidence level.

Distributions in few numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simlib.decision.arrays import Values
from simlib.decision.choice.case import Case
from simlib.decision.choice.inputs import State
from simlib.decision.choice.results import Spread
from simlib.decision.choice.total_cost import Accounts, bill, total_cost
from simlib.decision.effort import EffortDraws

if TYPE_CHECKING:
    import pandas as pd

Figures = Mapping[str, Mapping[str, Values]]
"""Design -> figure -> one value per draw; NaN where no replication has the figure."""


def certain_weights(replications: int) -> Values:
    """The weights of the mean itself, as one draw: what is left when simulation is taken as certain."""
    return np.full((replications, 1), 1.0 / replications)


def student_weights(uniforms: Values) -> Values:
    """Weights of n replications, one column per draw, from n + 1 rows of uniforms in (0, 1).

    With n = 1 nothing is known about the spread and the weight is 1.
    """
    from scipy.special import chdtri

    n = uniforms.shape[0] - 1
    # The chi square makes of the normal a t: the spread is itself known from n values only.
    chi_square = chdtri(max(n - 1, 1), _inside(uniforms[-1]))
    return _weights(uniforms[:-1], chi_square)


def normal_weights(uniforms: Values) -> Values:
    """The same with the spread taken as observed, from n rows of uniforms: for shares of a variance.

    A t of few degrees of freedom has hardly a variance, or none, that could be shared out.
    """
    return _weights(uniforms, np.full(uniforms.shape[1], max(len(uniforms) - 1.0, 1.0)))


def _weights(uniforms: Values, chi_square: Values) -> Values:
    from scipy.special import ndtri

    n = len(uniforms)
    if n < 2:
        return np.ones_like(uniforms)
    normal = ndtri(_inside(uniforms))
    centred = normal - normal.mean(axis=0)
    # A sum of centred normals over the values has the variance (n - 1) s^2; that of their mean is s^2 / n.
    return np.asarray(1.0 / n + centred / np.sqrt(n * chi_square), dtype=np.float64)


def _inside(uniforms: Values) -> Values:
    return np.clip(uniforms, 1e-12, 1 - 1e-12)


def drawn_figures(table: "pd.DataFrame", designs: Sequence[str], names: Sequence[str], weights: Values) -> Figures:
    """Figures of all designs under the same weights of their replications; none is below 0.

    A replication that lacks a figure counts as the mean of those that have it. A figure that the table lacks is NaN.
    Raises ValueError when a design has not one row for each weight.
    """
    found: dict[str, dict[str, Values]] = {}
    for design in designs:
        rows = table[table["design"] == design].sort_values("replication")
        if len(rows) != len(weights):
            raise ValueError(f"{design} has {len(rows)} replications, not {len(weights)}")
        found[design] = {name: _drawn(_column(rows, name), weights) for name in names}
    return found


def _column(rows: "pd.DataFrame", name: str) -> Values:
    missing = np.full(len(rows), np.nan)
    return np.asarray(rows[name], dtype=np.float64) if name in rows.columns else missing


def _drawn(values: Values, weights: Values) -> Values:
    known = ~np.isnan(values)
    if not known.any():
        return np.full(weights.shape[1], np.nan)
    mean = values[known].mean()
    # The mean is taken out first: weights add up to 1 only up to rounding, and equal values must give equal draws.
    deviations = np.where(known, values - mean, 0.0)
    return np.asarray(np.maximum(mean + deviations @ weights, 0.0), dtype=np.float64)


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


def spread(values: Values, level: float) -> Spread:
    """Mean, median and central interval of draws; raises ValueError for none at all."""
    if values.size == 0:
        raise ValueError("no draws, no spread")
    low, median, high = np.quantile(values, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return Spread(float(values.mean()), float(median), float(low), float(high))


def interval_ends(values: Values, level: float) -> tuple[float, float]:
    """The central interval alone."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)

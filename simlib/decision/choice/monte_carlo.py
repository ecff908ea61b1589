"""Monte-Carlo draws of a decision: inputs, figures and effort per draw, each source of uncertainty active or at its
mean.

Figures of all designs are drawn together from their replications: a draw weighs the replications, and the same weights
hold for every design and figure. What replications have in common stays in common, so the difference between two
designs is as certain as their pairs make it. The weights are such that any mean, and any mean of paired differences,
is distributed over the draws as Student's t with n - 1 degrees of freedom: the share of draws in an interval is its
confidence level.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.choice.case import Case
from simlib.decision.choice.inputs import State
from simlib.decision.choice.results import Spread
from simlib.decision.choice.total_cost import Accounts, compute_design_cost
from simlib.decision.effort import EffortDraws

if TYPE_CHECKING:
    import pandas as pd

Figures = Mapping[str, Mapping[str, Floats]]
"""Design -> figure -> one value per draw; NaN where no replication has the figure."""


def build_certain_weights(replications: int) -> Floats:
    """Weights of the mean itself, as one draw: the simulation is taken as certain."""
    return np.full((replications, 1), 1.0 / replications)


def compute_student_weights(uniforms: Floats) -> Floats:
    """Weights of n replications, one column per draw, from n + 1 rows of uniforms in (0, 1).

    With n = 1 the spread is unknown and the weight is 1.
    """
    from scipy.special import chdtri

    n = uniforms.shape[0] - 1
    # Divided by the chi square the normal becomes a t: the spread is itself estimated from n values.
    chi_square = chdtri(max(n - 1, 1), _clip_uniforms(uniforms[-1]))
    return _compute_weights(uniforms[:-1], chi_square)


def compute_normal_weights(uniforms: Floats) -> Floats:
    """Weights with the spread taken as observed, from n rows of uniforms: for shares of a variance.

    A t distribution of few degrees of freedom has a huge variance, or none, to be decomposed.
    """
    return _compute_weights(uniforms, np.full(uniforms.shape[1], max(len(uniforms) - 1.0, 1.0)))


def _compute_weights(uniforms: Floats, chi_square: Floats) -> Floats:
    from scipy.special import ndtri

    n = len(uniforms)
    if n < 2:
        return np.ones_like(uniforms)
    normal = ndtri(_clip_uniforms(uniforms))
    centred = normal - normal.mean(axis=0)
    # The sum of centred normals times the values has the variance (n - 1) s^2; that of the mean is s^2 / n.
    return np.asarray(1.0 / n + centred / np.sqrt(n * chi_square), dtype=np.float64)


def _clip_uniforms(uniforms: Floats) -> Floats:
    return np.clip(uniforms, 1e-12, 1 - 1e-12)


def draw_figures(table: "pd.DataFrame", designs: Sequence[str], names: Sequence[str], weights: Floats) -> Figures:
    """Figures of all designs under the same weights of their replications, at least 0.

    A replication that lacks a figure counts as the mean of those that have it. A figure that the table lacks is NaN.
    Raises ValueError when the number of rows of a design is not that of the weights.
    """
    figures: dict[str, dict[str, Floats]] = {}
    for design in designs:
        rows = table[table["design"] == design].sort_values("replication")
        if len(rows) != len(weights):
            raise ValueError(f"{design} has {len(rows)} replications, not {len(weights)}")
        figures[design] = {name: _draw_figure(_read_column(rows, name), weights) for name in names}
    return figures


def _read_column(rows: "pd.DataFrame", name: str) -> Floats:
    missing = np.full(len(rows), np.nan)
    return np.asarray(rows[name], dtype=np.float64) if name in rows.columns else missing


def _draw_figure(values: Floats, weights: Floats) -> Floats:
    defined = ~np.isnan(values)
    if not defined.any():
        return np.full(weights.shape[1], np.nan)
    mean = values[defined].mean()
    # The mean is subtracted first: weights add up to 1 only up to rounding, and equal values must give equal draws.
    deviations = np.where(defined, values - mean, 0.0)
    return np.asarray(np.maximum(mean + deviations @ weights, 0.0), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Draws:
    """Inputs, figures of the simulation and effort, one value per draw; ``rate``: the discount rate."""

    state: State
    figures: Figures
    effort: Mapping[str, EffortDraws]
    rate: Floats | float

    def build_accounts(self, case: Case, designs: Sequence[str] | None = None) -> Accounts:
        """Costs of these designs, by default of all."""
        bills = {
            design: compute_design_cost(case, design, self.state, self.figures[design], self.effort[design])
            for design in (case.designs if designs is None else designs)
        }
        return Accounts(case, bills, self.rate)

    def compute_totals(self, case: Case) -> dict[str, Floats]:
        """Design -> total cost over the horizon."""
        return self.build_accounts(case).compute_totals()

    def narrow_figures(self, factor: float) -> "Draws":
        """Draws with the figures' distances from their means times a factor; 0 makes the simulation certain."""
        figures = {
            design: {name: _narrow(values, factor) for name, values in own.items()}
            for design, own in self.figures.items()
        }
        return replace(self, figures=figures)

    def fix_effort(self) -> "Draws":
        """Draws with the mean effort in each."""
        effort = {
            design: replace(own, one_off_days=_flatten(own.one_off_days), yearly_days=_flatten(own.yearly_days))
            for design, own in self.effort.items()
        }
        return replace(self, effort=effort)

    def fix_inputs(self) -> "Draws":
        """Draws with the mean of every price and other input in each."""
        return replace(self, state={name: _flatten(values) for name, values in self.state.items()})


def _narrow(values: Floats, factor: float) -> Floats:
    mean = values.mean()
    return np.asarray(mean + factor * (values - mean))


def _flatten(values: Floats) -> Floats:
    return np.full_like(values, values.mean())


def compute_spread(values: Floats, level: float) -> Spread:
    """Mean, median and central interval of draws; raises ValueError for none at all."""
    if values.size == 0:
        raise ValueError("a spread needs draws")
    low, median, high = np.quantile(values, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return Spread(float(values.mean()), float(median), float(low), float(high))


def compute_interval(values: Floats, level: float) -> tuple[float, float]:
    """Central interval of draws."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)

"""Pareto frontiers of gain against complexity: one for each figure, with the designs that dominate others."""

from collections.abc import Mapping

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.choice.monte_carlo import Figures, compute_spread
from simlib.decision.choice.results import Frontier, FrontierPoint
from simlib.decision.choice.total_cost import Accounts, compute_running_cost
from simlib.decision.effort import EffortDraws

RUNNING_COST = "running_cost_per_year"
SHOWN = ("mean_s", "as_requests_per_s", "exposure_s")
"""Lower is better in each: speed, load on the authorization server, how long a revoked token works."""


def compute_frontiers(
    accounts: Accounts, figures: Figures, effort: Mapping[str, EffortDraws], level: float
) -> tuple[Frontier, ...]:
    """Frontiers of person-days over the horizon against running cost and each observed figure of `SHOWN`."""
    years = accounts.case.years
    days = {design: own.one_off_days + years * own.yearly_days for design, own in effort.items()}
    gains = {RUNNING_COST: {design: compute_running_cost(accounts, design) for design in accounts.case.designs}}
    gains |= {name: {design: figures[design][name] for design in accounts.case.designs} for name in SHOWN}
    computed = (compute_frontier(name, days, own, level) for name, own in gains.items())
    return tuple(frontier for frontier in computed if frontier.points)


def compute_frontier(figure: str, days: Mapping[str, Floats], gains: Mapping[str, Floats], level: float) -> Frontier:
    """Designs that have the figure, with those that dominate them in the means of both."""
    defined = {design: values for design, values in gains.items() if not np.isnan(values).any()}
    at = {design: (float(days[design].mean()), float(values.mean())) for design, values in defined.items()}
    points = (
        FrontierPoint(
            design,
            compute_spread(days[design], level),
            compute_spread(values, level),
            list_dominating_designs(at, design),
        )
        for design, values in defined.items()
    )
    return Frontier(figure, tuple(points))


def list_dominating_designs(at: Mapping[str, tuple[float, float]], design: str) -> tuple[str, ...]:
    """Designs that are above this one in neither coordinate and below it in one."""
    own = at[design]
    return tuple(
        other
        for other, theirs in at.items()
        if theirs != own and all(other_value <= value for other_value, value in zip(theirs, own, strict=True))
    )

"""Gain against complexity: who takes least work for what is given. Each figure has a frontier of its own."""

from collections.abc import Mapping

import numpy as np

from simlib.decision.arrays import Values
from simlib.decision.choice.monte_carlo import Figures, spread
from simlib.decision.choice.results import Frontier, FrontierPoint
from simlib.decision.choice.total_cost import Accounts, running_cost
from simlib.decision.effort import EffortDraws

RUNNING_COST = "running_cost_per_year"
SHOWN = ("mean_s", "as_requests_per_s", "exposure_s")
"""Lower is better in each: speed, load on the authorization server, how long a revoked token works."""


def frontiers(
    accounts: Accounts, figures: Figures, effort: Mapping[str, EffortDraws], level: float
) -> tuple[Frontier, ...]:
    """Person-days over the horizon against running cost and against each shown figure that any design has."""
    years = accounts.case.years
    days = {design: own.one_off_days + years * own.yearly_days for design, own in effort.items()}
    gains = {RUNNING_COST: {design: running_cost(accounts, design) for design in accounts.case.designs}}
    gains |= {name: {design: figures[design][name] for design in accounts.case.designs} for name in SHOWN}
    found = (frontier(name, days, own, level) for name, own in gains.items())
    return tuple(one for one in found if one.points)


def frontier(figure: str, days: Mapping[str, Values], gains: Mapping[str, Values], level: float) -> Frontier:
    """The designs that have the figure, with those that dominate them in the mean of both."""
    known = {design: values for design, values in gains.items() if not np.isnan(values).any()}
    at = {design: (float(days[design].mean()), float(values.mean())) for design, values in known.items()}
    points = (
        FrontierPoint(design, spread(days[design], level), spread(values, level), dominating(at, design))
        for design, values in known.items()
    )
    return Frontier(figure, tuple(points))


def dominating(at: Mapping[str, tuple[float, float]], design: str) -> tuple[str, ...]:
    """The designs that are nowhere above this one and somewhere below it."""
    own = at[design]
    return tuple(
        other
        for other, theirs in at.items()
        if theirs != own and all(one <= mine for one, mine in zip(theirs, own, strict=True))
    )

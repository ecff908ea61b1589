"""Pareto frontiers of gain against complexity: one for each figure, with the designs that dominate others."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.choice.monte_carlo import Figures, compute_interval, compute_spread
from simlib.decision.choice.results import Frontier, FrontierPoint
from simlib.decision.choice.total_cost import Accounts, compute_running_cost
from simlib.decision.effort import EffortDraws
from simlib.decision.pairs import Pairs

RUNNING_COST = "running_cost_per_year"
SHOWN = ("mean_s", "as_requests_per_s", "exposure_s")
"""Lower is better in each: speed, load on the authorization server, how long a revoked token works."""

NO_WORSE = ("better", "lower", "equivalent")
"""Words of a judgement by which the first design is no worse than the second."""


def compute_frontiers(
    accounts: Accounts, figures: Figures, effort: Mapping[str, EffortDraws], level: float, pairs: Pairs, margin: float
) -> tuple[Frontier, ...]:
    """Frontiers of person-days over the horizon against running cost and each observed figure of `SHOWN`.

    That a design is no worse than another rests on ``pairs``, the paired intervals of the comparison, and in running
    cost on paired draws, with ``margin`` (money over the horizon) for no difference.
    """
    years = accounts.case.years
    days = {design: own.one_off_days + years * own.yearly_days for design, own in effort.items()}
    gains = {RUNNING_COST: {design: compute_running_cost(accounts, design) for design in accounts.case.designs}}
    gains |= {name: {design: figures[design][name] for design in accounts.case.designs} for name in SHOWN}

    def is_no_worse(figure: str, other: str, design: str) -> bool:
        if figure == RUNNING_COST:
            difference = gains[figure][other] - gains[figure][design]
            return compute_interval(difference, level)[1] <= margin / years
        judgements = pairs.get((other, design), {})
        return figure in judgements and judgements[figure].word in NO_WORSE

    def is_sure(figure: str, other: str, design: str) -> bool:
        needs_no_more = compute_interval(days[other] - days[design], level)[1] <= 0
        return needs_no_more and is_no_worse(figure, other, design)

    computed = (compute_frontier(name, days, own, level, partial(is_sure, name)) for name, own in gains.items())
    return tuple(frontier for frontier in computed if frontier.points)


def compute_frontier(
    figure: str,
    days: Mapping[str, Floats],
    gains: Mapping[str, Floats],
    level: float,
    is_sure: Callable[[str, str], bool],
) -> Frontier:
    """Designs that have the figure, with those that dominate them in the means of both; ``is_sure``: whether intervals
    show that one design dominates another."""
    defined = {design: values for design, values in gains.items() if not np.isnan(values).any()}
    at = {design: (float(days[design].mean()), float(values.mean())) for design, values in defined.items()}
    dominating = {design: list_dominating_designs(at, design) for design in defined}
    points = (
        FrontierPoint(
            design,
            compute_spread(days[design], level),
            compute_spread(values, level),
            dominating[design],
            tuple(other for other in dominating[design] if is_sure(other, design)),
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

"""The designs in the order of what they cost in all."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simlib.decision.choice.contest import Contest
from simlib.decision.choice.present import Accounts, running_cost, total_cost, yearly_costs
from simlib.decision.choice.spreads import spread
from simlib.decision.choice.values import Ranked, Spread
from simlib.decision.effort import EffortDraws

Values = NDArray[np.float64]


def ranking(
    accounts: Accounts, effort: Mapping[str, EffortDraws], contest: Contest | None, level: float
) -> tuple[Ranked, ...]:
    """Those that keep the limits by mean total cost, then those that are out, these too by cost."""
    left = () if contest is None else contest.order
    others = [design for design in accounts.case.designs if design not in left]
    totals = {design: total_cost(accounts, design) for design in accounts.case.designs}
    others.sort(key=lambda design: (float(totals[design].mean()), design))
    return tuple(
        Ranked(
            design=design,
            place=left.index(design) + 1 if design in left else 0,
            p_best=contest.p_best[design] if contest is not None and design in left else 0.0,
            effort_days=spread(effort[design].one_off_days, level),
            yearly_days=spread(effort[design].yearly_days, level),
            running_cost_per_year=spread(running_cost(accounts, design), level),
            total_cost=spread(totals[design], level),
            cost_parts=_parts(accounts, design, level),
        )
        for design in (*left, *others)
    )


def _parts(accounts: Accounts, design: str, level: float) -> dict[str, Spread]:
    yearly = {str(cause): accounts.annuity * money for cause, money in yearly_costs(accounts, design).items()}
    yearly["effort"] = yearly["effort"] + accounts.bills[design].one_off
    return {cause: spread(np.asarray(values), level) for cause, values in yearly.items()}

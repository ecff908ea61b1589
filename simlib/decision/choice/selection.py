"""Selection of the best design: ranking and selection with an indifference zone, over the draws of a Monte-Carlo.

Total costs of all designs are compared draw by draw with the cheapest of the draw; designs that are within the margin
of it together are equivalent. Sources: Kim and Nelson, "Selecting the best system", Handbooks in Operations Research
and Management Science 13 (2006); Hsu, Multiple Comparisons, 1996 (comparisons with the best).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from simlib.analysis.columns import Floats, Mask
from simlib.decision.choice.case import Case
from simlib.decision.choice.cost_causes import EFFORT
from simlib.decision.choice.limits import list_excluded_designs, list_open_limits
from simlib.decision.choice.monte_carlo import Draws, compute_interval, compute_spread
from simlib.decision.choice.results import OpenBecause, RankedDesign, Spread, VerdictWord
from simlib.decision.choice.total_cost import Accounts, compute_running_cost, compute_total_cost, compute_yearly_costs
from simlib.decision.effort import EffortDraws
from simlib.decision.further_replications import N_MAX, compute_narrowing, find_fewest
from simlib.decision.limits import LimitOutcome

SelectionWord = Literal["choose", "equivalent", "undecided"]


@dataclass(frozen=True)
class Selection:
    """Designs compared by total cost.

    ``order``: all by mean cost. ``p_best``: design -> share of the draws in which none costs less (equal ones share a
    draw). ``equivalents``: in a share of the draws of at least the level the best and all of these together cost at
    most the margin more than the cheapest design of the draw; ``p_equivalent`` is the share of the draws in which the
    best or one of these costs least. ``indifferent_groups``: groups of the others that differ by no more than the
    margin among themselves, each with the share of the draws in which a member costs least, since the members of a
    group share these draws.
    """

    order: tuple[str, ...]
    p_best: Mapping[str, float]
    equivalents: tuple[str, ...]
    p_equivalent: float
    word: SelectionWord
    indifferent_groups: tuple[tuple[tuple[str, ...], float], ...] = ()

    @property
    def best(self) -> str:
        """Design that costs least in the mean."""
        return self.order[0]

    @property
    def runner_up(self) -> str | None:
        """Cheapest design that is not equivalent to the best; None when all are."""
        others = [name for name in self.order[1:] if name not in self.equivalents]
        return others[0] if others else None


def select_best(totals: Mapping[str, Floats], margin: float, level: float) -> Selection:
    """Compare total costs of all designs draw by draw; raises ValueError without designs.

    - "equivalent": others and the best together cost at most the margin more than the cheapest, and all the rest cost
      more than one of them, each in a share of the draws of at least ``level``; also where the difference is in all
      draws, since it is too small to matter;
    - "choose": no other does, and the best is best in a share of the draws of at least ``level``;
    - "undecided": neither.
    """
    if not totals:
        raise ValueError("no designs to select from")
    order = tuple(sorted(totals, key=lambda name: (float(totals[name].mean()), name)))
    best = order[0]
    costs = np.stack(np.broadcast_arrays(*(totals[name] for name in order)))
    lowest = costs == costs.min(axis=0)
    shares = (lowest / lowest.sum(axis=0)).mean(axis=1)
    p_best = {name: float(share) for name, share in zip(order, shares, strict=True)}
    equivalents = _list_equivalents(order, costs - costs.min(axis=0) <= margin, level)

    def compute_share(group: tuple[str, ...]) -> float:
        return float(lowest[[name in group for name in order]].any(axis=0).mean())

    p_equivalent = compute_share((best, *equivalents))
    decided: SelectionWord = "equivalent" if equivalents else "choose"
    word: SelectionWord = decided if p_equivalent >= level else "undecided"
    rest = [name for name in order[1:] if name not in equivalents]
    groups = tuple((group, compute_share(group)) for group in _list_groups(rest, totals, margin, level))
    return Selection(order, p_best, equivalents, p_equivalent, word, groups)


def _list_equivalents(order: Sequence[str], within: Mask, level: float) -> tuple[str, ...]:
    """Designs that are within the margin of the cheapest together with the first one; ``within``: a row per design.

    The share of the draws is that in which all of them are, so the error is that of the whole group.
    """
    together, equivalents = within[0], []
    for name, own in zip(order[1:], within[1:], strict=True):
        if float((together & own).mean()) >= level:
            together = together & own
            equivalents.append(name)
    return tuple(equivalents)


def _list_groups(
    names: Sequence[str], totals: Mapping[str, Floats], margin: float, level: float
) -> Iterator[tuple[str, ...]]:
    """Groups of two and more that differ from the cheapest of their group by no more than the margin."""
    remaining = list(names)
    while remaining:
        cheapest = remaining[0]
        group = [name for name in remaining if _is_within(totals[name] - totals[cheapest], margin, level)]
        remaining = [name for name in remaining if name not in group]
        if len(group) > 1:
            yield tuple(group)


def _is_within(difference: Floats, margin: float, level: float) -> bool:
    low, high = compute_interval(difference, level)
    return -margin <= low and high <= margin


@dataclass(frozen=True)
class Recommendation:
    """Verdict of a decision and why; ``selection`` is None when every design breaks a limit."""

    word: VerdictWord
    selection: Selection | None
    chosen: str | None = None
    equivalents: tuple[str, ...] = ()
    more_replications: int | None = 0
    open_because: OpenBecause = ""


def recommend(
    case: Case, draws: Draws, limits: tuple[LimitOutcome, ...], margin: float, level: float, replications: int
) -> Recommendation:
    """Recommendation by limits first, then by total cost among the designs that keep them."""
    admissible = [design for design in case.designs if design not in list_excluded_designs(limits)]
    if not admissible:
        return Recommendation("none", None)
    selection = _select(case, draws, admissible, margin, level)
    open_limits = list_open_limits(limits, selection.best)
    if open_limits:
        return _leave_open(selection, open_limits)
    if selection.word != "undecided":
        certain = tuple(name for name in selection.equivalents if not list_open_limits(limits, name))
        if not certain and selection.p_best[selection.best] < level:
            open_limits = tuple(limit for name in selection.equivalents for limit in list_open_limits(limits, name))
            return _leave_open(selection, open_limits)
        return Recommendation("equivalent" if certain else "choose", selection, selection.best, certain)
    return _explain_undecided(case, draws, admissible, selection, margin, level, replications)


def _leave_open(selection: Selection, open_limits: Sequence[LimitOutcome]) -> Recommendation:
    """Recommendation that is undecided because limits are."""
    numbers = [limit.more_replications for limit in open_limits]
    finite = [number for number in numbers if number]
    more = max(finite) if len(finite) == len(numbers) else None
    return Recommendation("undecided", selection, None, (), more, "limits")


def _select(case: Case, draws: Draws, admissible: list[str], margin: float, level: float) -> Selection:
    totals = draws.compute_totals(case)
    return select_best({name: totals[name] for name in admissible}, margin, level)


def _explain_undecided(
    case: Case,
    draws: Draws,
    admissible: list[str],
    selection: Selection,
    margin: float,
    level: float,
    replications: int,
) -> Recommendation:
    """Recommendation that is undecided, with the cause; more replications are requested where they would decide."""

    def is_decided(more: int) -> bool:
        factor = compute_narrowing(replications, more, level)
        return _select(case, draws.narrow_figures(factor), admissible, margin, level).word != "undecided"

    if _select(case, draws.narrow_figures(0.0), admissible, margin, level).word != "undecided":
        return Recommendation("undecided", selection, None, (), find_fewest(is_decided, N_MAX), "simulation")
    return Recommendation("undecided", selection, None, (), 0, _find_widest_source(case, draws, selection))


def _find_widest_source(case: Case, draws: Draws, selection: Selection) -> OpenBecause:
    """Source of uncertainty, effort or prices, that spreads the difference between the best two more."""
    best, other = selection.best, selection.runner_up or selection.order[-1]
    spreads: Mapping[OpenBecause, Draws] = {
        "effort": draws.fix_inputs().narrow_figures(0.0),
        "prices": draws.fix_effort().narrow_figures(0.0),
    }

    def compute_variance(isolated: Draws) -> float:
        totals = isolated.compute_totals(case)
        return float(np.var(totals[other] - totals[best]))

    return max(spreads, key=lambda name: compute_variance(spreads[name]))


def rank_designs(
    accounts: Accounts, effort: Mapping[str, EffortDraws], selection: Selection | None, level: float
) -> tuple[RankedDesign, ...]:
    """Designs that keep the limits by mean total cost, then the excluded ones, also by cost."""
    admissible = () if selection is None else selection.order
    others = [design for design in accounts.case.designs if design not in admissible]
    totals = {design: compute_total_cost(accounts, design) for design in accounts.case.designs}
    others.sort(key=lambda design: (float(totals[design].mean()), design))
    return tuple(
        RankedDesign(
            design=design,
            place=admissible.index(design) + 1 if design in admissible else 0,
            p_best=selection.p_best[design] if selection is not None and design in admissible else 0.0,
            effort_days=compute_spread(effort[design].one_off_days, level),
            yearly_days=compute_spread(effort[design].yearly_days, level),
            running_cost_per_year=compute_spread(compute_running_cost(accounts, design), level),
            total_cost=compute_spread(totals[design], level),
            cost_parts=_split_by_cause(accounts, design, level),
        )
        for design in (*admissible, *others)
    )


def _split_by_cause(accounts: Accounts, design: str, level: float) -> dict[str, Spread]:
    yearly = {cause: accounts.annuity * money for cause, money in compute_yearly_costs(accounts, design).items()}
    yearly[EFFORT] = yearly[EFFORT] + accounts.costs[design].one_off
    return {cause: compute_spread(np.asarray(values), level) for cause, values in yearly.items()}

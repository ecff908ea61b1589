"""The outcome of a decision: one design, several that are as good, none, or open and why.

Who is best: total costs against each other, draw by draw, and the word that they allow.

The designs in the order of what they cost in all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from simlib.decision.arrays import Values
from simlib.decision.choice.case import Case
from simlib.decision.choice.limits import fewest, narrowing, open_limits, out
from simlib.decision.choice.monte_carlo import Draws, interval_ends, spread
from simlib.decision.choice.results import LimitOutcome, OpenBecause, Ranked, Spread, VerdictWord
from simlib.decision.choice.total_cost import Accounts, running_cost, total_cost, yearly_costs
from simlib.decision.effort import EffortDraws
from simlib.decision.verdicts import N_MAX

ContestWord = Literal["choose", "equivalent", "undecided"]


@dataclass(frozen=True)
class Contest:
    """``best`` costs least in the mean; ``order`` are all by mean cost. ``p_best``: design -> share of the draws in
    which nobody costs less (equal ones share a draw). ``equivalents`` differ from the best by no more than the margin,
    with the whole interval; ``p_together`` is the share of the draws in which the best or one of these costs least.
    ``alike`` are groups of the others that differ by no more than the margin among themselves, each with the share of
    the draws in which one of it costs least: alone, each of them looks less likely to be best than it is.
    """

    order: tuple[str, ...]
    p_best: Mapping[str, float]
    equivalents: tuple[str, ...]
    p_together: float
    word: ContestWord
    alike: tuple[tuple[tuple[str, ...], float], ...] = ()

    @property
    def best(self) -> str:
        """The one that costs least in the mean."""
        return self.order[0]

    @property
    def runner_up(self) -> str | None:
        """The cheapest that is not equivalent to the best; None when all are."""
        others = [name for name in self.order[1:] if name not in self.equivalents]
        return others[0] if others else None


def hold_contest(totals: Mapping[str, Values], margin: float, level: float) -> Contest:
    """Compare total costs, pair by pair and draw by draw; raises ValueError without designs.

    - "equivalent": others differ from the best by less than the margin, and all the rest cost more with a
      probability of at least ``level``. So it is even where the difference is certain, for then it does not matter.
    - "choose": no other does, and the best is best with a probability of at least ``level``;
    - "undecided": neither.
    """
    if not totals:
        raise ValueError("no designs, no contest")
    order = tuple(sorted(totals, key=lambda name: (float(totals[name].mean()), name)))
    best = order[0]
    costs = np.stack(np.broadcast_arrays(*(totals[name] for name in order)))
    lowest = costs == costs.min(axis=0)
    shares = (lowest / lowest.sum(axis=0)).mean(axis=1)
    p_best = {name: float(share) for name, share in zip(order, shares, strict=True)}
    equivalents = tuple(name for name in order[1:] if _within(totals[name] - totals[best], margin, level))

    def share_of(group: tuple[str, ...]) -> float:
        return float(lowest[[name in group for name in order]].any(axis=0).mean())

    p_together = share_of((best, *equivalents))
    decided: ContestWord = "equivalent" if equivalents else "choose"
    rest = [name for name in order[1:] if name not in equivalents]
    alike = tuple((group, share_of(group)) for group in _alike(rest, totals, margin, level))
    return Contest(order, p_best, equivalents, p_together, decided if p_together >= level else "undecided", alike)


def _alike(
    names: Sequence[str], totals: Mapping[str, Values], margin: float, level: float
) -> Iterator[tuple[str, ...]]:
    """Groups of two and more that differ from the cheapest of their group by no more than the margin."""
    left = list(names)
    while left:
        cheapest = left[0]
        group = [name for name in left if _within(totals[name] - totals[cheapest], margin, level)]
        left = [name for name in left if name not in group]
        if len(group) > 1:
            yield tuple(group)


def _within(difference: Values, margin: float, level: float) -> bool:
    low, high = interval_ends(difference, level)
    return -margin <= low and high <= margin


@dataclass(frozen=True)
class Outcome:
    """The word and why. ``contest`` is None when no design is left to compare."""

    word: VerdictWord
    contest: Contest | None
    chosen: str | None = None
    equivalents: tuple[str, ...] = ()
    more_replications: int | None = 0
    open_because: OpenBecause = ""


def outcome_of(
    case: Case, draws: Draws, limits: tuple[LimitOutcome, ...], margin: float, level: float, replications: int
) -> Outcome:
    """Limits first; then total costs among the designs that are left."""
    left = [design for design in case.designs if design not in out(limits)]
    if not left:
        return Outcome("none", None)
    contest = _contest(case, draws, left, margin, level)
    unsure = open_limits(limits, contest.best)
    if unsure:
        return _by_limits(contest, unsure)
    if contest.word != "undecided":
        sure = tuple(name for name in contest.equivalents if not open_limits(limits, name))
        if not sure and contest.p_best[contest.best] < level:
            return _by_limits(contest, [one for name in contest.equivalents for one in open_limits(limits, name)])
        return Outcome("equivalent" if sure else "choose", contest, contest.best, sure)
    return _open(case, draws, left, contest, margin, level, replications)


def _by_limits(contest: Contest, unsure: Sequence[LimitOutcome]) -> Outcome:
    """Open because it is not known whether a design keeps its limits."""
    numbers = [one.more_replications for one in unsure]
    known = [number for number in numbers if number]
    more = max(known) if len(known) == len(numbers) else None
    return Outcome("undecided", contest, None, (), more, "limits")


def _contest(case: Case, draws: Draws, left: list[str], margin: float, level: float) -> Contest:
    totals = draws.totals(case)
    return hold_contest({name: totals[name] for name in left}, margin, level)


def _open(
    case: Case, draws: Draws, left: list[str], contest: Contest, margin: float, level: float, replications: int
) -> Outcome:
    """What leaves it open. More replications are asked for only where they would decide."""

    def decided(more: int) -> bool:
        factor = narrowing(replications, more, level)
        return _contest(case, draws.with_figures_narrowed(factor), left, margin, level).word != "undecided"

    if _contest(case, draws.with_figures_narrowed(0.0), left, margin, level).word != "undecided":
        return Outcome("undecided", contest, None, (), fewest(decided, N_MAX), "simulation")
    return Outcome("undecided", contest, None, (), 0, _largest(case, draws, contest))


def _largest(case: Case, draws: Draws, contest: Contest) -> OpenBecause:
    """Whether effort or prices spread the difference between the best two more."""
    one, other = contest.best, contest.runner_up or contest.order[-1]
    spreads: Mapping[OpenBecause, Draws] = {
        "effort": draws.with_inputs_certain().with_figures_narrowed(0.0),
        "prices": draws.with_effort_certain().with_figures_narrowed(0.0),
    }

    def width(alone: Draws) -> float:
        totals = alone.totals(case)
        return float(np.var(totals[other] - totals[one]))

    return max(spreads, key=lambda name: width(spreads[name]))


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

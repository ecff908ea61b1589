"""The outcome of a decision: one design, several that are as good, none, or open and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simlib.decision.choice.contest import Contest, hold_contest
from simlib.decision.choice.drawing import Draws
from simlib.decision.choice.facts import Case
from simlib.decision.choice.limits import open_limits, out
from simlib.decision.choice.replications import fewest, narrowing
from simlib.decision.choice.values import LimitOutcome, OpenBecause, VerdictWord
from simlib.decision.verdicts import N_MAX


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

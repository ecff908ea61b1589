"""The ranking of a decision as rows of text, for terminals, pages and the record alike."""

from typing import NamedTuple

from simlib.decision.choice.values import Decision, Ranked, Spread, Worthwhile
from simlib.report.record.amounts import UNDEFINED, chance, interval, mean


class Amount(NamedTuple):
    """A mean and, where there is one, its interval."""

    mean: str
    interval: str = ""


class Gained(NamedTuple):
    """A net present value against another design, and the chance that it is positive."""

    npv: Amount
    p_positive: str


class RankingRow(NamedTuple):
    """One design: its place ("out" when it breaks a limit), what it takes, what it costs, what it is worth.

    ``gained``: one entry per column of `references`, None where the design is the reference itself.
    """

    place: str
    design: str
    effort_days: Amount
    yearly_days: Amount
    running_cost: Amount
    total_cost: Amount
    gained: tuple[Gained | None, ...]
    p_best: str


def references(decision: Decision) -> tuple[str, ...]:
    """The designs that all are held against: the baseline, and the one with a cache where that is another."""
    names = (decision.baseline, decision.opponent)
    return tuple(dict.fromkeys(name for name in names if name and decision.against.get(name)))


def ranking_rows(decision: Decision) -> list[RankingRow]:
    """One row per design: those that meet the limits by their place, then those that are out."""
    ordered = sorted(decision.ranking, key=lambda own: (own.place == 0, own.place))
    return [_row(decision, own) for own in ordered]


def _row(decision: Decision, own: Ranked) -> RankingRow:
    against = [decision.against[reference].get(own.design) for reference in references(decision)]
    return RankingRow(
        place=str(own.place) if own.place else "out",
        design=own.design,
        effort_days=amount(own.effort_days),
        yearly_days=amount(own.yearly_days),
        running_cost=amount(own.running_cost_per_year),
        total_cost=amount(own.total_cost),
        gained=tuple(None if worth is None else _gained(worth) for worth in against),
        p_best=chance(own.p_best) if own.place else UNDEFINED,
    )


def amount(spread: Spread) -> Amount:
    """A distribution as text."""
    return Amount(mean(spread)) if spread.low == spread.high else Amount(mean(spread), interval(spread))


def _gained(worth: Worthwhile) -> Gained:
    return Gained(amount(worth.npv), chance(worth.p_positive))

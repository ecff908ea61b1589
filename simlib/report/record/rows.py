"""The ranking of a decision as rows of text, for terminals, pages and the record alike.

The limits of a decision, limit by limit: what is allowed, and what each design was found to do.
"""

from collections.abc import Mapping
from typing import NamedTuple

from simlib.analysis.metrics import METRICS
from simlib.decision.choice.results import Decision, LimitOutcome, Ranked, Spread, Worthwhile
from simlib.report.record.formatting import UNDEFINED, chance, interval, mean
from simlib.report.record.outcome import ended, lowered


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


MARKS = {"met": "✓", "broken": "✗", "undecided": "?", "unstable": "✗", "undefined": "?"}
"""Word -> what a reader sees at a glance."""
OUT = ("broken", "unstable")
LABELS = {
    "availability": "availability over a year",
    "revocation_lag_s": "a revoked token is accepted for",
    "header_bytes": "largest request header",
}
"""Limits that are no metric of a comparison and have a number; what the others allow says it all."""


class LimitRow(NamedTuple):
    """One limit: its label, what is allowed, and design -> outcome."""

    limit: str
    label: str
    allowed: str
    outcomes: Mapping[str, LimitOutcome]

    @property
    def wanted(self) -> str:
        """The limit in words."""
        return f"{self.label} {self.allowed}".lstrip()

    @property
    def mark(self) -> str:
        """One mark for all designs: met by all, broken by all, or the worst that can still be said."""
        words = {own.word for own in self.outcomes.values()}
        if words == {"met"}:
            return MARKS["met"]
        return MARKS["broken"] if words <= set(OUT) else "·" if "met" in words else MARKS["undecided"]


def limit_rows(decision: Decision) -> list[LimitRow]:
    """One row per limit, in the order of the scenario."""
    rows: dict[str, dict[str, LimitOutcome]] = {}
    for outcome in decision.limits:
        rows.setdefault(outcome.limit, {})[outcome.design] = outcome
    return [LimitRow(limit, label_of_limit(limit), _allowed(own), own) for limit, own in rows.items()]


def label_of_limit(limit: str) -> str:
    """What a limit is called, empty where what it allows says that too."""
    return METRICS[limit].label if limit in METRICS else LABELS.get(limit, "")


def out_sentences(decision: Decision) -> tuple[str, ...]:
    """The designs that are out, one sentence each with every reason."""
    reasons: dict[str, list[str]] = {}
    for outcome in decision.limits:
        if outcome.word in OUT:
            reasons.setdefault(outcome.design, []).append(lowered(outcome.reason.rstrip(".")))
    return tuple(f"{design} is out: {'; '.join(own)}." for design, own in reasons.items())


def open_sentences(decision: Decision) -> tuple[str, ...]:
    """The limits of which it is not known whether a design keeps them, one sentence each."""
    return tuple(
        f"Not known for {own.design}: {lowered(ended(own.reason))}"
        for own in decision.limits
        if own.word in ("undecided", "undefined")
    )


def _allowed(outcomes: Mapping[str, LimitOutcome]) -> str:
    return next(iter(outcomes.values())).allowed

"""Rows of a decision as text, for terminals, pages and the record: its ranking and its limits."""

from collections.abc import Mapping
from typing import NamedTuple

from simlib.decision.choice.results import Decision, NetPresentValue, RankedDesign, Spread
from simlib.decision.limits import LimitOutcome, find_limit_label
from simlib.report.record.formatting import UNDEFINED, format_chance, format_interval, format_mean
from simlib.report.record.outcome import end_sentence, lower_first


class Amount(NamedTuple):
    """A mean and, where there is one, its interval."""

    mean: str
    interval: str = ""


class NetValue(NamedTuple):
    """A net present value against another design, and the chance that it is positive."""

    npv: Amount
    p_positive: str


class RankingRow(NamedTuple):
    """One design: its place ("excluded" when it breaks a limit), effort, cost and net present values.

    ``net_values``: one entry per design of `list_references`, None where the design is the reference itself.
    """

    place: str
    design: str
    effort_days: Amount
    yearly_days: Amount
    running_cost: Amount
    total_cost: Amount
    net_values: tuple[NetValue | None, ...]
    p_best: str


def list_references(decision: Decision) -> tuple[str, ...]:
    """Reference designs of all comparisons: the baseline, and the one with a cache where it is another design."""
    names = (decision.baseline, decision.opponent)
    return tuple(dict.fromkeys(name for name in names if name and decision.against.get(name)))


def build_ranking_rows(decision: Decision) -> list[RankingRow]:
    """One row per design: those that meet the limits by their place, then those that are excluded."""
    ordered = sorted(decision.ranking, key=lambda ranked: (ranked.place == 0, ranked.place))
    return [_build_row(decision, ranked) for ranked in ordered]


def _build_row(decision: Decision, ranked: RankedDesign) -> RankingRow:
    against = [decision.against[reference].get(ranked.design) for reference in list_references(decision)]
    return RankingRow(
        place=str(ranked.place) if ranked.place else EXCLUDED,
        design=ranked.design,
        effort_days=format_amount(ranked.effort_days),
        yearly_days=format_amount(ranked.yearly_days),
        running_cost=format_amount(ranked.running_cost_per_year),
        total_cost=format_amount(ranked.total_cost),
        net_values=tuple(None if worth is None else _format_net_value(worth) for worth in against),
        p_best=format_chance(ranked.p_best) if ranked.place else UNDEFINED,
    )


def format_amount(spread: Spread) -> Amount:
    """A distribution as text."""
    return (
        Amount(format_mean(spread))
        if spread.low == spread.high
        else Amount(format_mean(spread), format_interval(spread))
    )


def _format_net_value(worth: NetPresentValue) -> NetValue:
    return NetValue(format_amount(worth.npv), format_chance(worth.p_positive))


EXCLUDED = "excluded"
"""In place of the place of a design that breaks a limit."""
MARKS = {"met": "✓", "broken": "✗", "undecided": "?", "unstable": "✗", "undefined": "?"}
"""Word of a limit -> mark."""
OUT = ("broken", "unstable")


class LimitRow(NamedTuple):
    """One limit: its label, the allowed values, and design -> outcome."""

    limit: str
    label: str
    allowed: str
    outcomes: Mapping[str, LimitOutcome]

    @property
    def requirement(self) -> str:
        """The limit in words."""
        return f"{self.label} {self.allowed}".lstrip()

    @property
    def mark(self) -> str:
        """One mark for all designs: met by all, broken by all, met by some, or undecided."""
        words = {outcome.word for outcome in self.outcomes.values()}
        if words == {"met"}:
            return MARKS["met"]
        return MARKS["broken"] if words <= set(OUT) else "·" if "met" in words else MARKS["undecided"]


def build_limit_rows(decision: Decision) -> list[LimitRow]:
    """One row per limit, in the order of the scenario."""
    rows: dict[str, dict[str, LimitOutcome]] = {}
    for outcome in decision.limits:
        rows.setdefault(outcome.limit, {})[outcome.design] = outcome
    return [
        LimitRow(limit, find_limit_label(limit), _find_allowed(outcomes), outcomes) for limit, outcomes in rows.items()
    ]


def describe_excluded_designs(decision: Decision) -> tuple[str, ...]:
    """Designs that break a limit, one sentence each with all reasons."""
    reasons: dict[str, list[str]] = {}
    for outcome in decision.limits:
        if outcome.word in OUT:
            reasons.setdefault(outcome.design, []).append(lower_first(outcome.reason.rstrip(".")))
    return tuple(f"{design} is excluded: {'; '.join(of_design)}." for design, of_design in reasons.items())


def describe_undecided_limits(decision: Decision) -> tuple[str, ...]:
    """Limits of which it is undecided whether a design meets them, one sentence each."""
    return tuple(
        f"Undecided for {outcome.design}: {lower_first(end_sentence(outcome.reason))}"
        for outcome in decision.limits
        if outcome.word in ("undecided", "undefined")
    )


def describe_limit_caveats(decision: Decision) -> tuple[str, ...]:
    """Figures that a limit does not count and that would not keep it, one sentence each."""
    return tuple(f"{outcome.design}: {outcome.caveat}" for outcome in decision.limits if outcome.caveat)


def _find_allowed(outcomes: Mapping[str, LimitOutcome]) -> str:
    return next(iter(outcomes.values())).allowed

"""Pros and cons of every design: limits, cost by cause, simulated figures, bounds; and descriptions of the options."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, NamedTuple

from simlib.analysis.metrics import METRICS
from simlib.decision import Judgement, describe_judgement
from simlib.decision.choice.cost_causes import find_cause_words
from simlib.decision.choice.results import Decision, NetPresentValue, Spread
from simlib.decision.gain.values import Size
from simlib.decision.limits import LimitOutcome
from simlib.decision.notes import HEADLINE_METRICS
from simlib.decision.promises import format_seconds
from simlib.decision.verdicts import Word
from simlib.report.describe_comparison import describe_designs
from simlib.report.describe_world import format_name
from simlib.report.record.formatting import MINUS, format_number, format_spread, format_unsigned, negate
from simlib.report.record.net_present_value import choose_pair
from simlib.report.record.outcome import find_currency, format_horizon, join_names, lower_first
from simlib.report.record.rows import OUT

Side = Literal["Good", "Neutral", "Bad"]
_NEGLIGIBLE_SHARE = 0.01
"""Share of the margin of indifference below which causes of cost are named together."""


class Argument(NamedTuple):
    """One argument: its side, and the words after "because"."""

    side: Side
    because: str


def list_arguments(decision: Decision, design: str) -> list[Argument]:
    """Arguments about a design, good ones first, then neutral, then bad ones."""
    arguments = [
        *_list_limit_arguments(decision, design),
        *_list_cost_arguments(decision, design),
        *_list_figure_arguments(decision, design),
        *_list_revocation_arguments(decision, design),
        *_list_frontier_arguments(decision, design),
    ]
    order: tuple[Side, ...] = ("Good", "Neutral", "Bad")
    return sorted(arguments, key=lambda argument: order.index(argument.side))


def _list_limit_arguments(decision: Decision, design: str) -> Iterator[Argument]:
    outcomes = [outcome for outcome in decision.limits if outcome.design == design]
    broken = [outcome for outcome in outcomes if outcome.word in OUT]
    if outcomes and all(outcome.word == "met" for outcome in outcomes):
        yield Argument("Good", f"it meets {_format_limit_count(len(outcomes))}")
    for outcome in broken:
        yield Argument("Bad", f"it breaks a limit: {_explain_outcome(outcome)}")
    for outcome in outcomes:
        if outcome.word in ("undecided", "undefined"):
            yield Argument("Neutral", f"it is undecided whether it meets a limit: {_explain_outcome(outcome)}")


def _explain_outcome(outcome: LimitOutcome) -> str:
    return lower_first(outcome.reason.rstrip("."))


def _format_limit_count(limits: int) -> str:
    return {1: "the limit", 2: "both limits"}.get(limits, f"all {limits} limits")


def _list_cost_arguments(decision: Decision, design: str) -> Iterator[Argument]:
    worth = choose_pair(decision, design)
    if worth is None:
        return
    negligible = decision.margin * _NEGLIGIBLE_SHARE
    same = [cause for cause, part in worth.parts.items() if -negligible <= part.low and part.high <= negligible]
    for cause, part in worth.parts.items():
        if cause not in same:
            yield _build_cause_argument(decision, worth, cause, part)
    if same:
        within = f"{format_number(negligible)} {find_currency(decision)} over {format_horizon(decision)}"
        yield Argument(
            "Neutral", f"{join_names(same)} cost the same as with {worth.against} within {within} (computed)"
        )


def _build_cause_argument(decision: Decision, worth: NetPresentValue, cause: str, part: Spread) -> Argument:
    """One cause's part of the net present value as a difference in cost."""
    unit, what = find_currency(decision), find_cause_words(decision.causes, cause)
    over = f"over {format_horizon(decision)} than with {worth.against}"
    if part.low > 0:
        return Argument("Good", f"{what} {format_spread(part, unit)} less {over} (computed)")
    if part.high < 0:
        return Argument("Bad", f"{what} {format_spread(negate(part), unit)} more {over} (computed)")
    return Argument("Neutral", f"{what} {_format_open_saving(part, unit)} {over} (computed)")


def _format_open_saving(part: Spread, unit: str) -> str:
    """A saving of uncertain sign, both ends in words, for a negative saving would confuse."""
    low, mean, high = format_unsigned(part)
    direction = "less" if part.mean > 0 else "more"
    return f"{mean} {unit} {direction} (anything from {low} {unit} more to {high} {unit} less)"


def _list_figure_arguments(decision: Decision, design: str) -> Iterator[Argument]:
    verdicts = decision.verdicts
    judgements = verdicts.opponents.get(design) or verdicts.judgements.get(design)
    mirrored = judgements is None and design == verdicts.baseline and decision.opponent is not None
    if mirrored:  # the baseline has no judgement of its own: that of the opponent is used with both exchanged
        judgements = verdicts.judgements.get(str(decision.opponent))
    if judgements is None:
        return
    for name in HEADLINE_METRICS:
        judgement = _mirror(judgements[name]) if mirrored else judgements[name]
        side = _choose_side(judgement)
        if side is not None:
            yield Argument(side, f"{_use_minus_signs(describe_judgement(judgement))} (measured)")


def _mirror(judgement: Judgement) -> Judgement:
    """The same judgement with both designs exchanged."""
    difference = judgement.difference
    opposites: dict[str, Word] = {"better": "worse", "worse": "better", "higher": "lower", "lower": "higher"}
    return replace(
        judgement,
        design=judgement.baseline,
        baseline=judgement.design,
        difference=replace(difference, mean=-difference.mean, low=-difference.high, high=-difference.low),
        word=opposites.get(judgement.word, judgement.word),
    )


def _use_minus_signs(text: str) -> str:
    """Replace hyphens before numbers by minus signs, as in all other numbers of a record."""
    return re.sub(r"(?<=[ (])-(?=\d)", MINUS, text)


def _choose_side(judgement: Judgement) -> Side | None:
    sides: dict[str, Side] = {"better": "Good", "worse": "Bad", "equivalent": "Neutral", "undecided": "Neutral"}
    return sides.get(judgement.word)


def _list_revocation_arguments(decision: Decision, design: str) -> Iterator[Argument]:
    bounds = decision.promises[design]
    lag = format_seconds(bounds.after_revocation_s)
    if bounds.outlives_revocation:
        yield Argument("Bad", f"a revoked token is accepted for at most {lag} under its settings (counted)")
    elif bounds.after_revocation_s > 0:
        late = f"only an answer in transit can be outdated, by at most {lag}, its timeout"
        yield Argument("Good", f"a revoked token is refused at the next request: {late} (counted)")
    else:
        yield Argument("Good", "a revoked token is refused at the next request (counted)")


def _list_frontier_arguments(decision: Decision, design: str) -> Iterator[Argument]:
    """Designs that need no more effort and are no worse in a figure, as far as intervals show both."""
    for frontier in decision.frontiers:
        for point in (point for point in frontier.points if point.design == design):
            sure, what = point.surely_dominated_by, _find_figure_label(frontier.figure)
            if sure:
                need, be = ("needs", "is") if len(sure) == 1 else ("need", "are")
                yield Argument(
                    "Bad",
                    f"{join_names(sure)} {need} no more effort over the horizon and {be} no worse in {what}, by paired "
                    "intervals and the margin of indifference (computed)",
                )
            if still := tuple(other for other in point.dominated_by if other not in sure):
                need, be, do = ("needs", "is", "does") if len(still) == 1 else ("need", "are", "do")
                yield Argument(
                    "Neutral",
                    f"in the means {join_names(still)} {need} no more effort over the horizon and {be} no worse in "
                    f"{what}; whether {'it' if len(still) == 1 else 'they'} really {do} so is undecided, for the "
                    "paired intervals leave it open (computed)",
                )


def _find_figure_label(figure: str) -> str:
    return METRICS[figure].label if figure in METRICS else format_name(figure)


class Option(NamedTuple):
    """One design: its name, its title where it has one, its role in the comparison, and a paragraph about it."""

    name: str
    title: str
    role: str
    description: str


def list_options(decision: Decision) -> list[Option]:
    """Every design, in the order of the scenario."""
    return [
        Option(
            design["name"],
            _find_title(design),
            _find_role(decision, design["name"]),
            _describe_option(decision, design),
        )
        for design in describe_designs(decision.verdicts)
    ]


def list_consequences(decision: Decision) -> list[Argument]:
    """Consequences of the choice: the arguments about the chosen design, or what follows where none was chosen."""
    if decision.chosen is None:
        why = {
            "none": "every design breaks a limit, so a limit, a design or the world has to change first",
            "undecided": "work that depends on the choice waits, or goes on with what is easiest to undo",
        }
        return [Argument("Bad", why.get(decision.word, why["undecided"]))]
    return list_arguments(decision, decision.chosen)


def _find_title(design: dict[str, str]) -> str:
    return "" if design["title"] == design["name"] else design["title"]


def _find_role(decision: Decision, name: str) -> str:
    roles = {
        "the baseline": decision.baseline,
        "the opponent, with a cache": decision.opponent,
        "in use today": decision.scenario.terms.present,
    }
    return ", ".join(role for role, holder in roles.items() if holder == name)


def _describe_option(decision: Decision, design: dict[str, str]) -> str:
    sentences = [f"Token: {design['token']}.", f"Parts: {'; '.join(design['parts'])}."]
    for ranked in decision.ranking:
        if ranked.design == design["name"]:
            items = len(decision.effort[ranked.design].items) if ranked.design in decision.effort else 0
            sentences.append(
                f"Effort (assumed): {format_spread(ranked.effort_days, 'person-days')} once and "
                f"{format_spread(ranked.yearly_days, 'person-days')} a year, from {items} work items (counted)."
            )
    if design["name"] in decision.gain.sizes:
        sentences.append(describe_size(decision.gain.sizes[design["name"]], find_currency(decision)))
    return " ".join(sentences)


def describe_size(size: Size, unit: str) -> str:
    """The servers that a design needs, or that no size of the search is sufficient."""
    servers = [
        f"{count} vCPU{'' if count == 1 else 's'} for {what}"
        for what, count in (
            ("services", size.service_vcpus),
            ("the authorization server", size.authorization_server_vcpus),
            ("its database", size.database_vcpus),
        )
        if count
    ]
    simulated = sum(trial.simulated for trial in size.trials)
    tried = f"{simulated} size{'' if simulated == 1 else 's'} tried by simulation"
    if not size.met:
        return (
            f"Servers (measured): no size keeps the limits at {format_number(size.load)} requests per second; {tried}."
        )
    return (
        f"Servers (measured): {join_names(servers)} at {format_number(size.load)} requests per second, "
        f"{format_number(size.cost_per_hour)} {unit} an hour; the cheapest of {tried}."
    )

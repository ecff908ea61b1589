"""The options of a decision record: every design described, and what follows from the one that was chosen.

What speaks for and against each design: money by cause, figures of the simulation, limits, promises.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, NamedTuple

from simlib.analysis.metrics import METRICS
from simlib.decision import Judgement, promised, sentence
from simlib.decision.choice.results import Decision, LimitOutcome, Spread, Worthwhile
from simlib.decision.gain.values import Size
from simlib.decision.notes import HEADLINE_METRICS
from simlib.decision.promises import told_seconds
from simlib.decision.verdicts import Word
from simlib.report.describe import told_designs
from simlib.report.describe_values import spoken
from simlib.report.record.formatting import MINUS, negated, number, told, unsigned
from simlib.report.record.outcome import currency, listed, lowered, years
from simlib.report.record.rows import OUT
from simlib.report.record.worth import strongest

Side = Literal["Good", "Neutral", "Bad"]
_NOTHING_SHARE = 0.01
"""Of the margin of indifference: causes that make less difference than that are named together."""
_CAUSES = {
    "effort": "building and running it takes effort worth",
    "servers": "servers cost",
    "traffic": "traffic costs",
    "storage": "storage costs",
    "latency": "waiting costs users",
    "availability": "hours without service cost",
    "exposure": "revoked tokens that still work cost",
}


class Argument(NamedTuple):
    """One argument: which side it is on, and the words behind "because"."""

    side: Side
    because: str


def arguments(decision: Decision, design: str) -> list[Argument]:
    """Good ones first, then neutral, then bad ones."""
    found = [
        *_limits(decision, design),
        *_money(decision, design),
        *_figures(decision, design),
        *_promise(decision, design),
        *_frontier(decision, design),
    ]
    order: tuple[Side, ...] = ("Good", "Neutral", "Bad")
    return sorted(found, key=lambda own: order.index(own.side))


def _limits(decision: Decision, design: str) -> Iterator[Argument]:
    own = [outcome for outcome in decision.limits if outcome.design == design]
    broken = [outcome for outcome in own if outcome.word in OUT]
    if own and all(outcome.word == "met" for outcome in own):
        yield Argument("Good", f"it keeps {_how_many(len(own))}")
    for outcome in broken:
        yield Argument("Bad", f"it breaks a limit: {_why(outcome)}")
    for outcome in own:
        if outcome.word in ("undecided", "undefined"):
            yield Argument("Neutral", f"whether it keeps a limit is not known: {_why(outcome)}")


def _why(outcome: LimitOutcome) -> str:
    return lowered(outcome.reason.rstrip("."))


def _how_many(limits: int) -> str:
    return {1: "the limit", 2: "both limits"}.get(limits, f"all {limits} limits")


def _money(decision: Decision, design: str) -> Iterator[Argument]:
    worth = strongest(decision, design)
    if worth is None:
        return
    least = decision.margin * _NOTHING_SHARE
    same = [cause for cause, part in worth.parts.items() if -least <= part.low and part.high <= least]
    for cause, part in worth.parts.items():
        if cause not in same:
            yield _cause(decision, worth, cause, part)
    if same:
        within = f"{number(least)} {currency(decision)} over {years(decision)}"
        yield Argument("Neutral", f"{listed(same)} cost the same as with {worth.against} within {within} (computed)")


def _cause(decision: Decision, worth: Worthwhile, cause: str, part: Spread) -> Argument:
    """The part of the net present value as a difference in cost."""
    unit, what = currency(decision), _CAUSES.get(cause, f"{cause} costs")
    over = f"over {years(decision)} than with {worth.against}"
    if part.low > 0:
        return Argument("Good", f"{what} {told(part, unit)} less {over} (computed)")
    if part.high < 0:
        return Argument("Bad", f"{what} {told(negated(part), unit)} more {over} (computed)")
    return Argument("Neutral", f"{what} {_either_way(part, unit)} {over} (computed)")


def _either_way(part: Spread, unit: str) -> str:
    """A saving of which the sign is open: both ends in words, for a minus that is "more" confuses."""
    low, mean, high = unsigned(part)
    words = "less" if part.mean > 0 else "more"
    return f"{mean} {unit} {words} (anything from {low} {unit} more to {high} {unit} less)"


def _figures(decision: Decision, design: str) -> Iterator[Argument]:
    verdicts = decision.verdicts
    own = verdicts.opponents.get(design) or verdicts.judgements.get(design)
    mirrored = own is None and design == verdicts.baseline and decision.opponent is not None
    if mirrored:  # nobody is held against itself, so the opponent's own figures speak for or against it
        own = verdicts.judgements.get(str(decision.opponent))
    if own is None:
        return
    for name in HEADLINE_METRICS:
        judgement = _mirrored(own[name]) if mirrored else own[name]
        side = _side(judgement)
        if side is not None:
            yield Argument(side, f"{_with_minus(sentence(judgement))} (measured)")


def _mirrored(judgement: Judgement) -> Judgement:
    """The same judgement with both designs in each other's place."""
    own = judgement.difference
    words: dict[str, Word] = {"better": "worse", "worse": "better", "higher": "lower", "lower": "higher"}
    return replace(
        judgement,
        design=judgement.baseline,
        baseline=judgement.design,
        difference=replace(own, mean=-own.mean, low=-own.high, high=-own.low),
        word=words.get(judgement.word, judgement.word),
    )


def _with_minus(text: str) -> str:
    """With the minus sign that all other numbers of a record have."""
    return re.sub(r"(?<=[ (])-(?=\d)", MINUS, text)


def _side(judgement: Judgement) -> Side | None:
    sides: dict[str, Side] = {"better": "Good", "worse": "Bad", "equivalent": "Neutral", "undecided": "Neutral"}
    return sides.get(judgement.word)


def _promise(decision: Decision, design: str) -> Iterator[Argument]:
    own = promised(decision.scenario)[design]
    lag = told_seconds(own.after_revocation_s)
    if own.outlives_revocation:
        yield Argument("Bad", f"a revoked token works for at most {lag} under its settings (counted)")
    elif own.after_revocation_s > 0:
        late = f"only an answer that is on its way can come late, by at most {lag}, its timeout"
        yield Argument("Good", f"a revoked token is refused at the next request: {late} (counted)")
    else:
        yield Argument("Good", "a revoked token is refused at the next request (counted)")


def _frontier(decision: Decision, design: str) -> Iterator[Argument]:
    """Others that take no more work and are no worse in a figure."""
    for frontier in decision.frontiers:
        for point in frontier.points:
            if point.design == design and point.dominated_by:
                others = listed(point.dominated_by)
                what = METRICS[frontier.figure].label if frontier.figure in METRICS else spoken(frontier.figure)
                yield Argument(
                    "Bad",
                    f"{others} take{'s' if len(point.dominated_by) == 1 else ''} no more work over the horizon "
                    f"and {'is' if len(point.dominated_by) == 1 else 'are'} no worse in {what} (computed)",
                )


class Option(NamedTuple):
    """One design: its name, its title where it has one, its role in the comparison, and a paragraph about it."""

    name: str
    title: str
    role: str
    description: str


def options(decision: Decision) -> list[Option]:
    """Every design, in the order of the scenario."""
    return [
        Option(own["name"], _title(own), _role(decision, own["name"]), _description(decision, own))
        for own in told_designs(decision.verdicts)
    ]


def consequences(decision: Decision) -> list[Argument]:
    """What follows from the choice: the arguments of the chosen design, or of none when nothing was chosen."""
    if decision.chosen is None:
        why = {
            "none": "every design breaks a limit, so a limit, a design or the world has to change first",
            "undecided": "work that depends on the choice waits, or goes on with what is easiest to undo",
        }
        return [Argument("Bad", why.get(decision.word, why["undecided"]))]
    return arguments(decision, decision.chosen)


def _title(own: dict[str, str]) -> str:
    return "" if own["title"] == own["name"] else own["title"]


def _role(decision: Decision, name: str) -> str:
    roles = {
        "the baseline": decision.baseline,
        "the opponent, with a cache": decision.opponent,
        "what runs today": decision.scenario.terms.present,
    }
    return ", ".join(role for role, who in roles.items() if who == name)


def _description(decision: Decision, own: dict[str, str]) -> str:
    sentences = [f"Token: {own['token']}.", f"Parts: {'; '.join(own['parts'])}."]
    for ranked in decision.ranking:
        if ranked.design == own["name"]:
            items = len(decision.effort[ranked.design].items) if ranked.design in decision.effort else 0
            sentences.append(
                f"Effort (assumed): {told(ranked.effort_days, 'person-days')} once and "
                f"{told(ranked.yearly_days, 'person-days')} a year, from {items} work items (counted)."
            )
    if own["name"] in decision.gain.sizes:
        sentences.append(size_sentence(decision.gain.sizes[own["name"]], currency(decision)))
    return " ".join(sentences)


def size_sentence(size: Size, unit: str) -> str:
    """The servers that a design takes, or that none within the search are enough."""
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
        return f"Servers (measured): no size keeps the limits at {number(size.load)} requests per second; {tried}."
    return (
        f"Servers (measured): {listed(servers)} at {number(size.load)} requests per second, "
        f"{number(size.cost_per_hour)} {unit} an hour; the cheapest of {tried}."
    )

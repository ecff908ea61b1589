"""The options of a decision record: every design described, and what follows from the one that was chosen."""

from typing import NamedTuple

from simlib.decision.choice.values import Decision
from simlib.decision.gain.values import Size
from simlib.report.record.amounts import number, told
from simlib.report.record.arguments import Argument, arguments
from simlib.report.record.outcome import currency, listed
from simlib.report.telling import told_designs


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

"""Outcome of a decision in words: title, verdict, equivalent designs; and formats of currency, horizon and level."""

from simlib.decision.choice.results import Decision
from simlib.report.record.formatting import format_number


def format_title(decision: Decision) -> str:
    """The decision as a headline."""
    head = f"Access tokens of {decision.scenario.title}"
    if decision.word == "choose":
        return f"{head}: use {decision.chosen}"
    if decision.word == "equivalent":
        return f"{head}: it does not matter between {join_names(list_equal_designs(decision))}"
    return f"{head}: {'no design meets the limits' if decision.word == 'none' else 'undecided'}"


def describe_verdict(decision: Decision) -> str:
    """The decision in a sentence or two, with its reason."""
    heads = {"choose": f"Use {decision.chosen}. ", "undecided": "Undecided. "}
    return f"{heads.get(decision.word, '')}{end_sentence(decision.reason)}"


def describe_outcome(decision: Decision) -> str:
    """The first line of a record's outcome."""
    if decision.chosen is None:
        return f"Chosen option: none. {describe_verdict(decision)}"
    return f'Chosen option: "{decision.chosen}", because {lower_first(end_sentence(decision.reason))}'


def list_equal_designs(decision: Decision) -> tuple[str, ...]:
    """The chosen design and those that are equivalent to it."""
    return (*(() if decision.chosen is None else (decision.chosen,)), *decision.equivalents)


def describe_equivalences(decision: Decision) -> tuple[str, ...]:
    """Equivalent designs, with the margin within which they are."""
    if not decision.equivalents:
        return ()
    names = join_names(list_equal_designs(decision))
    return (f"Equivalent in total cost within {format_margin(decision)}: {names}.",)


def format_margin(decision: Decision) -> str:
    """The margin of indifference as money over the horizon."""
    return f"{format_number(decision.margin)} {find_currency(decision)} over {format_horizon(decision)}"


def find_currency(decision: Decision) -> str:
    """The currency of all amounts."""
    return decision.scenario.prices.currency


def format_horizon(decision: Decision) -> str:
    """The horizon in years."""
    horizon = decision.scenario.terms.horizon_years
    return f"{horizon:g} year{'' if horizon == 1 else 's'}"


def format_level(decision: Decision) -> str:
    """The level of intervals, in percent."""
    return f"{decision.level * 100:g} %"


def end_sentence(text: str) -> str:
    """A sentence with one full stop."""
    return f"{text.rstrip().rstrip('.')}."


def lower_first(text: str) -> str:
    """A sentence as part of another: its first letter small, unless it is an abbreviation."""
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def join_names(names: tuple[str, ...] | list[str]) -> str:
    """Names as words: ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"

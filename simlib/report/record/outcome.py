"""The outcome of a decision in words: a title, one sentence, what is equivalent, and what would settle it."""

from simlib.decision.choice.results import Decision
from simlib.report.record.formatting import number


def title(decision: Decision) -> str:
    """The decision as a headline."""
    head = f"Access tokens of {decision.scenario.title}"
    if decision.word == "choose":
        return f"{head}: use {decision.chosen}"
    if decision.word == "equivalent":
        return f"{head}: it does not matter between {listed(equal_designs(decision))}"
    return f"{head}: {'no design meets the limits' if decision.word == 'none' else 'undecided'}"


def verdict(decision: Decision) -> str:
    """The decision in a sentence or two, with its reason and what would settle it."""
    heads = {"choose": f"Use {decision.chosen}. ", "undecided": "Undecided. "}
    return f"{heads.get(decision.word, '')}{ended(decision.reason)}"


def outcome_sentence(decision: Decision) -> str:
    """The first line of a record's outcome."""
    if decision.chosen is None:
        return f"Chosen option: none. {verdict(decision)}"
    return f'Chosen option: "{decision.chosen}", because {lowered(ended(decision.reason))}'


def equal_designs(decision: Decision) -> tuple[str, ...]:
    """The chosen design and those that are equivalent to it."""
    return (*(() if decision.chosen is None else (decision.chosen,)), *decision.equivalents)


def equivalences(decision: Decision) -> tuple[str, ...]:
    """What does not matter, within which margin."""
    if not decision.equivalents:
        return ()
    names = listed(equal_designs(decision))
    return (f"Equivalent in total cost within {margin_told(decision)}: {names}.",)


def margin_told(decision: Decision) -> str:
    """The margin of indifference as money over the horizon."""
    return f"{number(decision.margin)} {currency(decision)} over {years(decision)}"


def currency(decision: Decision) -> str:
    """The currency of all money."""
    return decision.scenario.prices.currency


def years(decision: Decision) -> str:
    """The horizon."""
    horizon = decision.scenario.terms.horizon_years
    return f"{horizon:g} year{'' if horizon == 1 else 's'}"


def level(decision: Decision) -> str:
    """The level of intervals, in percent."""
    return f"{decision.level * 100:g} %"


def ended(text: str) -> str:
    """A sentence with one full stop."""
    return f"{text.rstrip().rstrip('.')}."


def lowered(text: str) -> str:
    """A sentence as part of another: its first letter small, unless it is an abbreviation."""
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def listed(names: tuple[str, ...] | list[str]) -> str:
    """Names as words: ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"

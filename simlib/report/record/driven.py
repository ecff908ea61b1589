"""What drives a decision, for a record and a page."""

from typing import NamedTuple

from simlib.decision.choice.values import Decision
from simlib.report.record.drivers import drivers, main_sensitivity, shares, told_against, told_driver, unexplained
from simlib.report.record.outcome import currency

_MOST = 8


class Driven(NamedTuple):
    """Whose net present value it is, and a sentence per input, the widest first."""

    whose: str
    sentences: tuple[str, ...]


def driven(decision: Decision) -> Driven | None:
    """Of the pair that matters to the choice; None when it was not asked for."""
    own = main_sensitivity(decision)
    if own is None:
        return None
    whose, unit = told_against(own), currency(decision)
    told = (f"{told_driver(driver, unit)}." for driver in drivers(own)[:_MOST])
    return Driven(whose[0].upper() + whose[1:], (*told, *shares(own), f"{unexplained(own)}."))

"""Tables of effort for notebooks and pages.

Effort in words: estimates, intervals and what items scale with, for terminals, pages and notebooks alike.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simlib.decision.effort import Explained, Indicator, Item
from simlib.decision.effort.indicator import Value
from simlib.report.cells import UNDEFINED

if TYPE_CHECKING:
    import pandas as pd

MINUS = "\N{MINUS SIGN}"
SCALES = {
    "once_as": "for each authorization server",
    "once_org": "once",
    "per_rs_stack": "in each API stack",
    "per_rs_service": "in each API service",
    "per_client": "in each client",
}
"""What an item scales with, in words."""
KINDS = {"one_off": "to build", "recurring": "each year", "migration": "to go over"}


def value_text(indicator: Indicator, value: Value | None) -> str:
    """One number, a range, or a middle with its interval; a dash where nothing is known."""
    if value is None:
        return UNDEFINED
    whole = all(number == int(number) for number in value)
    sign = "+" if indicator.name.endswith("_difference") else ""
    digits = 0 if whole else 1
    told = [f"{round(number, digits) + 0.0:{sign},.{digits}f}".replace("-", MINUS) for number in value]
    if len(told) == 1:
        return told[0]
    return f"{told[0]} ({told[1]} to {told[2]})" if len(told) == 3 else f"{told[0]} to {told[1]}"


def days_text(item: Item) -> str:
    """The three points of an item, and how often it is done."""
    points = f"{item.low:g}, {item.likely:g}, {item.high:g}"
    return f"{points} person-days {KINDS[item.kind]}, {SCALES[item.scales_with]}"


def head_of(indicator: Indicator) -> str:
    """A row's or column's head: the label with its unit."""
    return f"{indicator.label}, {indicator.unit}" if indicator.unit else indicator.label


def sources_of(indicators: Sequence[Indicator]) -> list[str]:
    """Where a group of indicators comes from: each source once, with what it is the source of."""
    labels: dict[str, list[str]] = {}
    for indicator in indicators:
        labels.setdefault(indicator.source, []).append(indicator.label)
    if len(labels) == 1:
        return [f"From {source}." for source in labels]
    return [f"{', '.join(dict.fromkeys(names))}: {source}" for source, names in labels.items()]


def indicator_table(indicators: Sequence[Indicator]) -> "pd.DataFrame":
    """Indicators down, designs across, and whether each is measured, counted or assumed."""
    import pandas as pd

    rows = {
        head_of(one): {"": one.mark} | {name: value_text(one, value) for name, value in one.values.items()}
        for one in indicators
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def item_table(items: Sequence[Explained]) -> "pd.DataFrame":
    """The items behind a number: what, how much, why, and from where."""
    import pandas as pd

    rows = {
        one.item.id: {
            "work": one.item.title,
            "estimate": days_text(one.item),
            "without it": one.item.failure_without,
            "source": one.item.source,
        }
        for one in items
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["work", "estimate", "without it", "source"])

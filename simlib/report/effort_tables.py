"""Effort as text and tables: estimates, intervals and counts that items scale with."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simlib.decision.effort import Indicator, Item, ItemExplanation
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
"""Count that an item scales with -> words."""
KINDS = {"one_off": "to build", "recurring": "each year", "migration": "to migrate"}


def format_value(indicator: Indicator, value: Value | None) -> str:
    """One number, a range, or a middle with its interval; a dash where the value is unknown."""
    if value is None:
        return UNDEFINED
    whole = all(number == int(number) for number in value)
    sign = "+" if indicator.name.endswith("_difference") else ""
    digits = 0 if whole else 1
    numbers = [f"{round(number, digits) + 0.0:{sign},.{digits}f}".replace("-", MINUS) for number in value]
    if len(numbers) == 1:
        return numbers[0]
    return f"{numbers[0]} ({numbers[1]} to {numbers[2]})" if len(numbers) == 3 else f"{numbers[0]} to {numbers[1]}"


def format_days(item: Item) -> str:
    """The three-point estimate of an item, and how often it is done."""
    points = f"{item.low:g}, {item.likely:g}, {item.high:g}"
    return f"{points} person-days {KINDS[item.kind]}, {SCALES[item.scales_with]}"


def format_head(indicator: Indicator) -> str:
    """Head of a row or column: the label with its unit."""
    return f"{indicator.label}, {indicator.unit}" if indicator.unit else indicator.label


def list_sources(indicators: Sequence[Indicator]) -> list[str]:
    """Sources of a group of indicators, each once with the labels that it is the source of."""
    labels: dict[str, list[str]] = {}
    for indicator in indicators:
        labels.setdefault(indicator.source, []).append(indicator.label)
    if len(labels) == 1:
        return [f"From {source}." for source in labels]
    return [f"{', '.join(dict.fromkeys(names))}: {source}" for source, names in labels.items()]


def tabulate_indicators(indicators: Sequence[Indicator]) -> "pd.DataFrame":
    """Indicators down, designs across, and whether each is measured, counted or assumed."""
    import pandas as pd

    rows = {
        format_head(indicator): {"": indicator.mark}
        | {name: format_value(indicator, value) for name, value in indicator.values.items()}
        for indicator in indicators
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def tabulate_items(items: Sequence[ItemExplanation]) -> "pd.DataFrame":
    """Work items with estimate, consequence of leaving them out, and source."""
    import pandas as pd

    rows = {
        explanation.item.id: {
            "work": explanation.item.title,
            "estimate": format_days(explanation.item),
            "without it": explanation.item.failure_without,
            "source": explanation.item.source,
        }
        for explanation in items
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["work", "estimate", "without it", "source"])

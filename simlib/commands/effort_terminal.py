"""Tables of `simlib effort` for a terminal: indicators by kind, and the work items behind them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from simlib.commands.console import open_console, print_paragraph
from simlib.decision.effort import Indicator
from simlib.decision.effort.explaining import ItemExplanation
from simlib.report.effort_tables import format_days, format_head, format_value, list_sources

if TYPE_CHECKING:
    from rich.table import Table

TITLES = {
    "assumed": "Assumed: person-days, mean and 90 % of the draws",
    "counted": "Counted",
    "measured": "Measured",
}
PER_TABLE = {"assumed": 3}
"""Columns per table of kinds whose cells hold intervals; `OTHERWISE` of all others."""
OTHERWISE = 6


def print_indicators(indicators: Sequence[Indicator], designs: Sequence[str], notes: Sequence[str]) -> None:
    """Print one table per kind of figure, designs down, with the sources of the figures below."""
    screen = open_console()
    for mark, title in TITLES.items():
        group = [indicator for indicator in indicators if indicator.mark == mark]
        width = PER_TABLE.get(mark, OTHERWISE)
        print_paragraph(screen, title, 0, "bold")
        for start in range(0, len(group), width):
            screen.print(_build_table(group[start : start + width], designs, units=mark != "assumed"))
        for line in list_sources(group):
            print_paragraph(screen, line, 2, "dim")
        screen.print()
    for note in notes:
        print_paragraph(screen, note)


def _build_table(indicators: Sequence[Indicator], designs: Sequence[str], units: bool) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("", no_wrap=True)
    for indicator in indicators:
        table.add_column(format_head(indicator) if units else indicator.label, justify="right", overflow="fold")
    for design in designs:
        table.add_row(design, *(format_value(indicator, indicator.values[design]) for indicator in indicators))
    return table


def print_items(groups: Mapping[str, Sequence[ItemExplanation]], notes: Sequence[str]) -> None:
    """Print the items of each group: estimates, sources, and what fails without them."""
    screen = open_console()
    for title, items in groups.items():
        print_paragraph(screen, title, 0, "bold underline")
        for explanation in items:
            _print_item(explanation)
        if not items:
            print_paragraph(screen, "no work items of its own", 2)
        screen.print()
    for note in notes:
        print_paragraph(screen, note)


def _print_item(explanation: ItemExplanation) -> None:
    screen, item = open_console(), explanation.item
    often = f", {explanation.times} times" if explanation.times > 1 else ""
    print_paragraph(screen, f"{item.id}  {item.title}", 2, "bold")
    print_paragraph(screen, f"{format_days(item)}{often}", 6)
    if explanation.brought_by:
        print_paragraph(screen, f"because of {', '.join(explanation.brought_by)}", 6, "dim")
    if item.failure_without:
        print_paragraph(screen, f"without it: {item.failure_without}", 6)
    print_paragraph(screen, f"source: {item.source}; basis: {item.basis}", 6, "dim")
    if item.with_product:
        print_paragraph(screen, f"comes with a product: {item.product_source}", 6, "dim")

"""What `simlib effort` shows in a terminal: indicators by kind, and the items behind them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from simlib.commands.console import console, show
from simlib.decision.effort import Indicator
from simlib.decision.effort.explaining import Explained
from simlib.report.effort_tables import days_text, head_of, sources_of, value_text

if TYPE_CHECKING:
    from rich.table import Table

TITLES = {
    "assumed": "Assumed: person-days, mean and 90 % of the draws",
    "counted": "Counted",
    "measured": "Measured",
}
PER_TABLE = {"assumed": 3}
"""Columns that a terminal has room for where cells hold intervals; elsewhere it is `OTHERWISE`."""
OTHERWISE = 6


def show_indicators(found: Sequence[Indicator], designs: Sequence[str], notes: Sequence[str]) -> None:
    """One table per kind of figure, designs down; what each figure is based on below."""
    screen = console()
    for mark, title in TITLES.items():
        group = [indicator for indicator in found if indicator.mark == mark]
        width = PER_TABLE.get(mark, OTHERWISE)
        show(screen, title, 0, "bold")
        for start in range(0, len(group), width):
            screen.print(_table(group[start : start + width], designs, units=mark != "assumed"))
        for line in sources_of(group):
            show(screen, line, 2, "dim")
        screen.print()
    for note in notes:
        show(screen, note)


def _table(indicators: Sequence[Indicator], designs: Sequence[str], units: bool) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("", no_wrap=True)
    for indicator in indicators:
        table.add_column(head_of(indicator) if units else indicator.label, justify="right", overflow="fold")
    for design in designs:
        table.add_row(design, *(value_text(indicator, indicator.values[design]) for indicator in indicators))
    return table


def show_items(groups: Mapping[str, Sequence[Explained]], notes: Sequence[str]) -> None:
    """The items of each group with their estimates, sources and what goes wrong without them."""
    screen = console()
    for title, items in groups.items():
        show(screen, title, 0, "bold underline")
        for explained in items:
            _show_item(explained)
        if not items:
            show(screen, "brings no work of its own", 2)
        screen.print()
    for note in notes:
        show(screen, note)


def _show_item(explained: Explained) -> None:
    screen, item = console(), explained.item
    often = f", {explained.times} times" if explained.times > 1 else ""
    show(screen, f"{item.id}  {item.title}", 2, "bold")
    show(screen, f"{days_text(item)}{often}", 6)
    if explained.because:
        show(screen, f"because of {', '.join(explained.because)}", 6, "dim")
    if item.failure_without:
        show(screen, f"without it: {item.failure_without}", 6)
    show(screen, f"source: {item.source}; basis: {item.basis}", 6, "dim")

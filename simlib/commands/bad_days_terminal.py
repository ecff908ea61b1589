"""Tables of bad days for a terminal."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from simlib.commands.compare_terminal import build_bullets
from simlib.commands.console import open_console
from simlib.decision.bad_days import DayCell, list_bad_days_notes
from simlib.experiment.bad_days import BadDays
from simlib.report.bad_days_tables import Cells, format_share, list_details, list_marks

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

_LABEL, _TERM, _DESIGN = 22, 28, 21
_STYLES = {"collapse": "bold red", "not recovered": "red"}


def print_bad_days(days: BadDays, cells: Cells, detailed: bool, out: Path | None) -> None:
    """Print the matrix of days and designs; ``detailed``: all figures of each cell as well."""
    screen = open_console()
    for table in build_matrix_tables(days, cells, screen.width):
        screen.print()
        screen.print(table)
    run = days.plan.scenario.run
    screen.print(
        f"availability in the fault window, {run.level * 100:g} % intervals over {run.replications} "
        f"replication{'' if run.replications == 1 else 's'}; "
        "counts are per run, from the fault on",
        style="dim",
    )
    if detailed:
        for day in days.plan.days:
            screen.print(f"\n{day.title}", style="bold")
            screen.print(f"source: {day.source}", style="dim")
            for table in build_details_tables(days, cells, day.name, screen.width):
                screen.print(table)
    notes = list_bad_days_notes(days, cells)
    if notes:
        screen.print("\nNotes", style="bold")
        screen.print(build_bullets(notes))
    if out is not None:
        screen.print(f"\nReport: {out / 'availability.svg'}")


def build_matrix_tables(days: BadDays, cells: Cells, width: int) -> "Iterator[Table]":
    """Days down, designs across, in as many tables as the width (columns of text) needs."""
    for designs in _group_designs(days, width, _LABEL):
        yield _build_matrix(days, cells, designs)


def _group_designs(days: BadDays, width: int, label: int) -> Iterator[list[str]]:
    """The designs, as many at a time as fit beside a label of that width."""
    designs = list(days.plan.scenario.designs)
    per_table = max((width - label - 2) // (_DESIGN + 2), 1)
    for begin in range(0, len(designs), per_table):
        yield designs[begin : begin + per_table]


def _build_matrix(days: BadDays, cells: Cells, designs: list[str]) -> "Table":
    table = _build_table("bad day", _LABEL)
    for design in designs:
        table.add_column(design, min_width=_DESIGN, overflow="fold")
    for day in days.plan.days:
        table.add_row(day.title, *(_format_cell(cells[day.name, design]) for design in designs))
    return table


def build_details_tables(days: BadDays, cells: Cells, day: str, width: int) -> "Iterator[Table]":
    """All figures of a day, a column per design, in as many tables as the width (columns of text) needs."""
    for designs in _group_designs(days, width, _TERM):
        yield _build_details(cells, day, designs)


def _build_details(cells: Cells, day: str, designs: list[str]) -> "Table":
    table = _build_table("", _TERM)
    for design in designs:
        table.add_column(design, min_width=_DESIGN, overflow="fold")
    columns = [list_details(cells[day, design]) for design in designs]
    for row in zip(*columns, strict=True):
        table.add_row(row[0][0], *(text for _, text in row))
    return table


def _build_table(first: str, width: int) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column(first, max_width=width, overflow="fold")
    return table


def _format_cell(cell: DayCell) -> "Text":
    from rich.text import Text

    text = Text(format_share(cell.availability))
    for mark in list_marks(cell):
        text.append(f"\n{mark}", _STYLES.get(cell.word, "dim"))
    return text

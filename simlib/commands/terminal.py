"""A comparison as tables for a terminal."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from simlib.decision import Verdicts
from simlib.report.cells import Cell, Row, comparison_rows

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

_LABEL = 30
_DESIGN = 20
_STYLES = {"better": "green", "worse": "red", "undecided": "yellow", "equivalent": "dim", "unstable": "bold red"}


def comparison_tables(verdicts: Verdicts, width: int) -> "Iterator[Table]":
    """The metrics by design, in as many tables as the width (columns of text) asks for."""
    rows = comparison_rows(verdicts)
    per_table = max((width - _LABEL - 2) // (_DESIGN + 2), 1)
    for begin in range(0, len(verdicts.designs), per_table):
        yield _table(verdicts, rows, verdicts.designs[begin : begin + per_table])


def _table(verdicts: Verdicts, rows: Sequence[Row], designs: Sequence[str]) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("mean ± half width", max_width=_LABEL, overflow="fold")
    for design in designs:
        table.add_column(design, min_width=_DESIGN, overflow="fold")
    for row in rows:
        table.add_row(row.label, *(_shown(row.cells[design]) for design in designs))
    return table


def _shown(cell: Cell) -> "Text":
    from rich.text import Text

    text = Text(cell.value, _STYLES.get(cell.value, ""))
    if cell.difference:
        word = f"{cell.word}, {cell.more}" if cell.more else cell.word
        text.append(f"\n{cell.difference} ", "dim").append(word, _STYLES.get(cell.word, ""))
    return text


def bullets(sentences: Sequence[str]) -> "Table":
    """Sentences as a list whose further lines are indented."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 1, 0, 0))
    for sentence in sentences:
        grid.add_row("-", sentence)
    return grid


def caption(verdicts: Verdicts) -> str:
    """What the second line of a cell is."""
    level = f"{verdicts.scenario.run.level * 100:g} % intervals over {verdicts.scenario.run.replications} replications"
    if len(verdicts.designs) == 1:
        return level
    return f"{level}; second lines: paired difference to {verdicts.baseline} and its verdict"

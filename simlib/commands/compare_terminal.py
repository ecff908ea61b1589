"""Tables of a comparison for a terminal, and the description of a replayed log."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simlib.commands.console import open_console
from simlib.decision import ProfileDependence, Verdicts, list_distortion_notes, list_promise_sentences
from simlib.experiment import TokenReuse, measure_token_reuse
from simlib.report.cells import Cell, build_comparison_rows
from simlib.report.pair_tables import PairMatrix, build_pair_matrices, describe_family
from simlib.report.profile_tables import build_profile_rows
from simlib.scenario.loads import ReplayLoad
from simlib.scenario.scenario import Scenario

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_LABEL = 30
_DESIGN = 20
_PROFILE = 16
_CELL = 18
MOST_IN_ONE_TABLE = 2
"""Designs of which the first table has every pair."""
_STYLES = {"better": "green", "worse": "red", "undecided": "yellow", "equivalent": "dim", "unstable": "bold red"}


def print_comparison(verdicts: Verdicts, dependence: ProfileDependence | None, out: Path | None) -> None:
    """Print tables, verdicts and notes of a comparison; ``out`` is the folder of its report."""
    screen = open_console()
    for table in build_comparison_tables(verdicts, screen.width):
        screen.print()
        screen.print(table)
    screen.print(format_caption(verdicts), style="dim")
    if len(verdicts.designs) > MOST_IN_ONE_TABLE:
        _print_matrices(screen, verdicts)
    for title, sentences in (
        ("Limits", verdicts.limit_sentences),
        ("Best designs", verdicts.best_sentences),
        ("Verdict", verdicts.headlines),
        ("Bounds that designs guarantee", list_promise_sentences(verdicts.promises)),
        ("Other cost profiles", () if dependence is None else dependence.sentences),
        ("Notes", verdicts.notes),
    ):
        if sentences:
            screen.print(f"\n{title}", style="bold")
            screen.print(build_bullets(sentences))
        if title.startswith("Other") and dependence is not None and dependence.pairs:
            screen.print()
            screen.print(build_profiles_table(dependence))
    if out is not None:
        screen.print(f"\nReport: {out / 'report.html'}")


def _print_matrices(screen: "Console", verdicts: Verdicts) -> None:
    matrices = build_pair_matrices(verdicts)
    if matrices:
        screen.print(
            "\nEvery pair: row minus column; on the diagonal the mean, and how it stands to the best", style="bold"
        )
    for matrix in matrices:
        screen.print(f"\n{matrix.label}")
        for table in build_matrix_tables(matrix, screen.width):
            screen.print(table)


def build_matrix_tables(matrix: PairMatrix, width: int) -> "Iterator[Table]":
    """Matrix of one metric, in as many tables as the width (columns of text) needs."""
    names = list(matrix.rows)
    for some in _split_columns(names, width, max(map(len, names)), _CELL):
        table = _start_table("", some, _CELL)
        for name, cells in matrix.rows.items():
            table.add_row(name, *(_format_matrix_cell(cells[other]) for other in some))
        yield table


def _format_matrix_cell(cell: Cell) -> "Text":
    from rich.text import Text

    if cell.value:
        return Text(f"{cell.value}\n{cell.word}", "dim")
    return Text(f"{cell.difference}\n", "dim").append(_add_more(cell), _STYLES.get(cell.word, ""))


def _split_columns(columns: Sequence[str], width: int, label: int, column: int) -> Iterator[Sequence[str]]:
    per_table = max((width - label - 2) // (column + 2), 1)
    return (columns[begin : begin + per_table] for begin in range(0, len(columns), per_table))


def build_profiles_table(dependence: ProfileDependence) -> "Table":
    """The verdicts side by side, a column per profile and a block per metric."""
    from textwrap import wrap

    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for title in ("verdict on the difference", *dependence.profiles):
        table.add_column("\n".join(wrap(title, _PROFILE)) if table.columns else title, overflow="fold")
    label = ""
    for row in build_profile_rows(dependence):
        if row.label != label:
            table.add_row(label := row.label)
        words = (Text(cell.word, _STYLES.get(cell.word, "")) for cell in row.cells)
        table.add_row(Text(f"  {row.pair}", "bold" if row.reading == "changes" else ""), *words)
    return table


def build_comparison_tables(verdicts: Verdicts, width: int) -> "Iterator[Table]":
    """The metrics by design, in as many tables as the width (columns of text) needs."""
    rows = build_comparison_rows(verdicts)
    for designs in _split_columns(verdicts.designs, width, _LABEL, _DESIGN):
        table = _start_table("mean ± half width", designs, _DESIGN)
        for row in rows:
            table.add_row(row.label, *(_format_cell(row.cells[design]) for design in designs))
        yield table


def _start_table(label: str, designs: Sequence[str], column: int) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column(label, max_width=_LABEL, overflow="fold")
    for design in designs:
        table.add_column(design, min_width=column, overflow="fold")
    return table


def _format_cell(cell: Cell) -> "Text":
    from rich.text import Text

    text = Text(cell.value, _STYLES.get(cell.value, ""))
    if cell.mark:
        text.append(f" {cell.mark}", "bold yellow")
    if cell.difference:
        text.append(f"\n{cell.difference} ", "dim").append(_add_more(cell), _STYLES.get(cell.word, ""))
    return text


def _add_more(cell: Cell) -> str:
    return f"{cell.word}, {cell.more}" if cell.more else cell.word


def build_bullets(sentences: Sequence[str]) -> "Table":
    """Sentences as a list whose further lines are indented."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 1, 0, 0))
    for sentence in sentences:
        grid.add_row("-", sentence)
    return grid


def format_caption(verdicts: Verdicts) -> str:
    """Explanation of the two lines of a cell."""
    level = f"{verdicts.scenario.run.level * 100:g} % intervals over {verdicts.scenario.run.replications} replications"
    if len(verdicts.designs) == 1:
        return level
    return (
        f"{level}; second lines: paired difference to {verdicts.baseline} and its verdict. {describe_family(verdicts)}"
    )


def describe_replayed_load(scenario: Scenario) -> tuple[list[str], dict[str, Any]]:
    """Lines of text and JSON types about a replayed log: size, rate and reuse of tokens; empty for any other load."""
    load, trace = scenario.world.load, scenario.trace
    if not isinstance(load, ReplayLoad) or trace is None:
        return [], {}
    reuse = measure_token_reuse(scenario)
    users = f"{trace.users_count:,} users" if trace.users_count else "no users in it (drawn from the population)"
    rate = scenario.expected_requests / scenario.horizon_s
    lines = [
        f"{trace.source}: {trace.format}, {trace.lines:,} lines, {trace.broken:,} broken, {users}, "
        f"{trace.length_s:,.6g} s; {trace.out_of_order:,} out of order",
        f"replayed at {rate:,.4g} requests per second over {scenario.horizon_s:,.6g} s "
        f"(speed-up {load.speed_up:g}, copies {load.copies})",
        *(f"  broken: {example}" for example in trace.broken_examples[:3]),
        *dict.fromkeys(_describe_reuse(row) for row in reuse),
        *(f"warning: {note}" for note in list_distortion_notes(reuse)),
    ]
    document = {
        "source": trace.source,
        "sha256": trace.sha256,
        "lines": trace.lines,
        "broken": trace.broken,
        "users": trace.users_count,
        "requests_per_s": rate,
        "length_s": scenario.horizon_s,
        "reuse": [row._asdict() | {"distorted": row.is_distorted} for row in reuse],
    }
    return lines, document


def _describe_reuse(row: TokenReuse) -> str:
    return f"{row.requests:.3g} requests per token and {row.kind} of {row.window_s:g} s ({row.design})"

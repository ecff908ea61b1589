"""Command `simlib results`: what a store of results holds, and SQL over it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import open_console, print_status
from simlib.commands.options import Json
from simlib.commands.runner import print_answer

if TYPE_CHECKING:
    import pandas as pd

_MOST_VALUES = 8


def results(
    store: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of --store.")],
    query: Annotated[
        str | None, typer.Option(metavar="SQL", help="Answer this over the table results; needs simlib[query].")
    ] = None,
    json: Json = False,
) -> None:
    """List what a store of results holds, or answer a query over it.

    The table results has one row per run: design, replication, seed, profile, a column for each setting that was
    varied (world..., run..., design...; with dots, so in double quotes), and the figures of data/metrics.md. From
    Python: simlib.read_results("kept").

    \b
    Examples:
      simlib results kept/
      simlib results kept/ --query "select design, count(*), avg(p95_s) from results group by design"
      simlib results kept/ --query 'select "world.load.arrival_rate", design, avg(mean_s) from results group by all'

    Exit status: 0, 2 for a folder that is no store, or for wrong SQL.
    """
    from simlib.experiment.results import load_results, query_table

    frame, damaged = load_results(store)
    for path in damaged:
        print_status(f"simlib: warning: {path} is damaged and left out; the command that wrote it computes it again")
    if query is None:
        print_answer(json, lambda: _describe(frame, damaged), lambda: _print_description(frame))
    else:
        answer = query_table(frame, query)
        print_answer(json, lambda: {"rows": _list_rows(answer)}, lambda: _print_table(answer))


def _describe(frame: "pd.DataFrame", damaged: list[Path]) -> dict[str, Any]:
    """Number of results, of each design, and the values of each setting that was varied, as JSON types."""
    names = [str(name) for name in frame.columns]
    settings = [name for name in names if name.partition(".")[0] in ("world", "run", "design") and "." in name]
    return {
        "results": len(frame),
        "designs": {str(design): int(count) for design, count in frame["design"].value_counts(sort=False).items()},
        "seeds": sorted({int(seed) for seed in frame["seed"]}),
        "settings": {name: _list_values(frame, name) for name in settings},
        "columns": names,
        "damaged": [str(path) for path in damaged],
    }


def _list_values(frame: "pd.DataFrame", name: str) -> list[Any]:
    return [_convert(value) for value in frame[name].dropna().drop_duplicates()]


def _print_description(frame: "pd.DataFrame") -> None:
    document, screen = _describe(frame, []), open_console()
    designs = ", ".join(f"{design} {count:,}" for design, count in document["designs"].items())
    screen.print(f"{len(frame):,} runs{f': {designs}' if designs else ''}")
    for name, values in document["settings"].items():
        more = f" and {len(values) - _MOST_VALUES:,} more" if len(values) > _MOST_VALUES else ""
        screen.print(f"{name} = {', '.join(str(value) for value in values[:_MOST_VALUES])}{more}")


def _print_table(frame: "pd.DataFrame") -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for name in frame.columns:
        table.add_column(str(name), overflow="fold")
    for row in _list_rows(frame):
        table.add_row(*(_format(value) for value in row.values()))
    open_console().print(table)


def _list_rows(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Rows as JSON types."""
    return [{str(name): _convert(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _convert(value: Any) -> Any:
    """A JSON type; None for what is missing or not finite, text for any other type."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _format(value: Any) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)

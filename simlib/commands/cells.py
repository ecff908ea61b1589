"""Cells of a grid in `simlib compare` and `simlib decide`: each is run, described and written like a scenario alone."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from simlib.commands.console import open_console, print_paragraph
from simlib.commands.grid import GridCell
from simlib.commands.runner import CommandRun, describe_missing_output, print_answer, run_interruptibly

if TYPE_CHECKING:
    from simlib.scenario.scenario import Scenario

Result = TypeVar("Result")
INDEX = "cells.csv"


@dataclass(frozen=True)
class CellWork(Generic[Result]):
    """What a command does with a cell.

    ``run`` makes its result, ``write`` its folder, ``describe`` sentences for people, ``build_document`` its JSON.
    """

    run: "Callable[[Scenario, CommandRun], Result]"
    write: Callable[[Path, Result], object]
    describe: Callable[[Result], Sequence[str]]
    build_document: Callable[[Result], dict[str, Any]]


def run_cells(work: CellWork[Result], cells: Sequence[GridCell], out: Path | None, json: bool) -> list[Result]:
    """Run the cells in turn and print their sentences; ``out`` gets a folder for each and an index, at the end."""
    results, screen = [], open_console()
    with run_interruptibly(lambda: describe_missing_output(out, "no cell"), out) as run, _open_folder(out) as folder:
        for cell in cells:
            if not json:
                screen.print(f"\n{cell.title} ({cell.number} of {len(cells)})", style="bold")
            results.append(work.run(cell.scenario, run))
            run.raise_if_interrupted()
            if folder is not None:
                work.write(folder / _name_folder(cell, cells), results[-1])
            for sentence in () if json else work.describe(results[-1]):
                print_paragraph(screen, sentence, indent=2)
        if folder is not None:
            (folder / INDEX).write_text(_format_index(work, cells, results), encoding="utf-8")
    print_answer(json, lambda: _build_document(work, cells, results, out), lambda: _print_folder(out))
    return results


@contextmanager
def _open_folder(out: Path | None) -> Iterator[Path | None]:
    if out is None:
        yield None
        return
    from simlib.experiment.atomic_folder import write_folder_atomically

    with write_folder_atomically(out, "--out") as folder:
        yield folder


def _name_folder(cell: GridCell, cells: Sequence[GridCell]) -> str:
    return f"{cell.number:0{len(str(len(cells)))}d}"


def _format_index(work: CellWork[Result], cells: Sequence[GridCell], results: Sequence[Result]) -> str:
    """One row per cell: the folder, the values of the keys, and the sentences."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["cell", *cells[0].point, "result"])
    for cell, result in zip(cells, results, strict=True):
        writer.writerow([_name_folder(cell, cells), *cell.point.values(), " ".join(work.describe(result))])
    return text.getvalue()


def _build_document(
    work: CellWork[Result], cells: Sequence[GridCell], results: Sequence[Result], out: Path | None
) -> dict[str, Any]:
    return {
        "keys": list(cells[0].point),
        "cells": [
            {"point": dict(cell.point), **work.build_document(result)}
            for cell, result in zip(cells, results, strict=True)
        ],
        "folder": None if out is None else str(out.resolve()),
    }


def _print_folder(out: Path | None) -> None:
    if out is not None:
        open_console().print(f"\nCells: {out / INDEX}", soft_wrap=True)

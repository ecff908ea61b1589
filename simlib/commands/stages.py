"""Progress of work in several stages, on standard error: bars in a terminal, a few plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from simlib.commands.console import console, tell
from simlib.decision.gain import StageProgress

_LINES = 5


@contextmanager
def stage_progress() -> Iterator[StageProgress]:
    """A function to be told of every step."""
    if sys.stderr.isatty():
        with _bars() as told:
            yield told
    else:
        yield _lines()


@contextmanager
def _bars() -> Iterator[StageProgress]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console(stderr=True), transient=True) as bars:
        tasks = {}

        def told(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield told


def _lines() -> StageProgress:
    """A line when a stage begins and whenever another part of it is done, so that a log of a build stays short."""
    said: dict[str, int] = {}

    def told(stage: str, done: int, total: int) -> None:
        part = done * _LINES // max(total, 1)
        if part > said.get(stage, -1):
            said[stage] = part
            tell(f"{stage}: {done} of {total}")

    return told

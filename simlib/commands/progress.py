"""Progress on standard error: bars in a terminal, a few plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from simlib.commands.console import open_console, print_status

if TYPE_CHECKING:
    from simlib.decision.gain import StageProgress
    from simlib.experiment.workers import Progress

_LINES = 10
_STAGE_LINES = 5


@contextmanager
def show_progress(total: int, doing: str = "simulating", what: str = "runs") -> "Iterator[Progress]":
    """A callback (done, total) that shows how many of ``total`` ``what`` are done."""
    if sys.stderr.isatty():
        with _show_bar(total, doing, what) as report:
            yield report
    else:
        yield _print_progress_lines(total, doing, what)


@contextmanager
def _show_bar(total: int, doing: str, what: str) -> "Iterator[Progress]":
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TextColumn(f"{what},"), TimeRemainingColumn())
    with Bars(*columns, console=open_console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=total)
        begun: list[int] = []

        def report(done: int, total: int) -> None:
            if not begun and done > 1:  # those that a store had took no time
                bars.reset(task, total=total, completed=done)
            begun.append(done)
            bars.update(task, completed=done, total=total)

        yield report


def _print_progress_lines(total: int, doing: str, what: str) -> "Progress":
    """A line whenever another tenth is done, so that a log of a build stays short."""
    print_status(f"{doing}: 0 of {total} {what}")

    def report(done: int, total: int) -> None:
        if done * _LINES // total > (done - 1) * _LINES // total:
            print_status(f"{doing}: {done} of {total} {what}")

    return report


@contextmanager
def show_stage_progress() -> "Iterator[StageProgress]":
    """A callback (stage, done, total) for work in several stages."""
    if sys.stderr.isatty():
        with _show_stage_bars() as report:
            yield report
    else:
        yield _print_stage_lines()


@contextmanager
def _show_stage_bars() -> "Iterator[StageProgress]":
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=open_console(stderr=True), transient=True) as bars:
        tasks = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield report


def _print_stage_lines() -> "StageProgress":
    """A line when a stage begins and whenever another fifth of it is done, so that a log of a build stays short."""
    printed: dict[str, int] = {}

    def report(stage: str, done: int, total: int) -> None:
        fifth = done * _STAGE_LINES // max(total, 1)
        if fifth > printed.get(stage, -1):
            printed[stage] = fifth
            print_status(f"{stage}: {done} of {total}")

    return report

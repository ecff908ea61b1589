"""Progress on standard error: a bar in a terminal, a few plain lines elsewhere.

Progress of work in several stages, on standard error: bars in a terminal, a few plain lines elsewhere.

Ctrl-C that cannot get lost.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from simlib.commands.console import console, tell
from simlib.decision.gain import StageProgress
from simlib.experiment.replicate import Progress

_LINES = 10


@contextmanager
def progress(total: int, doing: str = "simulating", what: str = "runs") -> Iterator[Progress]:
    """A function to be told how many of how many ``what`` are done."""
    if sys.stderr.isatty():
        with _bar(total, doing, what) as tell_bar:
            yield tell_bar
    else:
        yield _lines(total, doing, what)


@contextmanager
def _bar(total: int, doing: str, what: str) -> Iterator[Progress]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TextColumn(f"{what},"), TimeRemainingColumn())
    with Bars(*columns, console=console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=total)
        yield lambda done, _total: bars.update(task, completed=done)


def _lines(total: int, doing: str, what: str) -> Progress:
    """A line whenever another tenth is done, so that a log of a build stays short."""
    tell(f"{doing}: 0 of {total} {what}")

    def told(done: int, _total: int) -> None:
        if done * _LINES // total > (done - 1) * _LINES // total:
            tell(f"{doing}: {done} of {total} {what}")

    return told


_STAGE_LINES = 5


@contextmanager
def stage_progress() -> Iterator[StageProgress]:
    """A function to be told of every step."""
    if sys.stderr.isatty():
        with _bars() as told:
            yield told
    else:
        yield _print_stage_lines()


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


def _print_stage_lines() -> StageProgress:
    """A line when a stage begins and whenever another part of it is done, so that a log of a build stays short."""
    said: dict[str, int] = {}

    def told(stage: str, done: int, total: int) -> None:
        part = done * _STAGE_LINES // max(total, 1)
        if part > said.get(stage, -1):
            said[stage] = part
            tell(f"{stage}: {done} of {total}")

    return told


@contextmanager
def heard_interrupts() -> Iterator[Callable[[], None]]:
    """Within it Ctrl-C raises KeyboardInterrupt as usual; the function that is given raises it again if it came.

    Python swallows an exception that is raised while it tidies up an object, so that a Ctrl-C at the wrong instant
    would do nothing. To be used in the main thread.
    """
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        raise KeyboardInterrupt

    def ask() -> None:
        if heard:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield ask
    finally:
        signal.signal(signal.SIGINT, before)

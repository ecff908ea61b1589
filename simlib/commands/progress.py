"""Progress on standard error: a bar in a terminal, a few plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from simlib.commands.console import console, tell
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

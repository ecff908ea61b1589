"""Runner of a command: progress, Ctrl-C and SIGTERM, lost worker processes, and the answer as JSON or as text."""

import signal
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, ParamSpec

from simlib.commands.console import print_json
from simlib.commands.progress import show_progress, show_stage_progress
from simlib.commands.streams import raise_lost_output

if TYPE_CHECKING:
    from simlib.decision.gain import StageProgress
    from simlib.experiment.workers import Progress

_Values = ParamSpec("_Values")


class Interrupted(Exception):  # no KeyboardInterrupt: of that one typer would keep the exit status alone
    """Ctrl-C or SIGTERM ended a command: ``number`` is that of the signal, the message says what was not written."""

    def __init__(self, loss: str, number: int = signal.SIGINT) -> None:
        super().__init__(loss)
        self.number = number


class CommandRun:
    """Interruptible part of a command: its progress callbacks raise KeyboardInterrupt after Ctrl-C or SIGTERM.

    When a worker process is lost, the figures of the runs that were finished are written beside ``out``.
    """

    def __init__(self, received: list[int], out: Path | None = None) -> None:
        self._received = received
        self._out = out

    def raise_if_interrupted(self) -> None:
        """Raise KeyboardInterrupt if there was a signal, which Python may have swallowed."""
        if self._received:
            raise KeyboardInterrupt

    def watch(self, report: Callable[_Values, None]) -> Callable[_Values, None]:
        """The callback with a check for such a signal before each call."""

        def check_and_report(*values: _Values.args, **named: _Values.kwargs) -> None:
            self.raise_if_interrupted()
            report(*values, **named)

        return check_and_report

    @contextmanager
    def show_progress(self, total: int, doing: str = "simulating", what: str = "runs") -> "Iterator[Progress]":
        """A callback (done, total) that shows how many of ``total`` are done."""
        with self._keep_finished(), show_progress(total, doing, what) as report:
            yield self.watch(report)

    @contextmanager
    def show_stage_progress(self) -> "Iterator[StageProgress]":
        """A callback (stage, done, total) for work in several stages."""
        with self._keep_finished(), show_stage_progress() as report:
            yield self.watch(report)

    @contextmanager
    def _keep_finished(self) -> Iterator[None]:
        from simlib.experiment.workers import WorkerLostError, collect_finished

        with collect_finished() as finished:
            try:
                yield
            except WorkerLostError as error:
                from simlib.experiment.unfinished import write_unfinished

                self.raise_if_interrupted()  # SIGTERM may have reached the workers first
                kept = None if self._out is None else write_unfinished(self._out, finished)
                if kept is None:
                    raise
                raise error.extend(f"figures of the finished ones are in {kept}") from error


@contextmanager
def run_interruptibly(
    describe_loss: Callable[[], str], out: Path | None = None, *, keeps: Path | None = None
) -> Iterator[CommandRun]:
    """Run the body of a command; Ctrl-C and SIGTERM become `Interrupted` with the words of ``describe_loss``.

    ``out`` is where its report will be, ``keeps`` where other files will be. A run without either is not begun when
    standard output takes nothing. To be used in the main thread.
    """
    # Advice of joblib to programmers, which Ctrl-C would bring up.
    warnings.filterwarnings("ignore", message=r"\d+ tasks which were still being processed")
    warnings.filterwarnings("ignore", message="Failed to kill subprocesses")
    if out is None and keeps is None:
        raise_lost_output()
    with _remember_interrupts() as received:
        try:
            yield CommandRun(received, out)
        except KeyboardInterrupt:
            raise Interrupted(f"{describe_loss()}{_describe_store()}", *received[:1]) from None


@contextmanager
def _remember_interrupts() -> Iterator[list[int]]:
    """Ctrl-C and SIGTERM raise KeyboardInterrupt; numbers of the signals that were received.

    Python swallows an exception that is raised while an object is finalised, so that a Ctrl-C at the wrong instant
    would have no effect: hence the list.
    """
    received: list[int] = []

    def receive(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        raise KeyboardInterrupt

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    ignored = (signal.SIG_IGN, None)  # as for a command in the background; None: not set by Python
    try:
        for number, handler in handlers.items():
            if handler not in ignored:
                signal.signal(number, receive)
        yield received
    finally:
        for number, handler in handlers.items():
            if handler not in ignored:
                # From here on Ctrl-C must raise: worker processes are there, and what was written is to be said.
                signal.signal(number, signal.default_int_handler if number == signal.SIGINT else handler)


def restore_folders(arguments: Sequence[str]) -> None:
    """Put back the folders in arguments, such as out/run.json, that a killed process had moved aside."""
    for argument in arguments:
        named = Path(argument.rpartition("=")[2])
        for folder in (named, *named.parents):
            with suppress(OSError, RuntimeError, ValueError):  # whatever else the argument is
                target = folder.resolve()
                if not target.exists() and any(target.parent.glob(f".{escape(target.name)}.*.old")):
                    from simlib.experiment.temporary_folder import clear_leftovers

                    clear_leftovers(target, target.parent)


def describe_missing_output(folder: Path | None, what: str = "nothing", verb: str = "was") -> str:
    """Missing output of an interrupted command, in words: ``no report was written to out``; or an earlier one."""
    if folder is None:
        return "nothing was written"
    from simlib.experiment.atomic_folder import is_written

    return f"{folder} was already written" if is_written(folder) else f"{what} {verb} written to {folder}"


def _describe_store() -> str:
    """Where the results of finished runs are kept; empty without a store."""
    from simlib.experiment.result_store import get_store

    store = get_store()
    return "" if store is None else f"; {store.name} holds the finished runs, the same command goes on from there"


def count_workers(requested: int | None, runs: int) -> int:
    """Worker processes: those requested, else one per usable CPU, and no more than there are runs."""
    from simlib.experiment.executors import count_usable_cpus

    return min(requested or count_usable_cpus(), runs)


def print_answer(json: bool, build_document: Callable[[], Mapping[str, Any]], print_text: Callable[[], None]) -> None:
    """Print the answer of a command: one JSON document, or text for people."""
    if json:
        print_json(build_document())
    else:
        print_text()

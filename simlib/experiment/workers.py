"""Batches of independent runs: their results in order, progress, and what was finished when a worker was lost."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self, TypeVar

from simlib.experiment.executors import ExecutorLostError, choose_executor
from simlib.scenario.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[int, int], None]
"""Called with the number of finished runs and the number of all."""
Finished = list[tuple[Any, Any]]
"""Items and results of runs that are done."""
_collected: ContextVar[Finished | None] = ContextVar("finished runs", default=None)


class WorkerLostError(InputError):
    """A worker process was ended in the middle of a run, as by the system when memory is short.

    ``finished`` holds the results that were there already, by the number of their item.
    """

    def __init__(self, message: str, finished: Mapping[int, Any]) -> None:
        super().__init__(message)
        self.finished = finished

    def extend(self, addition: str) -> Self:
        """The same error with a longer message."""
        return type(self)(f"{self}; {addition}", self.finished)


def run_all(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int = 1,
    progress: Progress | None = None,
    keep: Callable[[int, Result], None] | None = None,
) -> list[Result]:
    """Results of a module's function for each item, in order, from so many processes.

    ``keep`` is called with the number and result of each item as soon as it is done, before ``progress``. Raises
    WorkerLostError when one of the processes is killed; the others are ended.
    """
    done: dict[int, Result] = {}
    collected = _collected.get()
    try:
        for number, result in choose_executor(workers).iterate(work, items):
            done[number] = result
            if keep is not None:
                keep(number, result)
            if collected is not None:
                collected.append((items[number], result))
            if progress is not None:
                progress(len(done), len(items))
    except ExecutorLostError as error:
        message = f"{error.what} after {len(done)} of {len(items)} runs; {error.advice}"
        raise WorkerLostError(message, done) from error.__cause__
    return [done[number] for number in range(len(items))]


@contextmanager
def collect_finished() -> Iterator[Finished]:
    """The items and results of all runs that are done meanwhile, by any `run_all` of this context."""
    finished: Finished = []
    token = _collected.set(finished)
    try:
        yield finished
    finally:
        _collected.reset(token)

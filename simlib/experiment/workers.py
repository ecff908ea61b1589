"""Worker processes: how many fit, how work is spread over them, and how Ctrl-C ends them."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from simlib.scenario.registry import Registration, list_registrations, repeat_registrations, report_plugin_errors

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[int, int], None]
"""Called with the number of finished runs and the number of all."""


def count_usable_cpus() -> int:
    """CPUs that this process may use, limits of a container included."""
    from joblib import cpu_count

    return int(cpu_count())


def run_all(
    work: Callable[[Item], Result], items: Sequence[Item], workers: int = 1, progress: Progress | None = None
) -> list[Result]:
    """Results of a module's function for each item, in order, from so many processes."""
    done: list[Result] = []
    for result in _iterate_results(work, items, workers):
        done.append(result)
        if progress is not None:
            progress(len(done), len(items))
    return done


def _iterate_results(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    if workers <= 1:
        return map(work, items)
    from joblib import Parallel, delayed

    pool = Parallel(n_jobs=workers, return_as="generator", batch_size=1)
    with _block_interrupts():
        registrations = list_registrations()
        results: Iterator[Result] = pool(delayed(_work_with)(registrations, work, item) for item in items)
    return results


def _work_with(registrations: tuple[Registration, ...], work: Callable[[Item], Result], item: Item) -> Result:
    """The work in a worker process, which gets the parts, stations and metrics registered in this one.

    Errors of plug-ins are described there: the traceback of an exception does not leave its process.
    """
    repeat_registrations(registrations)
    with report_plugin_errors():
        return work(item)


@contextmanager
def _block_interrupts() -> Iterator[None]:
    """Processes started here inherit the blocked signal and never receive Ctrl-C: this process does, and ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # else it would start below, and unblock the signal in doing so (Python 3.11)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

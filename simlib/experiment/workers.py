"""Worker processes: how many fit, how work is spread over them, and how they end with the process that started them."""

import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Self, TypeVar

from simlib.scenario.errors import InputError
from simlib.scenario.registry import (
    Registration,
    isolate_registrations,
    list_registrations,
    repeat_registrations,
    report_plugin_errors,
)

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[int, int], None]
"""Called with the number of finished runs and the number of all."""
Finished = list[tuple[Any, Any]]
"""Items and results of runs that are done."""
PER_CPU = 8
"""Most worker processes for each CPU: more take memory and make nothing quicker."""
_CHECK_S = 0.5
"""Seconds between two checks of a worker whether its parent still exists."""
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


def count_usable_cpus() -> int:
    """CPUs that this process may use, limits of a container included."""
    from joblib import cpu_count

    return int(cpu_count())


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
        for number, result in _iterate_results(work, items, workers):
            done[number] = result
            if keep is not None:
                keep(number, result)
            if collected is not None:
                collected.append((items[number], result))
            if progress is not None:
                progress(len(done), len(items))
    except BrokenProcessPool as error:
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        if not isinstance(error, TerminatedWorkerError):
            raise
        end = f"a worker process was ended {_find_signal(str(error))} after {len(done)} of {len(items)} runs"
        raise WorkerLostError(f"{end}; if memory was short, use fewer workers", done) from None
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


def _find_signal(message: str) -> str:
    """Cause of the end of a worker, from joblib's message, which lists exit codes such as SIGKILL(-9)."""
    codes = re.findall(r"(\w+)\((-?\d+)\)", message)
    return next((f"by {name}" for name, code in codes if int(code) < 0), "unexpectedly")


def _iterate_results(
    work: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Iterator[tuple[int, Result]]:
    """Numbers of items and their results, as these are done."""
    if workers <= 1 or not items:
        return ((number, work(item)) for number, item in enumerate(items))  # `map` would end at a StopIteration
    from joblib import Parallel, delayed

    guard = {"initializer": end_with_parent, "initargs": (os.getpid(),)}
    processes = min(workers, len(items), PER_CPU * count_usable_cpus())
    pool = Parallel(n_jobs=processes, return_as="generator_unordered", batch_size=1, **guard)
    with _block_interrupts():
        registrations = list_registrations()
        results: Iterator[tuple[int, Result]] = pool(
            delayed(_work_with)(registrations, work, number, item) for number, item in enumerate(items)
        )
    return results


def end_with_parent(parent: int) -> None:
    """End this process soon after the process ``parent``, which started it, whatever ended that one.

    Else a worker whose parent was killed would finish its run, and then wait for minutes.
    """
    threading.Thread(target=_wait_for_end, args=(parent,), daemon=True).start()


def _wait_for_end(parent: int) -> None:
    if sys.platform == "win32":
        import ctypes

        synchronize, endless = 0x00100000, -1
        handle = ctypes.windll.kernel32.OpenProcess(synchronize, False, parent)
        ctypes.windll.kernel32.WaitForSingleObject(handle, endless)
    else:
        pause = threading.Event()
        while os.getppid() == parent:
            pause.wait(_CHECK_S)
    os._exit(1)


def _work_with(
    registrations: tuple[Registration, ...], work: Callable[[Item], Result], number: int, item: Item
) -> tuple[int, Result]:
    """The work in a worker process, which has the parts, stations and metrics registered in this one meanwhile.

    Errors of plug-ins are described there: the traceback of an exception does not leave its process.
    """
    with isolate_registrations() if registrations else nullcontext():  # workers are used again by the next call
        repeat_registrations(registrations)
        with report_plugin_errors():
            return number, work(item)


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

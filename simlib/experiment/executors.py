"""Executors of independent runs behind one interface: in this process, in worker processes, or on a cluster.

A result does not depend on where it was computed.
"""

import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Protocol, TypeVar

from simlib.scenario.registry import (
    Registration,
    isolate_registrations,
    list_registrations,
    repeat_registrations,
    report_plugin_errors,
)

Item = TypeVar("Item")
Result = TypeVar("Result")
PER_CPU = 8
"""Most worker processes for each CPU: more take memory and make nothing quicker."""
_CHECK_S = 0.5
"""Seconds between two checks of a worker whether its parent still exists."""


class Executor(Protocol):
    """Executor of a module's function for many items."""

    def iterate(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
        """Numbers of items and their results, as these are done. Raises ExecutorLostError."""


class ExecutorLostError(Exception):
    """An executor ended before its runs: ``what`` did, and ``advice`` what the user may do."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice


_executor: ContextVar[Executor | None] = ContextVar("executor", default=None)


@contextmanager
def use_executor(executor: Executor | None) -> Iterator[None]:
    """Let an executor do all runs meanwhile, whatever number of workers is requested; None changes nothing."""
    if executor is None:
        yield
        return
    token = _executor.set(executor)
    try:
        yield
    finally:
        _executor.reset(token)


def choose_executor(workers: int) -> Executor:
    """The executor in use, else this process or so many worker processes."""
    return _executor.get() or (InProcess() if workers <= 1 else Processes(workers))


class InProcess:
    """Executor in this process."""

    def iterate(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
        """Results in the order of the items; `map` would end at a StopIteration."""
        return ((number, work(item)) for number, item in enumerate(items))


class Processes:
    """Executor in worker processes (joblib's loky), which are used again by the next call."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def iterate(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
        """Results as they are done. Raises ExecutorLostError when a process is killed; the others are ended."""
        if not items:
            return
        try:
            yield from self._start(work, items)
        except BrokenProcessPool as error:
            from joblib.externals.loky.process_executor import TerminatedWorkerError

            if not isinstance(error, TerminatedWorkerError):
                raise
            what = f"a worker process was ended {_find_signal(str(error))}"
            raise ExecutorLostError(what, "if memory was short, use fewer workers") from None

    def _start(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
        from joblib import Parallel, delayed

        guard = {"initializer": end_with_parent, "initargs": (os.getpid(),)}
        processes = min(self._workers, len(items), PER_CPU * count_usable_cpus())
        _start_resource_tracker()
        pool = Parallel(n_jobs=processes, return_as="generator_unordered", batch_size=1, **guard)
        with _block_interrupts():
            registrations = list_registrations()
            results: Iterator[tuple[int, Result]] = pool(
                delayed(work_with)(registrations, work, number, item) for number, item in enumerate(items)
            )
        return results


def _start_resource_tracker() -> None:
    """Start the process that removes what a killed command leaves, without its warnings about doing so.

    loky would start it later. It reads filters of warnings from its environment alone.
    """
    from joblib.externals.loky.backend import resource_tracker

    before, name = os.environ.get("PYTHONWARNINGS"), "PYTHONWARNINGS"
    ignored = f"ignore::UserWarning:{resource_tracker.__name__}"
    os.environ[name] = f"{before},{ignored}" if before else ignored
    try:
        resource_tracker.ensure_running()
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def count_usable_cpus() -> int:
    """CPUs that this process may use, limits of a container included."""
    from joblib import cpu_count

    return int(cpu_count())


def _find_signal(message: str) -> str:
    """What ended a worker, from joblib's message, which lists exit codes such as SIGKILL(-9)."""
    codes = re.findall(r"(\w+)\((-?\d+)\)", message)
    return next((f"by {name}" for name, code in codes if int(code) < 0), "unexpectedly")


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


def work_with(
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

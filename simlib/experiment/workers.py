"""Worker processes: how many fit, and how they are kept from hearing what only this process should."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def results(do: Callable[[Job], Result], jobs: Sequence[Job], workers: int) -> Iterator[Result]:
    """What comes of each job, in their order; in so many processes, of which none hears Ctrl-C."""
    if workers <= 1:
        return map(do, jobs)
    from joblib import Parallel, delayed

    pool = Parallel(n_jobs=workers, return_as="generator", batch_size=1)
    with deaf_to_interrupts():
        found: Iterator[Result] = pool(delayed(do)(job) for job in jobs)
    return found


def usable_cpus() -> int:
    """CPUs that this process may use, limits of a container included."""
    from joblib import cpu_count

    return int(cpu_count())


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Processes started here never see Ctrl-C, for they inherit the blocked signal: this one hears it and ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # else it would start below, and unblock the signal on its way (Python 3.11)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

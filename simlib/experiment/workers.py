"""Worker processes: how many fit, and how they are kept from hearing what only this process should."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


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


def run_all(
    work: Callable[[Asked], Answered],
    items: Sequence[Asked],
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Answered]:
    """What a function of a module makes of each item, in order, in so many processes."""
    done: list[Answered] = []
    for answer in results(work, items, workers):
        done.append(answer)
        if progress is not None:
            progress(len(done), len(items))
    return done


def results(work: Callable[[Asked], Answered], items: Sequence[Asked], workers: int) -> Iterator[Answered]:
    """The same, one after another as they come; none of the processes hears Ctrl-C."""
    if workers <= 1:
        return map(work, items)
    from joblib import Parallel, delayed

    pool = Parallel(n_jobs=workers, return_as="generator", batch_size=1)
    with deaf_to_interrupts():
        found: Iterator[Answered] = pool(delayed(work)(item) for item in items)
    return found

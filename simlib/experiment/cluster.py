"""Cluster executor: runs on the workers of a Dask scheduler that exists already (``dask.distributed``).

The scheduler spreads the runs, and gives those of a worker that ends to another. Only some runs are there at a time, so
that neither its memory nor the time until Ctrl-C grows with their number. Workers must have the code of this process.
"""

import logging
import re
import secrets
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from typing import Any, TypeVar

from simlib.experiment.code_version import compute_code_version
from simlib.experiment.executors import ExecutorLostError, work_with
from simlib.scenario.errors import InputError, require_packages
from simlib.scenario.registry import Registration, list_registrations

Item = TypeVar("Item")
Result = TypeVar("Result")

_ADDRESS = re.compile(r"(?:\w+://)?[^\s/]+:\d+")
_LIBRARIES = ("distributed", "asyncio", "tornado")
CONNECT_S = 10
"""Seconds within which a scheduler must answer."""
PER_THREAD, FEWEST = 2, 8
"""Runs that are submitted at a time, for each thread of the workers and at least."""
_GO_ON = "with a store, the same command goes on where it stopped"


@contextmanager
def open_cluster(address: str, option: str = "cluster") -> Iterator["ClusterExecutor"]:
    """Connect to a scheduler such as tcp://127.0.0.1:8786. Raises InputError when none answers."""
    require_packages(option, ("distributed",), "cluster")
    if not _ADDRESS.fullmatch(address):
        raise InputError(f"{option} {address}: is no address of a scheduler; write tcp://HOST:PORT")
    with _quieten():
        from asyncio import CancelledError

        from distributed import Client

        try:
            client = Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, RuntimeError, TypeError, CancelledError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError(f"{option} {address}: no Dask scheduler answers ({reason})") from error
        try:
            yield ClusterExecutor(client, f"{option} {address}")
        finally:
            client.close(timeout=1)


class ClusterExecutor:
    """Executor on the workers of a scheduler; ``name`` begins its messages."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def iterate(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
        """Results as they are done. Raises ExecutorLostError when the scheduler is lost or runs end their workers."""
        from distributed import as_completed

        waiting = enumerate(items)
        numbers: dict[str, int] = {}
        token, registrations = secrets.token_hex(8), list_registrations()
        running = as_completed(loop=self._client.loop)

        def submit(count: int) -> None:
            for number, item in islice(waiting, max(count, 0)):
                key = f"simlib-{token}-{number}"
                numbers[key] = number
                call = (compute_code_version(), registrations, work, number, item)
                running.add(self._client.submit(_work_alike, *call, key=key, pure=False))

        submit(self._count_wanted())
        for future in running:
            number = numbers.pop(future.key)
            result = self._fetch(future)
            submit(self._count_wanted() - len(numbers) if number % FEWEST == 0 else 1)
            yield number, result

    def _count_wanted(self) -> int:
        """Runs that the scheduler should have at a time."""
        try:
            threads = sum(map(int, self._client.nthreads().values()))
        except Exception as error:  # whatever an operation on a connection that is being lost raises
            raise self._report_loss() from error
        return max(PER_THREAD * threads, FEWEST)

    def _fetch(self, future: Any) -> Any:
        """Fetch a result; a worker that ended after its run is no loss, since the scheduler has that run done again."""
        from asyncio import CancelledError

        try:
            return future.result()[1]
        except (Exception, CancelledError) as error:
            if future.status != "error":
                raise self._report_loss() from error
            self._raise_failure(error)
            raise

    def _raise_failure(self, error: BaseException) -> None:
        """Raise a clear error for what a run raised, if it says too little by itself."""
        from distributed import KilledWorker

        if isinstance(error, KilledWorker):
            what = f"{self._name}: a run ended its worker, several times,"
            raise ExecutorLostError(what, f"if memory was short, use workers with more of it; {_GO_ON}") from None
        if isinstance(error, ImportError) or "deserializ" in str(error):
            reason = " ".join(str(error.__cause__ or error).split())
            raise InputError(f"{self._name}: its workers cannot load simlib ({reason})") from error

    def _report_loss(self) -> ExecutorLostError:
        return ExecutorLostError(f"{self._name}: the scheduler was lost", _GO_ON)


def _work_alike(
    code: str, registrations: tuple[Registration, ...], work: Callable[[Item], Result], number: int, item: Item
) -> tuple[int, Result]:
    """The work in a worker, unless that has other code."""
    if code != compute_code_version():
        raise InputError(f"a worker of the cluster has simlib {compute_code_version()}, this is {code}")
    return work_with(registrations, work, number, item)


@contextmanager
def _quieten() -> Iterator[None]:
    """Keep messages about lost connections to ourselves: the user gets one line in their place."""
    import_module("distributed")  # sets the levels of its loggers
    levels = {name: logging.getLogger(name).level for name in _list_loggers()}
    try:
        silence_libraries()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def silence_libraries() -> None:
    """Let the libraries of a cluster log nothing from now on; some would when the process ends."""
    for name in _list_loggers():
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _list_loggers() -> list[str]:
    return [name for name in logging.root.manager.loggerDict if name.split(".")[0] in _LIBRARIES]

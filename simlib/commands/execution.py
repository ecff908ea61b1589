"""Options ``--store`` and ``--cluster`` of a command: where results of runs are kept, and where runs are made."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from simlib.commands.console import print_status
from simlib.scenario.errors import InputError


@contextmanager
def use_store_and_cluster(folder: Path | None, cluster: str | None, out: Path | None) -> Iterator[None]:
    """Use the store in a folder and the scheduler at an address meanwhile.

    At the end it is said what was found in the store and added to it. Raises InputError for a store that the report in
    ``out`` would replace, or that would hold it.
    """
    if folder is not None and out is not None:
        store, report = folder.resolve(), out.resolve()
        if store in (report, *report.parents) or report in store.parents:
            raise InputError(f"--store {folder}: and --out {out} must be folders beside each other")
    with ExitStack() as stack:
        if cluster is not None:
            from simlib.experiment.cluster import open_cluster, silence_libraries
            from simlib.experiment.executors import use_executor

            stack.callback(silence_libraries)  # the last of all: they have messages at the end of a process, too
            stack.enter_context(use_executor(stack.enter_context(open_cluster(cluster, "--cluster"))))
        stack.enter_context(_keep_results(folder))
        yield


@contextmanager
def _keep_results(folder: Path | None) -> Iterator[None]:
    if folder is None:
        yield
        return
    from simlib.experiment.result_store import open_store, use_store

    store = open_store(folder, "--store", _warn)
    with use_store(store):
        yield
    if store is not None:
        print_status(f"{folder}: {store.found:,} runs were there already, {store.added:,} were added")


def _warn(sentence: str) -> None:
    print_status(f"simlib: warning: {sentence}")

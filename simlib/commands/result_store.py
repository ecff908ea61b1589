"""Option ``--store`` of a command: results are kept in a folder, and what is there is not run again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simlib.commands.console import print_status


@contextmanager
def keep_results(folder: Path | None) -> Iterator[None]:
    """Use the store in a folder meanwhile, and say at the end what was found in it and added to it."""
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

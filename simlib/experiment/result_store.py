"""Store of results: a folder with a Parquet file per replication under its content address.

A file is written whole or not at all and is byte-identical when its run is repeated, so several sweeps may share a
folder, a command that was ended goes on where it stopped, and what is damaged is noticed and computed again. A store
belongs to one version of the code.
"""

import json
import os
import secrets
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from simlib.experiment.code_version import compute_code_version
from simlib.experiment.folder_swap import defer_signals
from simlib.experiment.jobs import Job, Replication
from simlib.experiment.result_address import AddressBuilder
from simlib.experiment.result_file import RunIdentity, build_replication, decode_row, encode_result
from simlib.scenario.errors import InputError, describe_missing_packages

if sys.platform != "win32":
    import fcntl

Notify = Callable[[str], None]
"""Called with a sentence for the user."""

FORMAT, MARKER = "simlib-store-1", "store.json"
PARTS, PART = "parts", ".part"
"""Folder and ending of files that are being written."""
_store: ContextVar["ResultStore | None"] = ContextVar("result store", default=None)


class ResultStore:
    """An open store. ``found`` and ``added`` count results that were there already and that were written.

    ``name`` is the folder as its user wrote it.
    """

    def __init__(self, name: str, option: str, notify: Notify) -> None:
        self.name = name
        self.folder = Path(name).absolute()
        self.found = self.added = 0
        self._option = option
        self._notify = notify

    def find_path(self, address: str) -> Path:
        """The file of an address."""
        return self.folder / address[:2] / f"{address}.parquet"

    def read(self, identity: RunIdentity) -> Replication | None:
        """The result of a run; None when it is not there. A damaged file is named, and counts as missing."""
        path = self.find_path(identity.address)
        try:
            row = decode_row(path.read_bytes())
            if row["address"] != identity.address:
                raise ValueError("is the file of another run")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refuse("read", error) from error
        except ValueError as error:
            self._notify(f"{path} {error}: it is computed again")
            return None
        self.found += 1
        return build_replication(row)

    def write(self, identity: RunIdentity, result: Replication) -> Replication:
        """Write a result and return it as it will be read again. Ctrl-C waits until it is written.

        Raises InputError when that is not possible, as on a full disk.
        """
        content = encode_result(identity, result)
        try:
            with defer_signals():
                self._place(self.find_path(identity.address), content)
                self.added += 1
        except OSError as error:
            raise self._refuse("written", error) from error
        return build_replication(decode_row(content))

    def _place(self, path: Path, content: bytes) -> None:
        (self.folder / PARTS).mkdir(exist_ok=True)
        path.parent.mkdir(exist_ok=True)
        while not _write_atomically(path, content, self.folder / PARTS):
            pass  # another process took the file for a leftover before it was locked

    def _refuse(self, verb: str, error: OSError) -> InputError:
        kept = f"; {self.added} new results are in it, and the same command goes on from there" if self.added else ""
        return InputError(f"{self._option} {self.name}: cannot be {verb} ({error.strerror or error}){kept}")


def open_store(folder: str | Path, option: str = "store", notify: Notify | None = None) -> ResultStore | None:
    """Open a store, which is made where there is none; None, after a sentence, when pyarrow is not installed.

    Raises InputError for a folder that holds something else, a store of another version, and one that cannot be
    written.
    """
    notify = notify or warnings.warn
    missing = describe_missing_packages(f"{option} {folder}", ("pyarrow",), "records")
    if missing:
        notify(f"{missing}; results are not kept")
        return None
    store = ResultStore(str(folder), option, notify)
    try:
        _check_marker(store.folder, f"{option} {folder}")
        (store.folder / PARTS).mkdir(parents=True, exist_ok=True)
        _clear_leftovers(store.folder / PARTS)
        _write_marker(store.folder)
    except OSError as error:
        raise InputError(f"{option} {folder}: cannot be written ({error.strerror or error})") from error
    return store


@contextmanager
def use_store(store: ResultStore | None) -> Iterator[None]:
    """Let all replications meanwhile be looked up in a store, and be kept there; None changes nothing."""
    if store is None:
        yield
        return
    token = _store.set(store)
    try:
        yield
    finally:
        _store.reset(token)


def get_store() -> ResultStore | None:
    """The store in use; None without one."""
    return _store.get()


Keep = Callable[[int, Replication], None]
"""Called with the number and result of a job as soon as it is done."""


def run_stored(
    store: ResultStore,
    jobs: Sequence[Job],
    compute: Callable[[Sequence[Job], Keep], None],
    work: Callable[[Job], Replication] | None = None,
) -> list[Replication]:
    """Results of jobs in their order: those in the store, and the missing ones computed and kept one by one.

    ``work`` is what makes them, where they are no replications.
    """
    builder = AddressBuilder(work)
    identities = [None if job.folder is not None else builder.identify(job) for job in jobs]
    results: dict[int, Replication] = {}
    for number, identity in enumerate(identities):
        kept = None if identity is None else store.read(identity)
        if kept is not None:
            results[number] = kept
    missing = [number for number in range(len(jobs)) if number not in results]

    def keep(place: int, result: Replication) -> None:
        number = missing[place]
        identity = identities[number]
        results[number] = result if identity is None else store.write(identity, result)

    compute([jobs[number] for number in missing], keep)
    return [results[number] for number in range(len(jobs))]


def read_marker(folder: Path) -> dict[str, Any] | None:
    """Content of the marker of a store; None for any other folder."""
    try:
        content = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and content.get("format") == FORMAT else None


def _check_marker(folder: Path, where: str) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{where}: is a file; name a folder that is new, empty or a store of results")
    marker = read_marker(folder)
    if marker is None:
        if folder.exists() and any(path.name != PARTS for path in folder.iterdir()):
            raise InputError(f"{where}: is not empty and no store of results of this version; name another folder")
    elif marker.get("code") != compute_code_version():
        raise InputError(
            f"{where}: was written by simlib {marker.get('code')}, this is {compute_code_version()}, and results of "
            "one are not those of the other; name another folder"
        )


def _write_marker(folder: Path) -> None:
    """Write the marker where it is missing; that the folder can be written is tried in any case."""
    content = json.dumps({"format": FORMAT, "code": compute_code_version()}, indent=2) + "\n"
    while not _write_atomically(folder / MARKER, content.encode(), folder / PARTS):
        pass


def _write_atomically(path: Path, content: bytes, parts: Path) -> bool:
    """Write a file that is whole on the disk before it gets its name; False when its temporary file was removed."""
    part = parts / f"{path.name}.{secrets.token_hex(4)}{PART}"
    try:
        with part.open("xb") as file:
            _lock(file.fileno())
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            try:
                os.replace(part, path)
            except FileNotFoundError:
                return False
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return True


def _lock(descriptor: int) -> None:
    if sys.platform != "win32":
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _clear_leftovers(parts: Path) -> None:
    """Remove files that killed processes were writing: nobody holds their lock."""
    if sys.platform == "win32":
        return
    for part in parts.glob(f"*{PART}"):
        with suppress(OSError), part.open("rb") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink(missing_ok=True)

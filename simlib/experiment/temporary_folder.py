"""Temporary folders beside a folder that is being written, and what killed processes left of them.

The folder ``out`` is written as ``.out.TOKEN.part``. Where two names cannot be exchanged in one step, the earlier
``out`` is ``.out.TOKEN.old`` for an instant. Either is ``.out.TOKEN.gone`` while it is removed. A process holds a lock
on its folder until it ends, by which the next command distinguishes a leftover from a folder in use.
"""

import os
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

PART, OLD, GONE = ".part", ".old", ".gone"


@contextmanager
def make_temporary(target: Path, parent: Path) -> Iterator[Path]:
    """A new folder in ``parent`` to write ``target`` in; it is locked, and what is left of it is removed at the end."""
    part = parent / f".{target.name}.{secrets.token_hex(4)}{PART}"
    try:
        try:
            with _make_locked(part):
                yield part
        finally:
            _remove_all(part, target)
    finally:  # once more, for an interrupt may have ended the first attempt
        _remove_all(part, target)


def clear_leftovers(target: Path, parent: Path) -> None:
    """Put ``target`` back where a killed process had moved it aside, and remove the folders of such processes."""
    for old in _list_leftovers(target, target.parent, OLD):
        with suppress(OSError), _claim(old):
            if not os.path.lexists(target):
                os.rename(old, target)
    for leftover in _list_leftovers(target, parent, PART, OLD, GONE):
        with suppress(OSError), _claim(leftover) as is_unused:
            if is_unused and (leftover.suffix != OLD or os.path.lexists(target)):
                remove_folder(leftover)


def remove_folder(folder: Path) -> None:
    """Under another name first, so that a process that still writes into it finds it no more."""
    renamed = folder.with_suffix(GONE)
    with suppress(OSError):
        os.rename(folder, renamed)
    for path in (renamed, folder):
        _delete(path)


def _delete(path: Path) -> None:
    """Delete what can be deleted; `shutil.rmtree` would answer some interrupts with an error of the disk."""
    with suppress(OSError):
        if path.is_symlink() or not path.is_dir():
            path.unlink()
            return
        for name in os.listdir(path):
            _delete(path / name)
        path.rmdir()


@contextmanager
def hold_lock(folder: Path) -> Iterator[None]:
    """Lock a folder meanwhile, where that is possible."""
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(_claim(folder))
        yield


def _remove_all(part: Path, target: Path) -> None:
    remove_folder(part)
    if os.path.lexists(target):  # else the earlier folder is the only one
        remove_folder(part.with_suffix(OLD))


def _list_leftovers(target: Path, parent: Path, *suffixes: str) -> list[Path]:
    pattern = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}({'|'.join(map(re.escape, suffixes))})")
    try:
        return sorted(path for path in parent.iterdir() if pattern.fullmatch(path.name))
    except OSError:
        return []


@contextmanager
def _make_locked(folder: Path) -> Iterator[None]:
    """Make a folder and lock it; it is made again if another process took it for a leftover before it was locked."""
    while True:
        folder.mkdir()
        with suppress(FileNotFoundError):
            descriptor = _lock(folder, wait=True)
            if folder.exists():
                break
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def _claim(folder: Path) -> Iterator[bool]:
    """Lock a folder; false where folders cannot be locked. Raises BlockingIOError when another process has done so."""
    descriptor = _lock(folder)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _lock(folder: Path, *, wait: bool = False) -> int | None:
    """Descriptor that holds the lock of a folder; None where folders cannot be locked."""
    if sys.platform == "win32":
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:  # a file system without locks
        os.close(descriptor)
        return None
    return descriptor

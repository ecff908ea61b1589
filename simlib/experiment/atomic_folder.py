"""Atomic folder writer: a folder appears complete or not at all, and what stood there stays until then.

Everything is written into a temporary folder beside the target, which gets its name at the end: however the process
ends, the earlier or the new folder stands whole under the name, or the next command that writes there puts it back. By
default the target must be new or empty; with an `EarlierReport` a report that was written before is replaced. What the
disk refuses is raised as InputError, which begins with the command's option and the folder.
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple

from simlib.experiment.folder_swap import move_into_place
from simlib.experiment.temporary_folder import clear_leftovers, make_temporary
from simlib.scenario.errors import InputError


class _UnusableFolder(Exception):
    """Why a folder cannot be written."""


_PLACED: dict[Path, tuple[int, int]] = {}
"""Folder -> device and inode of what this process has given that name, or was about to."""

_LOOP = "is a symbolic link that leads back to itself"


class EarlierReport(NamedTuple):
    """Marks of an earlier report, which may be replaced.

    It holds a file named ``record`` that ``is_record`` accepts, and no other files than ``files``.
    """

    record: str
    is_record: Callable[[Path], bool]
    files: Collection[str]


def check_folder(folder: str | Path, option: str, replaceable: EarlierReport | None = None) -> Path:
    """The absolute path of a folder that may be written; raises InputError for any other.

    To be called before a long run as well: it tries whether the disk takes a new folder there. What a killed process
    had moved aside is put back.
    """
    with _raise_as_input_error(folder, option):
        target = _resolve(folder)
        parent = next((parent for parent in target.parents if os.path.lexists(parent)), target)
        clear_leftovers(target, parent)
        _raise_problem(target, replaceable)
        with make_temporary(target, parent):
            return target


@contextmanager
def write_folder_atomically(
    folder: str | Path, option: str, replaceable: EarlierReport | None = None
) -> Iterator[Path]:
    """A temporary folder to write into; it becomes ``folder`` at the end, and is removed after any failure.

    Raises InputError as `check_folder` does, before anything is written.
    """
    target = check_folder(folder, option, replaceable)
    with _raise_as_input_error(folder, option):
        target.parent.mkdir(parents=True, exist_ok=True)
        with make_temporary(target, target.parent) as part:
            yield part
            _raise_problem(target, replaceable)  # another program may have written there meanwhile
            _PLACED[target] = _identify(part)
            move_into_place(part, target, replace=replaceable is not None)


def write_files(
    folder: str | Path, content: Mapping[str, bytes], option: str, replaceable: EarlierReport | None = None
) -> Path:
    """Write a folder of these files (name -> content) atomically; returns its absolute path."""
    with write_folder_atomically(folder, option, replaceable) as part:
        for name, data in content.items():
            (part / name).write_bytes(data)
    return Path(folder).resolve()


def write_file(path: str | Path, content: bytes, option: str) -> Path:
    """Write a file in one step, in place of an earlier one, if any; returns its absolute path.

    A reader gets the earlier content or the new one, never a part. Raises InputError when it cannot be written.
    """
    with _raise_as_input_error(path, option):
        target = _resolve(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(target, target.parent)
        with make_temporary(target, target.parent) as part:
            (part / target.name).write_bytes(content)
            os.replace(part / target.name, target)
    return target


def keep_unfinished(part: Path, folder: str | Path) -> Path:
    """Name a folder that was not finished ``folder`` with the suffix .unfinished, and return that name."""
    target = Path(folder).resolve()
    kept = find_free_name(target.with_name(f"{target.name}.unfinished"))
    os.rename(part, kept)
    return kept


def find_free_name(path: Path) -> Path:
    """The path, or the same with the first number at which nothing exists: ``name-2.csv``."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return next(free for free in chain([path], numbered) if not os.path.lexists(free))


def is_written(folder: str | Path) -> bool:
    """Whether the folder is the one that this process wrote; also right after an interrupt in the middle of that."""
    target = Path(folder).resolve()
    with suppress(OSError):
        return _PLACED.get(target) == _identify(target)
    return False


def list_written() -> list[Path]:
    """The folders that this process has written, absolute."""
    return [folder for folder in _PLACED if is_written(folder)]


def _resolve(folder: str | Path) -> Path:
    try:
        return Path(folder).resolve()
    except RuntimeError as error:  # how Python 3.12 and earlier ones report a loop
        raise _UnusableFolder(_LOOP) from error


def _identify(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _raise_problem(target: Path, replaceable: EarlierReport | None) -> None:
    problem = _find_problem(target, replaceable)
    if problem is not None:
        raise _UnusableFolder(problem)


def _find_problem(target: Path, replaceable: EarlierReport | None) -> str | None:
    """Why the folder cannot be written; None when it can."""
    if target in (Path.cwd(), Path(target.anchor)):
        return "a report needs a folder of its own, not the one you are in"
    if not target.exists():
        return _LOOP if os.path.lexists(target) else None
    if _is_mount_point(target):
        return "is the root of a mounted file system, which cannot be replaced; name a folder inside it"
    present = sorted(path.name for path in target.iterdir()) if target.is_dir() else None
    if replaceable is None:
        return None if present == [] else "exists and is not an empty folder; name another"
    if present is None:
        return "is a file; name a folder that is new, empty or an earlier report"
    if present and not replaceable.is_record(target / replaceable.record):
        return "is not empty and not an earlier report; name another folder"
    foreign = [name for name in present if name not in replaceable.files]
    return f"holds {foreign[0]!r}, which is no part of a report; name another folder" if foreign else None


def _is_mount_point(folder: Path) -> bool:
    """Whether a file system is mounted there; bind mounts are seen on Linux alone."""
    with suppress(OSError):
        mounts = Path("/proc/self/mountinfo").read_bytes().splitlines()
        points = (line.split()[4].decode("unicode_escape").encode("latin-1") for line in mounts)
        return os.fsencode(folder) in points
    return os.path.ismount(folder)


@contextmanager
def _raise_as_input_error(folder: str | Path, option: str) -> Iterator[None]:
    try:
        yield
    except _UnusableFolder as error:
        raise InputError(f"{option} {folder}: {error}") from None
    except OSError as error:
        raise InputError(f"{option} {folder}: cannot be written ({error.strerror or error})") from error

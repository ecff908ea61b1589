"""Atomic folder writer: a folder appears complete or not at all, and what stood there stays until then.

Everything is written into a temporary folder beside the target, which is renamed at the end. By default the target
must be new or empty; with an `EarlierReport` a report that was written before is replaced. What the disk refuses is
raised as InputError, which begins with the command's option and the folder.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from simlib.scenario.errors import InputError


class EarlierReport(NamedTuple):
    """What makes a folder an earlier report, which may be replaced.

    It holds a file named ``record`` that ``is_record`` accepts, and no other files than ``files``.
    """

    record: str
    is_record: Callable[[Path], bool]
    files: Collection[str]


def check_folder(folder: str | Path, option: str, replaceable: EarlierReport | None = None) -> Path:
    """The absolute path of a folder that may be written; raises InputError for any other.

    To be called before a long run as well: it tries whether the disk takes a new folder there.
    """
    target = Path(folder).resolve()
    if replaceable is not None and target in (Path.cwd(), Path(target.anchor)):
        raise InputError(f"{option} {folder}: a report needs a folder of its own, not the one you are in")
    with _raise_as_input_error(folder, option):
        problem = _find_problem(target, replaceable) if target.exists() else None
        if problem is not None:
            raise InputError(f"{option} {folder}: {problem}")
        parent = next(parent for parent in target.parents if os.path.lexists(parent))
        os.rmdir(_make_temporary(target, ".part", parent))
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
        part = _make_temporary(target, ".part", target.parent)
        try:
            yield part
            part.chmod(0o777 & ~_read_umask())  # a temporary folder is made for its owner alone
            if replaceable is None and target.exists():
                target.rmdir()  # it was empty when the run began, and must be now
            _move_into_place(part, target)
        finally:
            _remove(part)


def write_files(
    folder: str | Path, content: Mapping[str, bytes], option: str, replaceable: EarlierReport | None = None
) -> Path:
    """Write a folder of these files (name -> content) atomically; returns its absolute path."""
    target = Path(folder).resolve()
    with write_folder_atomically(folder, option, replaceable) as part:
        for name, data in content.items():
            (part / name).write_bytes(data)
    return target


def _find_problem(target: Path, replaceable: EarlierReport | None) -> str | None:
    """Why something that exists cannot become the folder; None when it can."""
    present = sorted(path.name for path in target.iterdir()) if target.is_dir() else None
    if replaceable is None:
        return None if present == [] else "exists and is not an empty folder; name another"
    if present is None:
        return "is a file; name a folder that is new, empty or an earlier report"
    if present and not replaceable.is_record(target / replaceable.record):
        return "is not empty and not an earlier report; name another folder"
    foreign = [name for name in present if name not in replaceable.files]
    return f"holds {foreign[0]!r}, which is no part of a report; name another folder" if foreign else None


def _move_into_place(part: Path, target: Path) -> None:
    """Rename; an earlier folder is moved aside first, and back if the renaming fails."""
    if not target.exists():
        part.rename(target)
        return
    aside = _make_temporary(target, ".old", target.parent)
    try:
        earlier = target.rename(aside / target.name)
        try:
            part.rename(target)
        except BaseException:
            earlier.rename(target)
            raise
    finally:
        _remove(aside)


def _make_temporary(target: Path, suffix: str, parent: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=suffix, dir=parent))


def _remove(folder: Path) -> None:
    """Under another name first, so that a process that still writes into it finds it no more."""
    renamed = folder.with_suffix(".gone")
    with suppress(OSError):
        os.rename(folder, renamed)
    for path in (renamed, folder):
        shutil.rmtree(path, ignore_errors=True)


def _read_umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


@contextmanager
def _raise_as_input_error(folder: str | Path, option: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{option} {folder}: cannot be written ({error.strerror or error})") from error

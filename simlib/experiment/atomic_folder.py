"""A folder that appears whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from simlib.scenario.errors import InputError


def check_new_folder(folder: str | Path, option: str) -> Path:
    """The absolute path of a folder that is new or empty; raises InputError, which begins with ``option``, otherwise.

    To be called before a long run: it tries whether the disk takes a new folder there.
    """
    target = Path(folder).resolve()
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise InputError(f"{option} {folder}: exists and is not an empty folder; name another")
        here = next(parent for parent in target.parents if os.path.lexists(parent))
        os.rmdir(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=here))
    except OSError as error:
        raise InputError(f"{option} {folder}: cannot be written ({error.strerror or error})") from error
    return target


@contextmanager
def whole_folder(target: Path, option: str) -> Iterator[Path]:
    """A folder beside ``target`` to write into; it is moved there at the end, and is gone after any failure.

    What the disk refuses is raised as InputError, which begins with ``option``.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
        try:
            yield part
            umask = os.umask(0o022)
            os.umask(umask)
            part.chmod(0o777 & ~umask)  # a temporary folder is made for its owner alone
            if target.exists():
                target.rmdir()  # it was empty when the run began, and must be now
            part.rename(target)
        finally:
            _remove(part)
    except OSError as error:
        raise InputError(f"{option} {target}: cannot be written ({error.strerror or error})") from error


def _remove(part: Path) -> None:
    """Under another name first, so that a process that still writes into it finds it no more."""
    gone = part.with_suffix(".gone")
    with suppress(OSError):
        part.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)

"""A folder of a report: it appears whole or not at all, and takes the place of an earlier one of its kind."""

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from simlib.report.run_record import is_record
from simlib.scenario.errors import InputError

RECORD = "run.json"


def write_folder(folder: str | Path, content: Mapping[str, bytes], names: Collection[str]) -> Path:
    """Write files into a folder and return it; everything is made beside it and then moved into place.

    ``names``: every file that a report of this kind may hold. An empty folder and an earlier report are replaced;
    raises InputError for any other folder, and when it cannot be written.
    """
    target = check_folder(folder, names)
    with _as_input_error(Path(folder)):
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
        try:
            for name, data in content.items():
                (part / name).write_bytes(data)
            part.chmod(0o777 & ~_umask())  # a temporary folder is made for its owner alone
            _put_in_place(part, target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return target


def check_folder(folder: str | Path, names: Collection[str]) -> Path:
    """The absolute path of a folder that a report may be written to; raises InputError when it may not.

    To be called before a long run as well: it tries whether the disk takes a new folder there.
    """
    target = Path(folder).resolve()
    if target in (Path.cwd(), Path(target.anchor)):
        raise InputError(f"--out {folder}: a report needs a folder of its own, not the one you are in")
    with _as_input_error(Path(folder)):
        if target.exists():
            _check_replaceable(target, folder, names)
        here = next(parent for parent in target.parents if os.path.lexists(parent))
        os.rmdir(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=here))
    return target


def _check_replaceable(target: Path, folder: str | Path, names: Collection[str]) -> None:
    if not target.is_dir():
        raise InputError(f"--out {folder}: is a file; name a folder that is new, empty or an earlier report")
    with _as_input_error(Path(folder)):
        present = sorted(path.name for path in target.iterdir())
    if present and not is_record(target / RECORD):
        raise InputError(f"--out {folder}: is not empty and not an earlier report; name another folder")
    foreign = [name for name in present if name not in names]
    if foreign:
        raise InputError(f"--out {folder}: holds {foreign[0]!r}, which is no part of a report; name another folder")


def _put_in_place(part: Path, target: Path) -> None:
    """Rename; what was there is moved aside first, and back if the renaming fails."""
    if not target.exists() or not any(target.iterdir()):
        part.rename(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".old", dir=target.parent))
    try:
        target.rename(aside)
        try:
            part.rename(target)
        except BaseException:
            aside.rename(target)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


@contextmanager
def _as_input_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"--out {folder}: cannot be written ({error.strerror or error})") from error

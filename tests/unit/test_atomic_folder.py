"""Atomic folder writer: new folders, replaced ones, and failures in the middle of either."""

import errno
import os
from pathlib import Path

import pytest

from simlib.experiment.atomic_folder import EarlierReport, check_folder, write_files, write_folder_atomically
from simlib.scenario.errors import InputError

EARLIER = EarlierReport("mark", lambda path: path.is_file(), ("mark", "rows"))
FAILURES = [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()]


def names_in(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


@pytest.mark.parametrize("replaceable", [None, EARLIER])
@pytest.mark.parametrize("existing", [True, False])
def test_a_new_or_empty_folder_is_written(tmp_path: Path, replaceable: EarlierReport | None, existing: bool) -> None:
    if existing:
        (tmp_path / "out").mkdir()
    target = write_files(tmp_path / "out", {"mark": b"1"}, "--out", replaceable)
    assert (target / "mark").read_bytes() == b"1"
    assert names_in(tmp_path) == ["out"]


def test_a_written_folder_has_the_permissions_of_the_umask(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    target = write_files(tmp_path / "out", {}, "--out")
    assert target.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_an_earlier_folder_is_replaced_only_where_that_is_allowed(tmp_path: Path) -> None:
    write_files(tmp_path / "out", {"mark": b"1", "rows": b"1"}, "--out", EARLIER)
    with pytest.raises(InputError, match=r"--rows .*exists and is not an empty folder"):
        check_folder(tmp_path / "out", "--rows")
    target = write_files(tmp_path / "out", {"mark": b"2"}, "--out", EARLIER)
    assert names_in(target) == ["mark"]
    assert names_in(tmp_path) == ["out"]


def _fail_while_writing(folder: Path, replaceable: EarlierReport | None, failure: BaseException) -> None:
    with write_folder_atomically(folder, "--out", replaceable) as part:
        (part / "mark").write_bytes(b"2")
        raise failure


def _let_another_write(folder: Path) -> None:
    with write_folder_atomically(folder, "--out"):
        folder.mkdir()
        (folder / "notes").write_text("precious", encoding="utf-8")


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("replaceable", [None, EARLIER])
def test_after_a_failure_all_is_as_it_was(
    tmp_path: Path, replaceable: EarlierReport | None, failure: BaseException
) -> None:
    if replaceable is not None:
        write_files(tmp_path / "out", {"mark": b"1"}, "--out", replaceable)
    before = names_in(tmp_path)
    with pytest.raises(InputError if isinstance(failure, OSError) else KeyboardInterrupt):
        _fail_while_writing(tmp_path / "out", replaceable, failure)
    assert names_in(tmp_path) == before
    if replaceable is not None:
        assert (tmp_path / "out" / "mark").read_bytes() == b"1"


def test_what_was_written_there_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        _let_another_write(tmp_path / "out")
    assert names_in(tmp_path) == ["out"]
    assert names_in(tmp_path / "out") == ["notes"]

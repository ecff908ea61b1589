"""Atomic folder writer: new folders, replaced ones, and failures in the middle of either."""

import errno
import os
from pathlib import Path

import pytest

from simlib.experiment import folder_swap
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
    with pytest.raises(InputError, match="exists and is not an empty folder"):
        _let_another_write(tmp_path / "out")
    assert names_in(tmp_path) == ["out"]
    assert names_in(tmp_path / "out") == ["notes"]


def test_a_foreign_folder_that_appeared_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="not an earlier report"),
        write_folder_atomically(tmp_path / "out", "--out", EARLIER),
    ):
        write_files(tmp_path / "out", {"notes": b"precious"}, "--notes")
    assert names_in(tmp_path / "out") == ["notes"]


def test_a_link_to_a_folder_still_leads_to_the_new_report(tmp_path: Path) -> None:
    real = write_files(tmp_path / "disk" / "report", {"mark": b"1", "rows": b"1"}, "--out", EARLIER)
    (tmp_path / "out").symlink_to(real)
    write_files(tmp_path / "out", {"mark": b"2"}, "--out", EARLIER)
    assert (tmp_path / "out").is_symlink()
    assert names_in(tmp_path / "out") == names_in(real) == ["mark"]
    assert names_in(tmp_path / "disk") == ["report"]
    assert names_in(tmp_path) == ["disk", "out"]


def test_links_that_lead_back_to_themselves_are_refused(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "back")
    (tmp_path / "back").symlink_to(tmp_path / "out")
    with pytest.raises(InputError, match=r"--out .*leads back to itself"):
        check_folder(tmp_path / "out", "--out")


@pytest.mark.parametrize("replaceable", [None, EARLIER])
def test_the_root_of_a_file_system_and_the_working_directory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replaceable: EarlierReport | None
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (".", "/"):
        with pytest.raises(InputError, match="a folder of its own"):
            check_folder(folder, "--out", replaceable)
    if os.path.ismount("/proc"):
        with pytest.raises(InputError, match="name a folder inside it"):
            check_folder("/proc", "--out", replaceable)


@pytest.mark.parametrize("failing", ["new", "earlier"])
def test_a_rename_that_fails_leaves_the_earlier_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """Where names cannot be exchanged, at the renaming of the earlier folder or of the new one."""
    target = write_files(tmp_path / "out", {"mark": b"1"}, "--out", EARLIER)
    rename = os.rename

    def fail(source: Path, to: Path) -> None:
        if (
            (source, to.suffix) == (target, ".old")
            if failing == "earlier"
            else (source.suffix, to) == (".part", target)
        ):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        rename(source, to)

    monkeypatch.setattr(folder_swap, "_find_renameat2", lambda: None)
    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(InputError, match=r"cannot be written .*busy"):
        write_files(target, {"mark": b"2"}, "--out", EARLIER)
    assert (target / "mark").read_bytes() == b"1"
    assert names_in(tmp_path) == ["out"]


def test_an_earlier_folder_that_cannot_be_put_back_is_kept_for_the_next_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = write_files(tmp_path / "out", {"mark": b"1"}, "--out", EARLIER)
    rename = os.rename

    def fail(source: Path, to: Path) -> None:
        if to == target:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rename(source, to)

    monkeypatch.setattr(folder_swap, "_find_renameat2", lambda: None)
    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(InputError, match="cannot be written"):
        write_files(target, {"mark": b"2"}, "--out", EARLIER)
    assert not target.exists()
    monkeypatch.undo()
    check_folder(target, "--out", EARLIER)
    assert (target / "mark").read_bytes() == b"1"
    assert names_in(tmp_path) == ["out"]


def test_two_names_are_exchanged_or_nothing_is_changed(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    was_exchanged = folder_swap.exchange_names(tmp_path / "first", tmp_path / "second")
    assert names_in(tmp_path / "first") == (["second"] if was_exchanged else ["first"])
    assert not folder_swap.exchange_names(tmp_path / "first", tmp_path / "missing")
    assert names_in(tmp_path) == ["first", "second"]

"""Interrupts and kills at every line of the folder writer: the earlier or the new report always stands whole."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from simlib.commands.runner import Interrupted, describe_missing_output, run_interruptibly
from simlib.experiment import atomic_folder, folder_swap
from simlib.experiment.atomic_folder import EarlierReport, check_folder, is_written, write_files
from simlib.experiment.temporary_folder import clear_leftovers
from support.interrupting import SWAP, WRITER, Strike, kill_this_process, list_strikes, press_ctrl_c, run_in_child

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and processes of POSIX")

EARLIER = EarlierReport("mark", lambda path: path.is_file(), ("mark", "rows", "page"))
OLD = {"mark": b"old", "rows": b"old"}
NEW = {"mark": b"new", "page": b"new"}
WRITES = 100
MEMORY = Path("/dev/shm")
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture
def tmp_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where the system has that: on a disk, thousands of folders take twice the time of a CPU."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture(params=["exchange", "two renames"])
def swapping(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of replacing a folder, where the system has both."""
    if request.param == "two renames":
        monkeypatch.setattr(folder_swap, "_find_renameat2", lambda: None)
    elif folder_swap._find_renameat2() is None:
        pytest.skip("this system cannot exchange two names")
    return str(request.param)


def read_report(folder: Path) -> dict[str, bytes] | None:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else None


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_old(parent: Path) -> Path:
    target = write_files(parent / "out", OLD, "--out", EARLIER)
    atomic_folder._PLACED.clear()  # as if another process had written it
    return target


def write_new(target: Path) -> None:
    write_files(target, NEW, "--out", EARLIER)


@pytest.mark.usefixtures("swapping")
def test_an_interrupt_at_any_line_leaves_the_earlier_or_the_new_report_and_nothing_else(tmp_path: Path) -> None:
    replaced, handlers = [], [signal.getsignal(number) for number in SIGNALS]
    for strike in list_strikes(press_ctrl_c, (*WRITER, "contextlib.py"), SWAP):
        target = write_old(tmp_path)
        with suppress(KeyboardInterrupt), strike:
            write_new(target)
        assert read_report(target) in (OLD, NEW)
        assert names_in(tmp_path) == ["out"]
        assert [signal.getsignal(number) for number in SIGNALS] == handlers
        replaced.append(read_report(target) == NEW)
        assert is_written(target) == replaced[-1]
    assert len(replaced) > 300
    assert set(replaced) == {False, True}
    assert replaced == sorted(replaced), "the earlier report until it is replaced, then the new one"


def test_an_interrupt_at_any_line_leaves_a_whole_new_folder_or_none(tmp_path: Path) -> None:
    target = tmp_path / "out"
    for strike in list_strikes(press_ctrl_c):
        with suppress(KeyboardInterrupt), strike:
            write_files(target, NEW, "--out")
        if not target.exists():
            assert names_in(tmp_path) == []
            continue
        assert read_report(target) == NEW
        assert names_in(tmp_path) == ["out"]
        for path in target.iterdir():
            path.unlink()
        target.rmdir()


@pytest.mark.parametrize(("number", "files"), [(signal.SIGINT, SWAP), (signal.SIGTERM, WRITER)])
@pytest.mark.usefixtures("swapping")
def test_a_signal_at_any_line_ends_a_command_which_says_what_it_wrote(
    number: signal.Signals, files: tuple[str, ...], tmp_path: Path
) -> None:
    said = set()
    for strike in list_strikes(partial(signal.raise_signal, number), files):
        target = write_old(tmp_path)
        try:
            with run_interruptibly(partial(describe_missing_output, target, "no report")), strike:
                write_new(target)
        except Interrupted as interruption:
            said.add((interruption.number, str(interruption), read_report(target) == NEW))
        else:
            assert not strike.has_fired
        assert read_report(target) in (OLD, NEW)
        assert names_in(tmp_path) == ["out"]
    assert said == {
        (number, f"no report was written to {target}", False),
        (number, f"{target} was already written", True),
    }


@pytest.mark.parametrize(("files", "step"), [(SWAP, 1), (WRITER, 23)], ids=["swap", "writer"])
def test_a_process_that_is_killed_leaves_what_the_next_command_restores(
    swapping: str, files: tuple[str, ...], step: int, tmp_path: Path
) -> None:
    moved_aside = set()
    for number in count(step=step):
        target = write_old(tmp_path)
        status = run_in_child(partial(write_struck, target, Strike(number, kill_this_process, files)))
        moved_aside.add(not target.exists())
        check_folder(target, "--out", EARLIER)
        assert read_report(target) in (OLD, NEW)
        assert names_in(tmp_path) == ["out"]
        if status == 0:
            break
        assert status == -signal.SIGKILL
    assert True not in moved_aside or swapping == "two renames"
    assert True in moved_aside or (swapping, files) != ("two renames", SWAP)


def test_sigterm_that_ends_the_process_waits_for_the_new_report(swapping: str, tmp_path: Path) -> None:
    """As in a program that does not handle the signal."""
    statuses = set()
    for number in count():
        target = write_old(tmp_path)
        strike = Strike(number, partial(signal.raise_signal, signal.SIGTERM), SWAP)
        statuses.add(status := run_in_child(partial(write_struck, target, strike)))
        assert read_report(target) in (OLD, NEW), swapping
        if status == 0:
            break
    assert statuses == {0, -signal.SIGTERM}


def write_struck(target: Path, strike: Strike) -> None:
    with strike:
        write_new(target)


@pytest.mark.usefixtures("swapping")
def test_a_folder_that_a_living_process_writes_is_no_leftover(tmp_path: Path) -> None:
    target = write_old(tmp_path)
    child = os.fork()
    if not child:
        try:
            for _ in range(WRITES):
                write_new(target)
        except BaseException:
            os._exit(1)
        os._exit(0)
    while not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        clear_leftovers(target, tmp_path)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert read_report(target) == NEW
    assert names_in(tmp_path) == ["out"]


def test_leftovers_of_other_folders_and_foreign_names_stay(tmp_path: Path) -> None:
    names = [".out.0123456789.part", ".out.01234567.part.txt", ".other.01234567.part", ".out.mine.part", "out.01234567"]
    for name in names:
        (tmp_path / name).mkdir()
    (tmp_path / ".out.01234567.gone").mkdir()
    clear_leftovers(tmp_path / "out", tmp_path)
    assert names_in(tmp_path) == sorted(names)

"""Ctrl-C in the middle: status 130, one line that says what was not written, nothing left behind."""

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from support.command_line import COMMAND, environment, write_tiny

LONG = ("length_s = 12", "length_s = 4000")  # minutes, if nobody ends it


def start(cwd: Path, workers: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, "compare", "tiny.toml", "--out", "out", "--workers", str(workers)],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("everybody", [True, False], ids=["terminal", "one-process"])
def test_ctrl_c_ends_everything_and_says_what_was_not_written(workers: int, everybody: bool, tmp_path: Path) -> None:
    """A terminal sends the signal to all processes of the command, `kill` only to the first."""
    write_tiny(tmp_path, LONG)
    running = start(tmp_path, workers)
    assert running.stderr is not None
    first = running.stderr.readline()  # the simulation begins
    children = psutil.Process(running.pid).children(recursive=True)
    (os.killpg if everybody else os.kill)(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert first == "simulating: 0 of 18 runs\n"
    assert errors == "simlib: interrupted: no report was written to out\n"
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]
    _, alive = psutil.wait_procs(children, timeout=30)
    assert [child for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []


def test_ctrl_c_with_workers_at_work_leaves_no_process(tmp_path: Path) -> None:
    write_tiny(tmp_path, LONG)
    running = start(tmp_path, 2)
    parent = psutil.Process(running.pid)
    while len(workers := [p for p in parent.children() if sum(p.cpu_times()[:2]) > 1]) < 2:
        assert running.poll() is None
    os.killpg(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in errors
    assert errors.endswith("simlib: interrupted: no report was written to out\n")
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert [worker for worker in alive if worker.status() != psutil.STATUS_ZOMBIE] == []

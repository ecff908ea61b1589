"""Killed workers, as when memory is short, and killed commands: one line, the documented status, nothing left."""

import os
import re
import signal
import sys
from pathlib import Path

import pandas as pd
import psutil
import pytest

from simlib.deployment.loading import load_scenario
from simlib.experiment.jobs import Job
from simlib.experiment.parquet import read_records
from simlib.experiment.replicate import run_job
from support.command_line import simlib, started, write_tiny
from support.forked import ForkedCommand
from support.processes import AT_WORK_S, await_workers, list_alive

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

LONG = ("length_s = 8", "length_s = 4000")  # minutes, if nothing ends it
COMMANDS = {
    "compare": ("compare", "tiny.toml"),
    "sweep": ("sweep", "tiny.toml", "--vary", "load=20,21", "--length", "4000"),
    "bad-days": ("bad-days", "tiny.toml", "--length", "4000", "--fault", "as_down"),
    "decide": ("decide", "tiny.toml", "--no-sensitivity"),
}
ENDED = r"simlib: error: a worker process was ended by SIGKILL after (\d+) of \d+ runs; if memory was short, use fewer"


def kill_one(running: ForkedCommand, cpu_s: float = AT_WORK_S) -> tuple[str, list[str]]:
    """Kill a worker that has used so much time; what the command then says, and its processes that are left."""
    worker, *_ = await_workers(running, cpu_s)
    processes = psutil.Process(running.pid).children(recursive=True)
    worker.kill()
    _, errors = running.communicate()
    return errors, list_alive(processes)


@pytest.mark.parametrize(("command", "cpu_s"), list(zip(COMMANDS, (AT_WORK_S, 0.0, 0.0, 0.0), strict=True)))
def test_a_killed_worker_ends_the_command_in_one_line_with_status_2(command: str, cpu_s: float, tmp_path: Path) -> None:
    """At work, or when it starts: the pool of workers, which all commands share, meets both alike."""
    write_tiny(tmp_path, LONG)
    with started(*COMMANDS[command], "--workers", "2", "--out", "out", cwd=tmp_path) as running:
        errors, left = kill_one(running, cpu_s)
    assert running.returncode == 2
    assert re.match(ENDED, errors.splitlines()[-1])
    assert [line for line in errors.splitlines() if not re.match(r"simulating|[a-z ]+: \d+ of \d+", line)] == [
        errors.splitlines()[-1]
    ]
    assert left == []
    assert {path.name for path in tmp_path.iterdir()} <= {"tiny.toml", "out.unfinished.csv"}


def test_what_was_finished_before_a_worker_was_killed_is_kept(tmp_path: Path) -> None:
    scenario = load_scenario(write_tiny(tmp_path, ("length_s = 8", "length_s = 120"), ("tions = 2", "tions = 20")))
    (tmp_path / "out.unfinished.csv").write_text("of an earlier command", encoding="utf-8")
    options = ("--out", "out", "--records", "rows", "--profiles", "none")
    with started("compare", "tiny.toml", *options, "--workers", "2", cwd=tmp_path) as running:
        assert [running.read_line_of_errors() for _ in range(2)][-1] == "simulating: 6 of 60 runs\n"
        errors, left = kill_one(running)
    assert (running.returncode, left) == (2, [])
    ended = re.match(ENDED, errors.splitlines()[-1])
    table = pd.read_csv(tmp_path / "out.unfinished-2.csv")
    runs = list(zip(table["design"], table["replication"], strict=True))
    assert ended is not None
    assert len(runs) == len(set(runs)) == int(ended[1]) >= 6
    design, replication = runs[-1]
    figures = run_job(Job(scenario, design, replication)).figures
    assert {name: table[name].iloc[-1] for name in figures} == pytest.approx(figures, nan_ok=True)
    rows = tmp_path / "rows.unfinished"
    assert sorted(path.relative_to(rows).as_posix() for path in rows.glob("*/*")) == sorted(
        f"{design}/{replication:04d}" for design, replication in runs
    )
    assert len(read_records(rows / design / f"{replication:04d}")["requests"]["request"]) > 0
    assert {path.name for path in tmp_path.iterdir()} == {
        *("tiny.toml", "out.unfinished.csv", "out.unfinished-2.csv", "rows.unfinished")
    }


@pytest.mark.parametrize("cpu_s", [0.0, AT_WORK_S], ids=["starting", "working"])
def test_a_killed_command_leaves_no_process_and_the_next_one_clears_up(cpu_s: float, tmp_path: Path) -> None:
    write_tiny(tmp_path, LONG)
    with started("compare", "tiny.toml", "--records", "rows", "--workers", "2", cwd=tmp_path) as running:
        await_workers(running, cpu_s, count=1 if cpu_s == 0 else 2)
        command = psutil.Process(running.pid)
        processes = command.children(recursive=True)
        command.kill()
        _, errors = running.communicate()
        assert running.returncode == -signal.SIGKILL
        assert list_alive(processes) == []
    assert re.fullmatch(r"(simulating: \d+ of \d+ runs\n)*", errors)  # and no warning of what clears up after it
    assert not any(Path("/dev/shm").glob(f"*_{running.pid}_*"))
    assert [path.suffix for path in tmp_path.iterdir() if path.name.startswith(".rows.")] == [".part"]
    write_tiny(tmp_path)
    done = simlib(
        "compare", "tiny.toml", "--records", "rows", "--replications", "1", "--profiles", "none", cwd=tmp_path
    )
    assert done.returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"tiny.toml", "rows"}


@pytest.mark.parametrize(("everybody", "cpu_s"), [(True, 0.0), (False, AT_WORK_S)], ids=["group", "one-process"])
def test_sigterm_ends_everything_and_says_what_was_not_written(everybody: bool, cpu_s: float, tmp_path: Path) -> None:
    """As a service manager or a container sends it, to all processes or to the first."""
    write_tiny(tmp_path, LONG)
    with started("compare", "tiny.toml", "--out", "out", "--workers", "2", cwd=tmp_path) as running:
        await_workers(running, cpu_s)
        processes = psutil.Process(running.pid).children(recursive=True)
        (os.killpg if everybody else os.kill)(running.pid, signal.SIGTERM)
        _, errors = running.communicate()
        assert list_alive(processes) == []
    assert (running.returncode, errors) == (
        143,
        "simulating: 0 of 18 runs\nsimlib: terminated: no report was written to out\n",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]


@pytest.mark.parametrize("named", ["out/run.json", "--out=out"])
def test_a_report_that_a_killed_command_moved_aside_has_its_name_again_when_it_is_named(
    named: str, tmp_path: Path
) -> None:
    """Only where names cannot be exchanged, and between two renames."""
    write_tiny(tmp_path)
    report = {"run.json": '{"format": "simlib-run-1"}', "verdict.txt": "whole"}
    (tmp_path / ".out.01234567.old").mkdir()
    for name, text in report.items():
        (tmp_path / ".out.01234567.old" / name).write_text(text, encoding="utf-8")
    (tmp_path / ".out.01234567.part").mkdir()
    assert simlib("compare", "no-such-scenario", named, cwd=tmp_path).returncode == 2
    assert {path.name: path.read_text("utf-8") for path in (tmp_path / "out").iterdir()} == report
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "tiny.toml"]

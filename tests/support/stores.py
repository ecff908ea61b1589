"""Stores of results that commands fill: ended half-way, compared file by file."""

import os
import signal
import subprocess
import time
from pathlib import Path

SMALL = ("--vary", "load=5:40:3", "--vary", "algorithm=ES256,EdDSA", "--replications", "2", "--length", "6")
"""Six cells with two replications of the tiny scenario."""
SMALL_RUNS = 3 * 2 * 2 + 6 * 2
"""Of two designs without the setting, in three cells each, and of one with it."""


def list_results(store: Path) -> list[Path]:
    """The results that are there, in the order of their names."""
    return sorted(store.glob("*/*.parquet"))


def read_files(store: Path) -> dict[str, bytes]:
    """Every file with its content."""
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in store.rglob("*") if path.is_file()}


def wait_for_results(store: Path, count: int, running: "subprocess.Popen[str]", most_s: float = 120.0) -> int:
    """Wait until so many results are there; returns their number. Raises AssertionError when the command ends."""
    until = time.monotonic() + most_s
    while (found := len(list_results(store))) < count:
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < until, f"{found} of {count} results"
        time.sleep(0.01)
    return found


def kill_group(running: "subprocess.Popen[str]") -> None:
    """SIGKILL to a command and all its processes at once."""
    os.killpg(running.pid, signal.SIGKILL)
    running.wait(timeout=60)

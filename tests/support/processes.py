"""Processes of a running command: its workers at work, and whether all have ended."""

import time
from collections.abc import Sequence

import psutil

from support.forked import ForkedCommand

WORKER = "popen_loky"
"""Part of the command line of a worker process."""
PATIENCE_S = 60.0
AT_WORK_S = 0.8
"""Time of a CPU after which a worker is at work: half a second is for imports."""


def list_workers(running: ForkedCommand) -> list[psutil.Process]:
    """Worker processes of a command; its trackers of resources are not among them."""
    return [child for child in psutil.Process(running.pid).children() if WORKER in " ".join(_read_command(child))]


def await_workers(running: ForkedCommand, cpu_s: float = AT_WORK_S, count: int = 2) -> list[psutil.Process]:
    """Wait until so many workers have each used so much time of a CPU."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if running.poll() is not None:
            errors = running.communicate()[1]
            raise RuntimeError(f"status {running.returncode} before its workers worked: {errors}")
        workers = list_workers(running)
        if sum(_read_cpu(worker) >= cpu_s for worker in workers) >= count:
            return workers
        time.sleep(0.02)
    raise TimeoutError("the workers do not work")


def list_alive(processes: Sequence[psutil.Process], patience_s: float = 10.0) -> list[str]:
    """Command lines of the processes that do not end in time; one that only its parent has not noticed has ended."""
    _, alive = psutil.wait_procs(processes, timeout=0)
    deadline = time.monotonic() + patience_s
    while alive and time.monotonic() < deadline:
        time.sleep(0.05)
        alive = [process for process in alive if _is_running(process)]
    return [" ".join(_read_command(process)) for process in alive]


def _is_running(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _read_command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def _read_cpu(process: psutil.Process) -> float:
    try:
        return float(sum(process.cpu_times()[:2]))
    except psutil.NoSuchProcess:
        return 0.0

"""A Dask cluster of real processes on this machine: a scheduler and workers that can be killed."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


class Cluster:
    """A scheduler at a port of its own and workers with a thread each; all are ended by `close`."""

    def __init__(self, port: int, workers: int = 2) -> None:
        self.address = f"tcp://127.0.0.1:{port}"
        options = ("--host", "127.0.0.1", "--no-dashboard")
        self.scheduler = _start("dask_scheduler", "--port", str(port), *options)
        self._worker = ("dask_worker", self.address, "--nthreads", "1", "--no-nanny", *options)
        self.workers: list[subprocess.Popen[bytes]] = []
        for _ in range(workers):
            self.add_worker()

    def add_worker(self) -> None:
        """Start another worker."""
        self.workers.append(_start(*self._worker))

    def close(self) -> None:
        """Kill all processes."""
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait(timeout=30)


def _start(command: str, *options: str) -> "subprocess.Popen[bytes]":
    """A command of distributed, whose workers can import the modules of tests."""
    paths = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH", ""), str(TESTS))))
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{command}", *options],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextlib.contextmanager
def started_cluster(port: int, workers: int = 2) -> Iterator[Cluster]:
    """A cluster whose scheduler answers; it is closed at the end."""
    cluster = Cluster(port, workers)
    try:
        until = time.monotonic() + 60
        while not _answers(port):
            assert cluster.scheduler.poll() is None, "the scheduler has ended"
            assert time.monotonic() < until, "the scheduler does not answer"
            time.sleep(0.05)
        yield cluster
    finally:
        cluster.close()


def find_port() -> int:
    """A port that nothing uses now."""
    with contextlib.closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=1)):
        return True
    return False

"""Command line in a process of its own that is forked from one with all imports done: they take a second of CPU.

It has its own signals, group, streams and exit status, as one that a user starts. What happens while Python starts or
imports needs a new process: see `support.command_line.simlib_alone`.
"""

import atexit
import contextlib
import io
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO
from unittest import mock

from simlib.cli import main
from support.empty_figures import leave_figures_empty

PATIENCE_S = 60.0
ENCODING = "PYTHONIOENCODING"
Streams = tuple[Connection, Connection]
"""Where its standard output and its standard error go."""

_context = multiprocessing.get_context("forkserver")


class ForkedCommand:
    """A running command; its streams are pipes, or files of which the descriptor is given.

    Figures are drawn, but their files hold them only with ``figures``.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        cwd: Path,
        variables: Mapping[str, str],
        stdout: int | None = None,
        stderr: int | None = None,
        figures: bool = False,
    ) -> None:
        _start_server()
        self._encoding = variables.get(ENCODING, "utf-8")
        self._stdout, out = _open_stream(stdout)
        self._stderr, err = _open_stream(stderr)
        given = ((out, err), [*arguments], str(cwd), {**variables}, figures)
        self._process = _context.Process(target=_execute, args=given)
        self._process.start()
        out.close()
        err.close()
        assert self._process.pid is not None
        self.pid = self._process.pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Exit status, negative for a signal, or None while it runs."""
        if self.returncode is None:
            self.returncode = self._process.exitcode
        return self.returncode

    def wait(self, timeout: float = PATIENCE_S) -> int:
        """Wait for its end, and return its status; TimeoutError after ``timeout`` seconds."""
        self._process.join(timeout)
        status = self.poll()
        if status is None:
            raise TimeoutError(f"the command does not end within {timeout:g} s")
        return status

    def communicate(self, timeout: float = PATIENCE_S) -> tuple[str, str]:
        """Read what is left of both streams and wait for the end; a command that takes longer is killed."""
        guard = threading.Timer(timeout, self.kill_group)
        guard.start()
        errors: list[bytes] = []
        reader = threading.Thread(target=lambda: errors.append(self._stderr.read()))
        reader.start()
        out = self._stdout.read()
        reader.join()
        self.wait(timeout)
        guard.cancel()
        return out.decode(self._encoding), errors[0].decode(self._encoding)

    def read_line_of_errors(self) -> str:
        """Wait for the next line of its standard error."""
        return self._stderr.readline().decode(self._encoding)

    def kill_group(self) -> None:
        """End the command and all its processes, if there are any left."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """End it if it still runs, and close its streams."""
        self.kill_group()
        self.wait()
        self._process.close()
        for stream in (self._stdout, self._stderr):
            stream.close()


def _start_server() -> None:
    """Start the process to fork from, at the first command; it finds modules by a variable, not by ``sys.path``."""
    with mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)):
        _context.set_forkserver_preload(["support.preloaded"])
        forkserver.ensure_running()


def _open_stream(place: int | None) -> tuple[IO[bytes], Connection]:
    """(what to read from, what to write to): a pipe, or nothing and the descriptor of a file."""
    if place is not None:
        return io.BytesIO(), Connection(os.dup(place), readable=False)
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb"), Connection(writing, readable=False)


def _execute(streams: Streams, arguments: list[str], cwd: str, variables: dict[str, str], figures: bool) -> None:
    """The command in the forked process, from what Python does at its start to what it does at its end."""
    os.setsid()
    for number, stream in zip((1, 2), streams, strict=True):
        os.dup2(stream.fileno(), number)
        stream.close()
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(cwd)
    added = variables.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[1:1] = [folder for folder in added if folder and folder not in sys.path]
    encoding = variables.get(ENCODING, "utf-8")
    sys.stdout = io.TextIOWrapper(_write_to(1), encoding=encoding)
    sys.stderr = io.TextIOWrapper(_write_to(2), encoding=encoding, errors="backslashreplace", line_buffering=True)
    sys.argv = ["simlib", *arguments]
    with contextlib.nullcontext() if figures else leave_figures_empty():
        status = _run_main()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    os._exit(status)


def _run_main() -> int:
    """Status of the command; 120, as that of Python, where its last output cannot be written."""
    try:
        main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        return 120
    return status


def _write_to(number: int) -> io.BufferedWriter:
    return io.BufferedWriter(io.FileIO(number, "w", closefd=False))

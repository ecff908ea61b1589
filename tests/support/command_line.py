"""The real command line, in this process or in one of its own, and a scenario that takes it a second."""

import contextlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import psutil

from simlib.cli import run
from support.empty_figures import leave_figures_empty
from support.forked import ForkedCommand

TINY = """
format = 1
title = "Tiny"

[world]
profile = "python-2026"
population = { users = 20 }
load = { kind = "poisson", arrival_rate = 20.0 }
authorization_server = { issuer = "https://as.example" }
revocations = { rate = 0.5 }

[world.service]
audience = "https://api.example"
scope = "read"
work = { kind = "exponential", mean_s = 0.004 }
reply_bytes = 500
user_information_share = 0.2

[world.network]
request_head_bytes = 350
reply_head_bytes = 250
client_to_service = { round_trip = { kind = "constant", value_s = 0.01 } }
client_to_authorization_server = { round_trip = { kind = "constant", value_s = 0.01 } }
service_to_authorization_server = { round_trip = { kind = "constant", value_s = 0.001 } }

[designs.opaque]
token_lifetime_s = 5
user_information = "introspection"
service = { part = "opaque_introspection" }
authorization_server = { part = "reference_token" }

[designs.cached]
token_lifetime_s = 5
user_information = "introspection"
service = { part = "opaque_cached", ttl_s = 2 }
authorization_server = { part = "reference_token" }

[designs.jwt]
token_lifetime_s = 5
user_information = "token"
service = { part = "jwt_local" }
authorization_server = { part = "jwt_access_token", algorithm = "EdDSA" }

[run]
seed = 3
length_s = 8
warm_up_s = 2
replications = 2

[limits]
p99_s = 0.2
"""

COMMAND = (sys.executable, "-m", "simlib")


def environment(**more: str) -> dict[str, str]:
    """This process's own, without what a terminal would add."""
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "FORCE_COLOR")}
    return {**kept, **more}


class Done(NamedTuple):
    """What a command printed, and its status."""

    returncode: int
    stdout: str
    stderr: str


def simlib(*arguments: str | Path, cwd: Path, figures: bool = False, **more: str) -> Done:
    """Run one command to its end in this process, for a new one takes a second of CPU for its imports alone.

    Figures are drawn, but their files hold them only with ``figures``. ``more`` goes into its environment.
    """
    out, err = io.StringIO(), io.StringIO()
    own = mock.patch.dict(os.environ, environment(**more), clear=True)
    written = contextlib.nullcontext() if figures else leave_figures_empty()
    with own, written, contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run([*map(str, arguments)])
    return Done(status, out.getvalue(), err.getvalue())


def simlib_alone(*arguments: str | Path, cwd: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    """The same in a process of its own, as a user runs it: with its imports, its pipes and its exit."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], cwd=cwd, env=environment(**more), capture_output=True, text=True, check=False
    )


class Interrupted(NamedTuple):
    """How a command ended that was interrupted: its first line of progress, its status, and what it said after that."""

    first: str
    returncode: int
    stderr: str


@contextlib.contextmanager
def started(
    *arguments: str | Path,
    cwd: Path,
    stdout: int | None = None,
    stderr: int | None = None,
    figures: bool = False,
    **more: str,
) -> Iterator[ForkedCommand]:
    """A command in a process and a group of its own, which are ended if the test leaves anything running.

    Streams are pipes, or files of which the descriptor is given. ``more`` goes into its environment.
    """
    running = ForkedCommand([*map(str, arguments)], cwd, environment(**more), stdout, stderr, figures)
    try:
        yield running
    finally:
        running.close()


def simlib_forked(*arguments: str | Path, cwd: Path, figures: bool = False, **more: str) -> Done:
    """Run one command to its end in a process of its own, with pipes, an exit and a status as for a user."""
    with started(*arguments, cwd=cwd, figures=figures, **more) as running:
        out, errors = running.communicate()
        return Done(running.wait(), out, errors)


def interrupt(running: ForkedCommand, everybody: bool = True) -> tuple[int, str]:
    """Ctrl-C as a terminal sends it, to all processes of the command, or to the first alone; (status, errors)."""
    children = psutil.Process(running.pid).children(recursive=True)
    (os.killpg if everybody else os.kill)(running.pid, signal.SIGINT)
    _, errors = running.communicate()
    _, alive = psutil.wait_procs(children, timeout=30)
    assert [child for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []
    return running.wait(), errors


def interrupted(*arguments: str, cwd: Path, everybody: bool = True) -> Interrupted:
    """A command that gets Ctrl-C when the first line of its progress is there; none of its processes is left."""
    with started(*arguments, cwd=cwd) as running:
        first = running.read_line_of_errors()
        return Interrupted(first, *interrupt(running, everybody))


def write_tiny(folder: Path, *changes: tuple[str, str], name: str = "tiny.toml") -> Path:
    """The tiny scenario as a file, with pieces of its text replaced."""
    text = TINY
    for old, new in changes:
        if old not in text:
            raise ValueError(f"the tiny scenario does not hold {old!r}")
        text = text.replace(old, new, 1)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def write_log(folder: Path, requests: int = 200, name: str = "access.log") -> Path:
    """An access log in the common format: one request per second, ten clients in turn."""
    lines = [
        f'10.0.0.{number % 10} - - [23/Nov/2026:10:{number // 60:02d}:{number % 60:02d} +0000] "GET / HTTP/1.1" 200 5'
        for number in range(requests)
    ]
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path

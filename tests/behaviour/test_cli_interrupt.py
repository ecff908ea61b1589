"""Ctrl-C in the middle: status 130, one line that says what was not written, nothing left behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import simlib
from support.command_line import COMMAND, environment, interrupt, interrupted, started, write_tiny
from support.processes import await_workers

LONG = ("length_s = 8", "length_s = 4000")  # minutes, if nobody ends it
COMPARE = ("compare", "tiny.toml", "--out", "out", "--workers")


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("everybody", [True, False], ids=["terminal", "one-process"])
def test_ctrl_c_ends_everything_and_says_what_was_not_written(workers: int, everybody: bool, tmp_path: Path) -> None:
    """A terminal sends the signal to all processes of the command, `kill` only to the first."""
    write_tiny(tmp_path, LONG)
    ended = interrupted(*COMPARE, str(workers), cwd=tmp_path, everybody=everybody)
    assert ended.returncode == 130
    assert ended.first == "simulating: 0 of 18 runs\n"
    assert ended.stderr == "simlib: interrupted: no report was written to out\n"
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]


def test_ctrl_c_with_workers_at_work_leaves_no_process(tmp_path: Path) -> None:
    write_tiny(tmp_path, LONG)
    with started(*COMPARE, "2", cwd=tmp_path) as running:
        await_workers(running)
        status, errors = interrupt(running)
    assert status == 130
    assert "Traceback" not in errors
    assert errors.endswith("simlib: interrupted: no report was written to out\n")


def test_ctrl_c_inside_an_exec_of_an_import_ends_with_its_status_and_not_by_the_signal(tmp_path: Path) -> None:
    program = tmp_path / "interrupted.py"
    program.write_text(
        "import sys\nfrom unittest.mock import patch\nfrom simlib import cli\n"
        "def execute(arguments):\n    exec('raise KeyboardInterrupt')\n"
        "with patch.object(cli, '_execute_command', execute):\n    sys.exit(cli.run([]))\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, "-m", program.stem], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (130, "simlib: interrupted: nothing was written\n")


INTERRUPTING = """
import os, signal, sys

class Interrupter:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == os.environ["INTERRUPT_AT"]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupter)
"""
IMPORTED = (
    *("simlib.commands", "typer", "pydantic", "pydantic_core", "numpy", "numpy._core._multiarray_umath"),
    *("simlib.commands.overrides", "jwt", "cryptography", "pandas", "scipy", "matplotlib.figure"),
)


@pytest.mark.parametrize("module", IMPORTED)
def test_ctrl_c_during_any_import_is_one_line_and_status_130(module: str, tmp_path: Path) -> None:
    """Python gets the signal while it imports the module, after `main` has begun and before anything was simulated."""
    write_tiny(tmp_path)
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "sitecustomize.py").write_text(INTERRUPTING, encoding="utf-8")
    paths = os.pathsep.join([str(tmp_path / "hooks"), str(Path(simlib.__file__).parents[1])])
    done = subprocess.run(
        [
            *COMMAND,
            "compare",
            "tiny.toml",
            "--workers",
            "1",
            "--replications",
            "1",
            "--profiles",
            "none",
            "--out",
            "out",
        ],
        cwd=tmp_path,
        env=environment(PYTHONPATH=paths, INTERRUPT_AT=module),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 130
    errors = [line for line in done.stderr.splitlines() if not line.startswith("simulating: ")]
    assert errors in (
        ["simlib: interrupted: nothing was written"],
        ["simlib: interrupted: no report was written to out"],
    )
    assert not (tmp_path / "out").exists()


def test_ctrl_c_before_the_main_function_is_there_is_one_line_and_status_130() -> None:
    """Without the site module, which may have imported everything that the command line needs."""
    here = str(Path(simlib.__file__).parents[1])
    program = (
        f"import sys; sys.path.insert(0, {here!r})\n{INTERRUPTING.replace('signal.SIGINT', '2')}\nimport simlib.cli"
    )
    program = program.replace("import os, signal, sys", "import os, sys")
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], env=environment(INTERRUPT_AT="signal"), capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (130, "simlib: interrupted: nothing was written\n")

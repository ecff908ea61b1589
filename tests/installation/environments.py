"""Environments of their own, outside the repository: made, filled with packages, and asked to run commands."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LEFT_OUT = (
    *("PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "VIRTUAL_ENV", "COLUMNS", "FORCE_COLOR"),
    "PYTHONDONTWRITEBYTECODE",  # modules are compiled at their first import, and once
)
"""Variables that the commands of an environment do not see."""
_BINARIES = "Scripts" if os.name == "nt" else "bin"


class Environment:
    """A virtual environment in a folder; its commands see none of the packages of this one."""

    def __init__(self, folder: Path) -> None:
        self.binaries = folder / _BINARIES
        self.python = self.binaries / ("python.exe" if os.name == "nt" else "python")
        _run(sys.executable, "-m", "venv", "--without-pip", folder)

    def install(self, *arguments: str | Path) -> None:
        """Install packages, with uv where it is found."""
        uv = shutil.which("uv")
        if uv:
            _run(uv, "pip", "install", "--quiet", "--python", self.python, *arguments)
        else:
            _run(*_PIP, "--python", self.python, "install", "--quiet", "--no-compile", *arguments)

    def run(self, command: str, *arguments: str | Path, cwd: Path) -> "subprocess.CompletedProcess[str]":
        """Run a command of the environment to its end."""
        variables = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
        words = [str(self.binaries / command), *map(str, arguments)]
        return subprocess.run(words, cwd=cwd, env=variables, capture_output=True, text=True, check=False)


_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this tree into a folder."""
    uv = shutil.which("uv")
    if uv:
        _run(uv, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
    else:
        _run(*_PIP, "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def list_requirements(extras: Sequence[str]) -> Iterator[str]:
    """List the requirements of the package and of these extras, in the extras that they name as well."""
    yield from PROJECT["dependencies"]
    for extra in extras:
        for requirement in PROJECT["optional-dependencies"][extra]:
            named = re.fullmatch(r"simlib\[([\w,-]+)]", requirement)
            yield from list_requirements(named[1].split(",")) if named else (requirement,)


def pin_lower_bounds(extras: Sequence[str]) -> str:
    """The lower bound of each direct requirement as its version; packages that these need stay free."""
    pinned = (re.sub(r"\[[\w,-]+]", "", each).replace(">=", "==") for each in list_requirements(extras))
    return "".join(f"{line}\n" for line in sorted(set(pinned)))


def _run(*words: str | Path) -> None:
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}: status {done.returncode}\n{done.stdout}{done.stderr}")

"""Installations in environments of their own, outside the repository: ``make plain`` and ``make lowest``.

``plain`` builds the wheel, installs it without extras and runs every command. ``lowest`` installs the lowest version
that pyproject.toml allows of each package that it names, shows the help of every command and runs the unit tests.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from commands import GROUPS, Expected, write_scenarios
from environments import ROOT, Environment, build_wheel, pin_lower_bounds

import simlib
from simlib.commands.application import COMMANDS

NAMES = tuple(COMMANDS)
EXTRAS = (
    "joserfc",
    "pyseto",
    "pyarrow",
    "duckdb",
    "distributed",
    "datasketches",
    "SALib",
    "psycopg",
    "redis",
    "aiohttp",
    "uvicorn",
    "tqdm",
)
"""Modules that an installation without extras must not have."""
WORKERS = 2


def install_plainly(folder: Path) -> Environment:
    """Install the wheel of this tree without extras, with the pinned versions."""
    environment = Environment(folder / "environment")
    environment.install("-c", ROOT / "constraints.txt", build_wheel(folder / "wheel"))
    return environment


def check_plain(folder: Path) -> list[str]:
    """Mistakes of the commands on an installation without extras."""
    environment = install_plainly(folder)
    site = folder / "outside"
    site.mkdir()
    write_scenarios(site)
    used = {expected.arguments.partition(" ")[0] for group in GROUPS for expected in group}
    mistakes = [f"no command line is tried of: {name}" for name in NAMES if name not in used]
    mistakes += check_modules(environment, site) + check_help(environment, site) + check_numbers(environment, site)
    with ThreadPoolExecutor(WORKERS) as pool:
        tried = pool.map(lambda group: [check_command(environment, site, each) for each in group], GROUPS)
        return mistakes + [mistake for group in tried for mistake in group if mistake]


def check_numbers(environment: Environment, site: Path) -> list[str]:
    """Mistakes of the numbers: they must be those of an installation with every extra."""
    arguments = ("compare", "tiny.toml", "--json", "--workers", "1")
    plain = environment.run("simlib", *arguments, cwd=site)
    whole = subprocess.run([sys.executable, "-m", "simlib", *arguments], cwd=site, capture_output=True, text=True)
    equal = plain.returncode == whole.returncode == 0 and plain.stdout == whole.stdout
    return (
        [] if equal else [f"{' '.join(arguments)}: other numbers than with every extra\n{plain.stderr}{whole.stderr}"]
    )


def check_modules(environment: Environment, site: Path) -> list[str]:
    """Mistakes of what is installed: modules of extras, another version, or the package of the repository."""
    code = (
        "import sys, simlib; from importlib.util import find_spec; from importlib.metadata import version;"
        "print(simlib.__version__, version('simlib'), simlib.__file__, *filter(find_spec, sys.argv[1:]))"
    )
    done = environment.run("python", "-c", code, *EXTRAS, cwd=site)
    own, installed, file, *modules = done.stdout.split() if not done.returncode else ("", "", "", done.stderr)
    mistakes = [f"{name} is installed without its extra" for name in modules]
    if (own, installed) != (simlib.__version__, simlib.__version__):
        mistakes.append(f"versions {own} and {installed} are installed, not {simlib.__version__}")
    return mistakes + ([f"{file} is the package of the repository"] if str(ROOT) in file else [])


def check_help(environment: Environment, site: Path) -> list[str]:
    """Mistakes of the help and the version."""
    wanted = [Expected("--help", "compare"), Expected("--version", simlib.__version__)]
    wanted += [Expected(f"{name} --help", "Exit status" if name not in LISTS else "Usage") for name in NAMES]
    with ThreadPoolExecutor(WORKERS) as pool:
        return [mistake for mistake in pool.map(lambda each: check_command(environment, site, each), wanted) if mistake]


LISTS = ("scenarios", "strategies", "presets", "schema")
"""Commands that list what is available; their help names no exit status."""


def check_command(environment: Environment, site: Path, expected: Expected) -> str:
    """The mistake of one command, empty when there is none."""
    begun = time.monotonic()
    done = environment.run("simlib", *expected.arguments.split(), cwd=site)
    print(f"simlib {expected.arguments}: status {done.returncode}, {time.monotonic() - begun:.1f} s", flush=True)
    printed = done.stderr if expected.status else done.stdout + done.stderr  # warnings stand beside the answer
    if done.returncode != expected.status or "Traceback" in done.stderr:
        return f"simlib {expected.arguments}: status {done.returncode}, not {expected.status}\n{done.stderr}"
    if expected.status and len(done.stderr.splitlines()) != 1:
        return f"simlib {expected.arguments}: an error is one line, not\n{done.stderr}"
    found = " ".join(expected.text.split()) in " ".join(printed.split())
    return "" if found else f"simlib {expected.arguments}: does not print {expected.text!r}\n{printed}"


def check_lowest(folder: Path) -> list[str]:
    """Mistakes of the commands' help and of the unit tests with the lowest versions that are allowed."""
    environment = Environment(folder / "environment")
    bounds = folder / "lowest.txt"
    bounds.write_text(pin_lower_bounds(["test"]), encoding="utf-8")
    environment.install("-r", bounds, "-e", ROOT)
    mistakes = check_help(environment, folder)
    arguments = ("-n", str(WORKERS), "--dist", "loadscope", "-p", "no:cacheprovider", "-o", "filterwarnings=default")
    done = environment.run("python", "-m", "pytest", "tests/unit", *arguments, cwd=ROOT)
    print(done.stdout[-4000:])
    return mistakes + ([f"unit tests: status {done.returncode}\n{done.stderr[-2000:]}"] if done.returncode else [])


CHECKS: dict[str, Callable[[Path], Iterable[str]]] = {"plain": check_plain, "lowest": check_lowest}


def main() -> int:
    """Run one check; 1 when it finds mistakes."""
    parser = argparse.ArgumentParser(prog="python tests/installation", description=__doc__)
    parser.add_argument("check", choices=CHECKS)
    with tempfile.TemporaryDirectory(prefix="simlib-") as folder:
        mistakes = list(CHECKS[parser.parse_args().check](Path(folder)))
    for mistake in mistakes:
        print(f"mistake: {mistake}", file=sys.stderr)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())

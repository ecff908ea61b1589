"""Takes one check away at a time and looks whether a test turns red: ``make mutants``.

Works in a copy of the tree. Ends with 1 when a mutant survives that `EQUIVALENT` does not explain.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

sys.path.insert(0, str(Path(__file__).parent))

from mutation_points import ROOT, Mutant, all_mutants  # this folder is no package; it is put on the path above

COPIED = ("simlib", "tests", "data", "pyproject.toml")
EQUIVALENT: dict[str, str] = {}
"""File and old text of mutants that change nothing -> why."""


def copied(folder: Path) -> Path:
    """A copy of what tests need."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*", "traces"))
        else:
            shutil.copy(source, folder / name)
    return folder


def tests_for(mutant: Mutant, tree: Path) -> list[str]:
    """The arguments of pytest: unit tests that speak of the file first, then the contract tests."""
    stem = Path(mutant.file).stem
    words = {stem, "".join(part.title() for part in stem.split("_"))}
    unit = sorted((tree / "tests" / "unit").glob("test_*.py"))
    speaking = [file for file in unit if any(word in file.read_text(encoding="utf-8") for word in words)]
    folder = Path(mutant.file).parent.name
    near = [file for file in unit if f"_{folder}_" in file.name or f"test_{folder}_" in file.name]
    ordered = dict.fromkeys([*speaking, *near])
    return [str(file.relative_to(tree)) for file in ordered] + ["tests/contract"]


def survives(mutant: Mutant, tree: Path, seconds: float) -> bool:
    """Whether all tests stay green with this mutant; one that makes them run for ever is noticed, so it does not."""
    file = tree / mutant.file
    original = file.read_text(encoding="utf-8")
    file.write_text(mutant.applied(original), encoding="utf-8")
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests_for(mutant, tree)]
    try:
        environment = {**os.environ, "PYTHONPATH": str(tree)}
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, timeout=seconds, check=False)
        return done.returncode == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        file.write_text(original, encoding="utf-8")


def run(mutants: Sequence[Mutant], jobs: int, seconds: float) -> list[Mutant]:
    """The survivors; one line per mutant as it is done."""
    trees: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(jobs) as pool:
        for number in range(jobs):
            (Path(scratch) / str(number)).mkdir()
            trees.put(copied(Path(scratch) / str(number)))

        def judged(mutant: Mutant) -> bool:
            tree = trees.get()
            try:
                alive = survives(mutant, tree, seconds)
            finally:
                trees.put(tree)
            print(f"{'SURVIVED' if alive else 'killed':9}{mutant.label}", flush=True)
            return alive

        return [mutant for mutant, alive in zip(mutants, pool.map(judged, mutants), strict=True) if alive]


def unexplained(survivors: Iterable[Mutant]) -> list[Mutant]:
    """Those that nobody has shown to change nothing."""
    return [mutant for mutant in survivors if f"{mutant.file}: {mutant.old}" not in EQUIVALENT]


def main() -> int:
    """Run the chosen mutants and report."""
    parser = argparse.ArgumentParser(prog="mutations", description=__doc__)
    parser.add_argument("--only", default="", help="mutants whose file, line or text holds this")
    parser.add_argument("--list", action="store_true", help="show them and run nothing")
    parser.add_argument("--jobs", type=int, default=2, help="how many at the same time")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds for the tests of one mutant")
    options = parser.parse_args()
    chosen = [mutant for mutant in all_mutants() if options.only in mutant.label]
    if options.list:
        print("\n".join(mutant.label for mutant in chosen))
        return 0
    survivors = unexplained(run(chosen, options.jobs, options.timeout))
    print(f"\n{len(chosen) - len(survivors)} of {len(chosen)} killed or explained")
    print("".join(f"  {mutant.label}\n" for mutant in survivors), end="")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())

"""Takes one check away at a time and looks whether a test turns red: ``make mutants``.

Works in a copy of the tree. Ends with 1 when a mutant survives that `EQUIVALENT` does not explain.
"""

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

sys.path.insert(0, str(Path(__file__).parent))

from kept import EQUIVALENT, keep
from mutation_points import ROOT, Mutant, all_mutants  # this folder is no package; it is put on the path above
from nearby import WITHOUT_PARTS, Chosen, family_of, near_tests, part_names, run_tests

COPIED = ("simlib", "tests", "data", "pyproject.toml")
PROCESSES = multiprocessing.get_context("forkserver")
PRELOADED = ["pytest", "numpy", "pandas", "scipy.stats", "hypothesis", "jwt", "pydantic", "cryptography.x509", "nearby"]
"""What tests need and no mutant changes."""


def copied(folder: Path) -> Path:
    """A copy of what tests need."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*", "traces"))
        else:
            shutil.copy(source, folder / name)
    return folder


def first_failure(tree: Path, arguments: Sequence[str], chosen: Chosen, seconds: float, *, keep: bool = False) -> str:
    """The first test that fails in a tree, empty when none does; running for ever is a failure too."""
    receiving, sending = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=run_tests, args=(tree, arguments, chosen, keep, sending))
    process.start()
    sending.close()
    try:
        return str(receiving.recv()) if receiving.poll(seconds) else "does not end"
    except EOFError:
        return "ends at once"
    finally:
        process.kill()
        process.join()


def killer(mutant: Mutant, tree: Path, seconds: float, thorough: bool) -> str:
    """The first test that turns red with this mutant; empty when it survives."""
    file = tree / mutant.file
    original, times = file.read_text(encoding="utf-8"), file.stat()
    whole = family_of(mutant.file) in WITHOUT_PARTS
    chosen = Chosen(frozenset() if whole else part_names(tree, mutant.file), thorough or whole)
    near = near_tests(tree, mutant.file)
    file.write_text(mutant.applied(original), encoding="utf-8")
    try:
        by = first_failure(tree, near, chosen, seconds) if near else ""
        return by or ("" if whole else first_failure(tree, ("tests/contract",), chosen, seconds))
    finally:
        file.write_text(original, encoding="utf-8")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))  # its bytecode is good again


def run(mutants: Sequence[Mutant], jobs: int, seconds: float, thorough: bool) -> list[str]:
    """What kills each, empty for a survivor; one line per mutant as it is done."""
    trees: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(jobs) as pool:
        for number in range(jobs):
            (Path(scratch) / str(number)).mkdir()
            trees.put(copied(Path(scratch) / str(number)))
            tests = ("tests/unit", "tests/contract", "--collect-only")
            wrong = first_failure(Path(scratch) / str(number), tests, Chosen(frozenset(), True), seconds, keep=True)
            assert not wrong, f"without a mutant: {wrong}"

        def judged(mutant: Mutant) -> str:
            tree = trees.get()
            try:
                by = killer(mutant, tree, seconds, thorough)
            finally:
                trees.put(tree)
            print(f"{'killed' if by else 'SURVIVED':9}{mutant.label}  |  {by}", flush=True)
            return by

        return list(pool.map(judged, mutants))


def unexplained(survivors: Iterable[Mutant]) -> list[Mutant]:
    """Those that nobody has shown to change nothing."""
    return [mutant for mutant in survivors if f"{mutant.file}: {mutant.old}" not in EQUIVALENT]


def main() -> int:
    """Run the chosen mutants and report."""
    parser = argparse.ArgumentParser(prog="mutations", description=__doc__)
    parser.add_argument("--only", nargs="*", default=[""], help="mutants whose file, line or text holds one of these")
    parser.add_argument("--list", action="store_true", help="show them and run nothing")
    parser.add_argument("--jobs", type=int, default=2, help="how many at the same time")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds for the tests of one mutant")
    parser.add_argument(
        "--thorough", action="store_true", help="all contract tests for each, not only those of its parts"
    )
    parser.add_argument("--keep", action="store_true", help="write the outcomes to data/mutations.csv")
    options = parser.parse_args()
    chosen = [mutant for mutant in all_mutants() if any(word in mutant.label for word in options.only)]
    if options.list:
        print("\n".join(mutant.label for mutant in chosen))
        return 0
    PROCESSES.set_forkserver_preload(PRELOADED)
    killers = run(chosen, options.jobs, options.timeout, options.thorough)
    if options.keep:
        keep(chosen, killers)
    survivors = unexplained(mutant for mutant, by in zip(chosen, killers, strict=True) if not by)
    print(f"\n{len(chosen) - len(survivors)} of {len(chosen)} killed or explained")
    print("".join(f"  {mutant.label}\n" for mutant in survivors), end="")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())

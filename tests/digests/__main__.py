"""Digests of every number that simlib reports, before and after a change that must move none: ``make digests``.

One digest per design of every bundled scenario (records of one replication) and one per command (the numbers in its
JSON and in the CSV files of its folder; texts are left out). They go to ``data/digests.csv``; without ``--keep`` they
are compared with what is kept there.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "data" / "digests.csv"
LONGEST_S = 240.0
"""Simulated seconds of a run whose records are digested."""
MACHINE = frozenset({"machine", "versions", "provenance", "created", "started", "wall_s", "took_s", "simlib"})
"""Keys of a document that name a machine or an instant, and no result."""
OWN_SIZE = ("own_nloc", "own_cyclomatic")
"""Beginning of the names of indicators that measure simlib's own source (`make evidence`): changes of it move them."""
SCENARIOS = (
    *("batch-workers", "busy-api", "call-chain", "gateway-defaults", "internal-tool", "mobile-and-things", "web-shop"),
)
COMMANDS: dict[str, tuple[str, ...]] = {
    **{f"compare {name}": ("compare", name, "--replications", "2", "--profiles", "none") for name in SCENARIOS},
    **{f"process {name}": ("process", name) for name in SCENARIOS},
    **{f"effort {name}": ("effort", name) for name in SCENARIOS},
    "effort": ("effort",),
    "compare internal-tool, all profiles": ("compare", "internal-tool", "--replications", "2", "--profiles", "all"),
    "decide internal-tool": ("decide", "internal-tool", "--replications", "4", "--draws", "1000"),
    "decide web-shop": ("decide", "web-shop", "--replications", "4", "--draws", "1000"),
    "bad-days busy-api": ("bad-days", "busy-api"),
    "attacks busy-api": ("attacks", "busy-api", "--all"),
    "attacks mobile-and-things": ("attacks", "mobile-and-things"),
    "sweep internal-tool": (
        "sweep",
        "internal-tool",
        "--vary",
        "ttl",
        "--replications",
        "2",
        "--length",
        "600",
        "--design",
        "opaque",
        "--design",
        "opaque_cached",
    ),
    "theory batch-workers": ("theory", "batch-workers", "--replications", "3"),
}
WITH_FOLDER = ("compare internal-tool", "decide internal-tool", "bad-days", "attacks busy-api", "sweep")
"""Beginnings of the commands whose folders are digested too."""


def numbers_in(value: Any, path: str = "") -> Iterator[str]:
    """Every number and truth value of a JSON document with its place in it, without texts and keys of `MACHINE`."""
    if isinstance(value, dict):
        for key, inner in ({} if _is_own_size(value) else value).items():
            if key not in MACHINE:
                yield from numbers_in(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from numbers_in(inner, f"{path}/{at}")
    elif value is None or isinstance(value, bool | int | float):
        yield f"{path}={value!r}"


def _is_own_size(row: dict[str, Any]) -> bool:
    return any(isinstance(value, str) and value.startswith(OWN_SIZE) for value in row.values())


def numeric_cells(path: Path) -> Iterator[str]:
    """Every cell of a CSV file that is a number, with row and column."""
    with path.open(encoding="utf-8", newline="") as file:
        for at, row in enumerate(csv.DictReader(file)):
            for column, cell in ({} if _is_own_size(row) else row).items():
                try:
                    yield f"{path.name}/{at}/{column}={float(cell)!r}"
                except (TypeError, ValueError):
                    continue


def digest_of(lines: Iterator[str], dump: Path | None, name: str) -> str:
    """SHA-256 over lines, shortened; the lines themselves go to a folder where one is given."""
    text = "\n".join(lines)
    if dump is not None:
        dump.mkdir(parents=True, exist_ok=True)
        (dump / f"{name.replace(' ', '_').replace('/', '_')}.txt").write_text(text, encoding="utf-8")
    return sha256(text.encode()).hexdigest()[:16]


def digest_records(scenario_name: str) -> Iterator[tuple[str, str]]:
    """The records of replication 0 of every design of a bundled scenario, byte by byte."""
    import simlib

    scenario = simlib.load_scenario(scenario_name)
    length = min(LONGEST_S, scenario.run.length_s)
    warm_up = min(scenario.run.warm_up_s, length / 4)
    scenario = scenario.with_run(scenario.run.model_copy(update={"length_s": length, "warm_up_s": warm_up}))
    for design in scenario.designs:
        records = simlib.simulate(scenario, design, replication=0)
        hashed = sha256("|".join(records.names).encode())
        for table in sorted(records.tables):
            for column in sorted(records.tables[table]):
                hashed.update(records.tables[table][column].tobytes())
        yield f"records {scenario_name} {design}", hashed.hexdigest()[:16]


def digest_command(name: str, arguments: tuple[str, ...], dump: Path | None) -> str:
    """What a command prints as JSON and, for some, what its folder holds."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        folder = ("--out", str(out)) if name.startswith(WITH_FOLDER) else ()
        call = [sys.executable, "-m", "simlib", *arguments, *folder, "--json"]
        done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=ROOT)
        if done.returncode not in (0, 1):
            return f"failed: {done.stderr.strip().splitlines()[-1:]}"
        lines = list(numbers_in(json.loads(done.stdout)))
        for path in sorted(out.rglob("*.csv")):
            lines.extend(numeric_cells(path))
        return digest_of(iter(lines), dump, name)


def collect(only: str, dump: Path | None) -> Iterator[tuple[str, str]]:
    """(what, digest) of everything whose name holds a text."""
    for scenario_name in SCENARIOS:
        if only in f"records {scenario_name}":
            yield from digest_records(scenario_name)
    for name, arguments in COMMANDS.items():
        if only in name:
            yield name, digest_command(name, arguments, dump)


def kept_digests() -> dict[str, str]:
    """What was kept last; empty where nothing was."""
    if not KEPT.exists():
        return {}
    with KEPT.open(encoding="utf-8", newline="") as file:
        return {row["what"]: row["digest"] for row in csv.DictReader(file)}


def main() -> int:
    """Print the digests; keep them, or compare them with those kept."""
    parser = argparse.ArgumentParser(prog="digests", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="write them to data/digests.csv")
    parser.add_argument("--only", default="", help="those whose name holds this text")
    parser.add_argument("--dump", type=Path, help="a folder for the numbers themselves, to be compared by diff")
    options = parser.parse_args()
    kept, found, other = kept_digests(), {}, []
    for what, digest in collect(options.only, options.dump):
        found[what] = digest
        same = kept.get(what) == digest
        print(f"{'equal' if same else 'OTHER':6}{digest}  {what}", flush=True)
        other.extend([] if same else [what])
    if options.keep:
        with KEPT.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("what", "digest"))
            writer.writerows(({**kept, **found}).items())
        return 0
    print(f"\n{len(found) - len(other)} of {len(found)} equal")
    return 1 if other else 0


if __name__ == "__main__":
    sys.exit(main())

"""Measures the size and complexity of simlib's own parts with lizard, and keeps them: ``make evidence``.

What is measured is the code that the simulation runs: the definitions of the parts of designs, without tests and
without the seam that all parts share. The results go to ``data/effort/own_code.csv``.

``--units MERGED OLD ...`` measures nothing: it prints the entry of `own_definitions.UNITS` for a file into which others
were merged, from the definitions that those files had at a revision.
"""

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

import lizard

sys.path.insert(0, str(Path(__file__).parent))

from definition_units import Source, Unit, list_groups  # this folder is no package
from own_definitions import PACKAGE, ROOT, digest_unit, find_parts, find_uses, is_measured, list_faults, list_units

RESULTS = ROOT / "data" / "effort" / "own_code.csv"
COLUMNS = ("unit", "parts", "nloc", "functions", "cyclomatic", "uses", "source", "tool")


def measure_unit(unit: Unit) -> dict[str, str]:
    """One row: lines of code without blanks, comments and docstrings, functions, and the sum of their cyclomatic
    complexities.
    """
    found = lizard.analyze_file.analyze_source_code(unit.file, PACKAGE.write_out(unit))
    return {
        "unit": str(unit),
        "parts": find_parts(unit),
        "nloc": str(found.nloc),
        "functions": str(len(found.function_list)),
        "cyclomatic": str(sum(function.cyclomatic_complexity for function in found.function_list)),
        "uses": ";".join(find_uses(unit)),
        "source": digest_unit(unit),
        "tool": f"lizard {lizard.version}",
    }


def measure_all() -> int:
    """Measure every unit anew, unless the table of units has mistakes."""
    if faults := list_faults():
        print("\n".join(faults), file=sys.stderr)
        return 1
    rows = [measure_unit(unit) for unit in list_units()]
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} units, {sum(int(row['nloc']) for row in rows)} NLOC: {RESULTS.relative_to(ROOT)}")
    return 0


def print_entry(merged: str, old: list[str], revision: str) -> int:
    """The entry of the table for a merged file, one unit for each old file, and what has no unit yet."""
    sources = {file: Source(_show(file, revision)) for file in old}
    groups, left = list_groups(PACKAGE.read(merged), sources)
    print(f'"{merged}": {{')
    for unit, names in groups.items():
        quoted = ", ".join(json.dumps(name) for name in names)
        print(f"    {json.dumps(unit)}: ({quoted}{',' if len(names) == 1 else ''}),")
    print("},")
    if not is_measured(merged):
        return 0
    for name in left:
        print(f"in no unit yet: {name}", file=sys.stderr)
    return 1 if left else 0


def _show(file: str, revision: str) -> str:
    call = ["git", "show", f"{revision}:simlib/{file}"]
    return subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def main() -> int:
    """Measure, or print an entry of the table."""
    parser = argparse.ArgumentParser(prog="evidence", description="measure the size of simlib's own parts")
    parser.add_argument("--units", nargs="+", metavar="FILE", help="the merged file, then the files it was made of")
    parser.add_argument("--revision", default="HEAD", help="where the old files are read (HEAD)")
    options = parser.parse_args()
    if options.units:
        return print_entry(options.units[0], options.units[1:], options.revision)
    return measure_all()


if __name__ == "__main__":
    sys.exit(main())

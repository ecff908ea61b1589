"""Measures the size and complexity of simlib's own parts with lizard, and keeps them: ``make evidence``.

What is measured is the code that the simulation runs: the parts of designs, without tests and without the seam that all
parts share. The results go to ``data/effort/own_code.csv``.
"""

import csv
import sys
from pathlib import Path

import lizard

sys.path.insert(0, str(Path(__file__).parent))

from own_files import ROOT, digest, measured_files, parts_of, uses_of  # this folder is no package

RESULTS = ROOT / "data" / "effort" / "own_code.csv"
COLUMNS = ("file", "parts", "nloc", "functions", "cyclomatic", "uses", "source", "tool")


def measured(file: str) -> dict[str, str]:
    """One row: lines of code without blanks, comments and docstrings, functions, and the sum of their cyclomatic
    complexities.
    """
    found = lizard.analyze_file(str(ROOT / "simlib" / file))
    return {
        "file": file,
        "parts": parts_of(file),
        "nloc": str(found.nloc),
        "functions": str(len(found.function_list)),
        "cyclomatic": str(sum(function.cyclomatic_complexity for function in found.function_list)),
        "uses": ";".join(uses_of(file)),
        "source": digest(file),
        "tool": f"lizard {lizard.version}",
    }


def main() -> int:
    """Measure every file anew."""
    rows = [measured(file) for file in measured_files()]
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} files, {sum(int(row['nloc']) for row in rows)} NLOC: {RESULTS.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

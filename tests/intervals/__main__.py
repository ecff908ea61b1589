"""Coverage of the intervals of p95 and p99 at 4 replications, against the closed form of M/M/1: ``make intervals``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.coverage_of_intervals import Coverage
from support.intervals_table import COLUMNS, KEPT, format_row, format_table, measure_all

WIDTH = 12


def main() -> None:
    """Print one line per quantile, utilisation and length, and keep them all in data/intervals.csv."""
    print("".join(f"{column:>{WIDTH + 2}}" for column in COLUMNS))
    rows: list[Coverage] = []
    for row in measure_all():
        print("".join(f"{cell:>{WIDTH + 2}}" for cell in format_row(row)), flush=True)
        rows.append(row)
    KEPT.write_text(format_table(rows), encoding="utf-8")


if __name__ == "__main__":
    main()

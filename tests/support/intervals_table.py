"""Table of the coverage of intervals, kept in data/intervals.csv: its rows, and how it is written and read."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from simlib.analysis.quantiles import FEWEST_EXCURSIONS
from support.coverage_of_intervals import Coverage, measure_coverage

KEPT = Path(__file__).parents[2] / "data" / "intervals.csv"
REPETITIONS = 1500
LOWEST, HIGHEST = 0.93, 0.97
"""What an interval of 95 % without a mark must cover."""
RUNS = (
    *((0.1, 1000), (0.3, 1000), (0.3, 4000), (0.5, 1000), (0.5, 2000), (0.5, 4000)),
    *((0.7, 2000), (0.7, 4000), (0.7, 8000), (0.8, 8000), (0.8, 16000), (0.9, 16000), (0.9, 48000)),
)
"""Utilisation and number of requests of each replication."""
COLUMNS = (*Coverage._fields, "marked")


def measure_all() -> Iterator[Coverage]:
    """Measure both quantiles of each of `RUNS`, some minutes in all."""
    for utilisation, requests in RUNS:
        yield from measure_coverage(utilisation, requests, repetitions=REPETITIONS)


def is_marked(row: Coverage) -> bool:
    """Whether reports mark such an interval as that of a short run."""
    return row.excursions < FEWEST_EXCURSIONS


def format_row(row: Coverage) -> list[str]:
    """Cells of one row in the order of `COLUMNS`."""
    shares = (row.student, row.interval, row.difference)
    counts = (str(number) for number in (row.requests, row.replications, row.repetitions))
    cells = (row.quantile, f"{row.utilisation:g}", *counts, f"{row.excursions:.2f}", *(f"{s:.4f}" for s in shares))
    return [*cells, "yes" if is_marked(row) else "no"]


def format_table(rows: list[Coverage]) -> str:
    """Format all rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *(format_row(row) for row in rows)])
    return text.getvalue()


def read_table() -> list[dict[str, str]]:
    """Read the kept table."""
    with KEPT.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))

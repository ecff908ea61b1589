"""Coverage of the intervals of p95 and p99 at 4 replications, against the closed form of M/M/1: ``make intervals``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from simlib.analysis.quantiles import FEWEST_EXCURSIONS
from support.coverage_of_intervals import measure_coverage

RUNS = (
    *((0.1, 1000), (0.3, 1000), (0.3, 4000), (0.5, 1000), (0.5, 2000), (0.5, 4000)),
    *((0.7, 2000), (0.7, 4000), (0.7, 8000), (0.8, 8000), (0.8, 16000), (0.9, 16000)),
)


def main() -> None:
    """Print one line per quantile, utilisation and length."""
    print("quantile  utilisation  requests  excursions  Student  interval  of a difference")
    for utilisation, requests in RUNS:
        for row in measure_coverage(utilisation, requests, repetitions=600):
            mark = "" if row.excursions >= FEWEST_EXCURSIONS else "  marked as a short run"
            print(
                f"{row.quantile:8}  {utilisation:11.1f}  {requests:8}  {row.excursions:10.1f}  {row.plain:7.3f}  "
                f"{row.interval:8.3f}  {row.difference:15.3f}{mark}"
            )


if __name__ == "__main__":
    main()

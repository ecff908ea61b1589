"""Coverage of the intervals of p95 and p99 at four replications: the kept table, and a small experiment.

The closed form is that of M/M/1: sojourn times are exponential with the rate of service minus that of arrivals.
"""

import math

import numpy as np
import pytest

from support.coverage_of_intervals import measure_coverage
from support.intervals_table import COLUMNS, HIGHEST, LOWEST, REPETITIONS, RUNS, format_row, is_marked, read_table
from support.lindley import compute_sojourn_quantile, draw_sojourns

TABLE = read_table()


def test_the_table_has_every_run() -> None:
    assert [tuple(row) for row in TABLE] == [COLUMNS] * len(TABLE)
    measured = {(row["quantile"], float(row["utilisation"]), int(row["requests"])) for row in TABLE}
    assert measured == {(name, *run) for name in ("p95_s", "p99_s") for run in RUNS}
    assert {(row["replications"], row["repetitions"]) for row in TABLE} == {("4", str(REPETITIONS))}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['quantile']}-{row['utilisation']}-{row['requests']}")
def test_an_interval_covers_what_it_states_or_is_marked(row: dict[str, str]) -> None:
    if row["marked"] == "no":
        assert LOWEST <= float(row["interval"]) <= HIGHEST, row
        assert float(row["difference"]) >= LOWEST
    else:
        assert row["marked"] == "yes"


def test_the_mark_finds_intervals_that_cover_less() -> None:
    short = [row for row in TABLE if not float(row["interval"]) >= LOWEST or float(row["difference"]) < LOWEST]
    assert short
    assert {row["marked"] for row in short} == {"yes"}
    assert sum(row["marked"] == "yes" for row in TABLE) < len(TABLE) / 2


def test_the_table_is_what_the_code_of_today_gives() -> None:
    """The first run is drawn again, from the same seed; where another numpy draws otherwise, chance is allowed for."""
    utilisation, requests = RUNS[0]
    kept = {row["quantile"]: row for row in TABLE if (row["utilisation"], row["requests"]) == ("0.1", "1000")}
    for row in measure_coverage(utilisation, requests, repetitions=300):
        own, old = dict(zip(COLUMNS, format_row(row), strict=True)), kept[row.quantile]
        spread = 4.5 * math.sqrt(0.05 * 0.95 * (1 / 300 + 1 / REPETITIONS))
        assert float(own["excursions"]) == pytest.approx(float(old["excursions"]), rel=0.05)
        assert float(own["interval"]) == pytest.approx(float(old["interval"]), abs=spread)
        assert own["marked"] == old["marked"]


def test_coverage_at_half_load_is_what_is_stated() -> None:
    """A run whose p95 is unmarked, from another seed: the share is within 4.5 standard errors of 95 %."""
    repetitions = 300
    row, _ = measure_coverage(0.5, 1500, repetitions=repetitions, seed=20261130)
    assert not is_marked(row)
    assert abs(row.interval - 0.95) <= 4.5 * math.sqrt(0.05 * 0.95 / repetitions)
    assert row.difference >= 0.95 - 4.5 * math.sqrt(0.05 * 0.95 / repetitions)


@pytest.mark.parametrize("utilisation", [0.2, 0.7])
def test_sojourns_of_the_recursion_have_the_closed_form(utilisation: float) -> None:
    """Stationary from the first customer on: the share of runs beyond the p95 is 5 % at both ends of the run."""
    runs = 4000
    (times,) = draw_sojourns(utilisation, 60, runs, np.random.default_rng(2))
    exact = compute_sojourn_quantile(utilisation, 0.95)
    for number in (0, -1):
        beyond = float((times[number] > exact).mean())
        assert beyond == pytest.approx(0.05, abs=4.5 * math.sqrt(0.05 * 0.95 / runs))

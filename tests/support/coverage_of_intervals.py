"""Coverage of the intervals of quantiles: how often those of a few replications hold the closed form."""

from typing import NamedTuple

import numpy as np

from simlib.analysis.intervals import student
from simlib.analysis.quantiles import (
    EXCURSIONS,
    HALVES,
    compare_quantiles,
    compute_interval,
    correct_values,
    summarise_quantiles,
)
from support.lindley import compute_sojourn_quantile, draw_sojourns

NAMES = {"p95_s": 95.0, "p99_s": 99.0}
SPEEDS = (1.0, 1.1)
"""Of two servers that get the same customers."""


class Coverage(NamedTuple):
    """Shares of repetitions whose interval holds the closed form; ``excursions`` per replication.

    ``plain`` is Student's of the sample quantiles, ``interval`` that of simlib, ``difference`` that of a pair.
    """

    quantile: str
    utilisation: float
    requests: int
    replications: int
    excursions: float
    plain: float
    interval: float
    difference: float


def measure_coverage(
    utilisation: float, requests: int, replications: int = 4, repetitions: int = 300, seed: int = 1
) -> list[Coverage]:
    """Coverage at 95 % of p95 and p99 of M/M/1 sojourn times."""
    runs = replications * repetitions
    sojourns = draw_sojourns(utilisation, requests, runs, np.random.default_rng(seed), SPEEDS)
    figures = [[summarise_quantiles(times[:, run], NAMES) for run in range(runs)] for times in sojourns]
    return [_count(name, [figures[0], figures[1]], utilisation, requests, replications, repetitions) for name in NAMES]


def _count(
    name: str,
    figures: list[list[dict[str, float]]],
    utilisation: float,
    requests: int,
    replications: int,
    repetitions: int,
) -> Coverage:
    exact = [compute_sojourn_quantile(utilisation, NAMES[name] / 100.0, speed) for speed in SPEEDS]
    held = np.zeros(3)
    for repetition in range(repetitions):
        part = slice(repetition * replications, (repetition + 1) * replications)
        rows = [{key: [run[key] for run in own[part]] for key in (name, name + HALVES)} for own in figures]
        own, other = (correct_values(columns, name) for columns in rows)
        assert own is not None
        assert other is not None
        difference = compare_quantiles(rows[0][name], rows[1][name], own, other, 0.95)
        checks = (
            (student(rows[0][name]), exact[0]),
            (compute_interval(rows[0], name), exact[0]),
            (difference, exact[0] - exact[1]),
        )
        held += [not interval.excludes(value) for interval, value in checks]
    excursions = float(np.mean([run[name + EXCURSIONS] for run in figures[0]]))
    return Coverage(name, utilisation, requests, replications, excursions, *(held / repetitions).tolist())

"""Coverage of the intervals of quantiles: how often those of a few replications hold the closed form."""

from collections.abc import Sequence
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
BATCH = 150
"""Repetitions that are drawn at once, so that long runs fit into memory."""

Figures = list[dict[str, float]]
"""Quantiles with their further columns, one entry per run."""


class Coverage(NamedTuple):
    """Shares of repetitions whose interval holds the closed form; ``excursions`` per replication.

    ``student`` is Student's of the sample quantiles, ``interval`` that of simlib, ``difference`` that of a pair.
    """

    quantile: str
    utilisation: float
    requests: int
    replications: int
    repetitions: int
    excursions: float
    student: float
    interval: float
    difference: float


def measure_coverage(
    utilisation: float, requests: int, replications: int = 4, repetitions: int = 300, seed: int = 1
) -> list[Coverage]:
    """Coverage at 95 % of p95 and p99 of M/M/1 sojourn times."""
    rng = np.random.default_rng(seed)
    figures: list[Figures] = [[] for _ in SPEEDS]
    for begin in range(0, repetitions, BATCH):
        runs = replications * min(BATCH, repetitions - begin)
        for own, times in zip(figures, draw_sojourns(utilisation, requests, runs, rng, SPEEDS), strict=True):
            own += [summarise_quantiles(times[:, run], NAMES) for run in range(runs)]
    return [_count(name, figures, utilisation, requests, replications) for name in NAMES]


def _count(name: str, figures: Sequence[Figures], utilisation: float, requests: int, replications: int) -> Coverage:
    exact = [compute_sojourn_quantile(utilisation, NAMES[name] / 100.0, speed) for speed in SPEEDS]
    repetitions = len(figures[0]) // replications
    held = np.zeros(3)
    for repetition in range(repetitions):
        part = slice(repetition * replications, (repetition + 1) * replications)
        held += _hold(name, [own[part] for own in figures], exact)
    excursions = float(np.mean([run[name + EXCURSIONS] for run in figures[0]]))
    shares = (held / repetitions).tolist()
    return Coverage(name, utilisation, requests, replications, repetitions, excursions, *shares)


def _hold(name: str, figures: Sequence[Figures], exact: Sequence[float]) -> list[bool]:
    """Whether Student's interval, that of simlib and that of the difference hold the closed form."""
    rows = [{key: [run[key] for run in own] for key in (name, name + HALVES)} for own in figures]
    own, other = (correct_values(columns, name) for columns in rows)
    assert own is not None
    assert other is not None
    difference = compare_quantiles(rows[0][name], rows[1][name], own, other, 0.95)
    checks = (
        (student(rows[0][name]), exact[0]),
        (compute_interval(rows[0], name), exact[0]),
        (difference, exact[0] - exact[1]),
    )
    return [not interval.excludes(value) for interval, value in checks]

"""Quantiles in a gap between two kinds of requests: marked wherever four replications cover less than 93 to 97 %.

Requests are hits or misses of a cache: hits take an exponential time, misses begin where hits have ended.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from simlib.analysis.quantiles import GAP, compute_interval, lies_in_gap, rests_on_few_excursions, summarise_quantiles
from support.intervals_table import HIGHEST, LOWEST
from support.lindley import draw_sojourns

Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]
HIT_S, GAP_S, MISS_S = 1.0, 20.0, 4.0
REPLICATIONS, REPETITIONS = 4, 150
ERROR = math.sqrt(0.05 * 0.95 / REPETITIONS)


class Coverage(NamedTuple):
    covered: float
    marked: float


def draw_mixture(misses: float) -> Draw:
    def draw(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        is_miss = rng.random(size) < misses
        return np.where(is_miss, GAP_S + rng.exponential(MISS_S, size), rng.exponential(HIT_S, size))

    return draw


def compute_mixture_quantile(misses: float, beyond: float) -> float:
    """Closed form; that a hit takes longer than the gap has a probability of exp(-20)."""
    if misses >= beyond:
        return GAP_S + MISS_S * math.log(misses / beyond)
    return -HIT_S * math.log((beyond - misses) / (1.0 - misses))


def measure(
    draw: Draw, exact: float, percentage: float, size: int, seed: int, repetitions: int = REPETITIONS
) -> Coverage:
    rng, held, marked = np.random.default_rng(seed), 0, 0
    for _ in range(repetitions):
        runs = [summarise_quantiles(draw(rng, size), {"q": percentage}) for _ in range(REPLICATIONS)]
        rows = {name: [run[name] for run in runs] for name in runs[0]}
        held += not compute_interval(rows, "q").excludes(exact)
        marked += lies_in_gap(rows, "q")
        assert not rests_on_few_excursions(rows, "q")
    return Coverage(held / repetitions, marked / repetitions)


@pytest.mark.parametrize(("percentage", "size"), [(95.0, 1000), (99.0, 3000)])
def test_a_quantile_in_the_gap_is_marked_for_its_interval_covers_too_little(percentage: float, size: int) -> None:
    """Just as many misses as lie beyond the quantile: half of the replications give that of a hit."""
    beyond = 1.0 - percentage / 100.0
    measured = measure(draw_mixture(beyond), compute_mixture_quantile(beyond, beyond), percentage, size, 1, 400)
    assert measured.covered < LOWEST
    assert measured.marked >= 0.99


@pytest.mark.parametrize(("percentage", "size"), [(95.0, 1000), (99.0, 3000)])
@pytest.mark.parametrize("errors", [-5.0, 5.0])
def test_further_from_the_gap_it_covers_and_is_hardly_marked(percentage: float, size: int, errors: float) -> None:
    """So many standard errors of the share of misses of one replication from it."""
    beyond = 1.0 - percentage / 100.0
    misses = beyond + errors * math.sqrt(beyond * (1 - beyond) / size)
    measured = measure(draw_mixture(misses), compute_mixture_quantile(misses, beyond), percentage, size, 2)
    assert LOWEST - 2 * ERROR <= measured.covered <= HIGHEST + 2 * ERROR
    assert measured.marked <= 0.05


@pytest.mark.parametrize("errors", [-2.0, -1.0, 1.0, 2.0])
def test_next_to_the_gap_it_is_marked_or_covers(errors: float) -> None:
    """Between them both happen, and the interval covers enough, or too much."""
    size, beyond = 1000, 0.05
    misses = beyond + errors * math.sqrt(beyond * (1 - beyond) / size)
    measured = measure(draw_mixture(misses), compute_mixture_quantile(misses, beyond), 95.0, size, 3)
    assert measured.covered >= LOWEST - 2 * ERROR
    assert measured.marked >= 0.8


FAST: dict[str, Draw] = {
    "exponential": lambda rng, size: np.minimum(rng.exponential(1.0, size), 9.0),
    "normal": lambda rng, size: rng.normal(5.0, 1.0, size).clip(0.0, 9.0),
    "lognormal": lambda rng, size: np.minimum(rng.lognormal(0.0, 0.6, size), 9.0),
}
SLOW: dict[str, Draw] = {
    "exponential": lambda rng, size: rng.exponential(4.0, size),
    "constant": lambda rng, size: np.full(size, 0.5),
    "normal": lambda rng, size: rng.normal(6.0, 2.0, size).clip(0.0),
    "lognormal": lambda rng, size: 2.0 * rng.lognormal(0.0, 1.0, size),
}
KINDS = [(fast, slow, between) for fast in FAST for slow in SLOW for between in (0.0, 0.1)]


def mark_kinds(fast: str, slow: str, between: float, share: float, percentage: float, size: int, seed: int) -> float:
    """How often a quantile is marked: fast requests end at 9, slow ones begin at 25, some of a third kind at 12."""
    rng, marked, repetitions = np.random.default_rng(seed), 0, 4
    for _ in range(repetitions):
        shares = []
        for _ in range(REPLICATIONS):
            kind = rng.random(size)
            middle = np.where(kind < share + between, rng.uniform(10.0, 12.0, size), FAST[fast](rng, size))
            latency = np.where(kind < share, 25.0 + SLOW[slow](rng, size), middle)
            shares.append(summarise_quantiles(latency, {"q": percentage})["q" + GAP])
        marked += lies_in_gap({"q" + GAP: shares}, "q")
    return marked / repetitions


@pytest.mark.parametrize(("percentage", "size"), [(95.0, 400), (95.0, 1500), (99.0, 1500), (99.0, 4000)])
def test_up_to_a_standard_error_from_a_gap_between_kinds_of_requests_it_is_marked(percentage: float, size: int) -> None:
    """Whatever the kinds, two or three of them: with 4.6 to 5.4 % of slow ones at p95 of 3,000 requests, say."""
    beyond = 1.0 - percentage / 100.0
    error = math.sqrt(beyond * (1 - beyond) / size)
    marked = [
        mark_kinds(*kinds, beyond + errors * error, percentage, size, number)
        for number, kinds in enumerate(KINDS)
        for errors in (-1.0, -0.5, 0.0, 0.5, 1.0)
    ]
    assert np.mean(marked) >= 0.99


SMOOTH: dict[str, Draw] = {
    "exponential": lambda rng, size: rng.exponential(1.0, size),
    "normal": lambda rng, size: rng.normal(10.0, 1.0, size),
    "lognormal": lambda rng, size: rng.lognormal(0.0, 1.0, size),
    "uniform": lambda rng, size: rng.random(size),
    "Pareto": lambda rng, size: rng.pareto(2.5, size),
    "gamma": lambda rng, size: rng.gamma(2.0, 1.0, size),
    "Weibull": lambda rng, size: rng.weibull(0.5, size),
    "two normal kinds": lambda rng, size: rng.normal(np.where(rng.random(size) < 0.5, 5.0, 9.0), 1.5),
    "two exponential kinds": lambda rng, size: rng.exponential(np.where(rng.random(size) < 0.05, 10.0, 1.0)),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_distributions_without_a_gap_are_hardly_marked(name: str) -> None:
    rng, marked, count = np.random.default_rng(4), 0, 0
    for size, percentage in [(300, 95.0), (1000, 95.0), (1000, 99.0), (4000, 99.0)]:
        for _ in range(40):
            runs = [summarise_quantiles(SMOOTH[name](rng, size), {"q": percentage}) for _ in range(REPLICATIONS)]
            marked += lies_in_gap({"q" + GAP: [run["q" + GAP] for run in runs]}, "q")
            count += 1
    assert marked <= 0.02 * count


@pytest.mark.parametrize("utilisation", [0.1, 0.5, 0.9])
def test_queues_are_not_marked(utilisation: float) -> None:
    (times,) = draw_sojourns(utilisation, 4000, 40, np.random.default_rng(5))
    shares = [summarise_quantiles(times[:, run], {"q": 99.0})["q" + GAP] for run in range(40)]
    assert not any(lies_in_gap({"q" + GAP: shares[n : n + 4]}, "q") for n in range(0, 40, 4))


@pytest.mark.parametrize(
    ("latency", "marked"),
    [
        ([0.01] * 950 + [0.03] * 50, True),
        ([0.01] * 1000, False),
        ([0.01] * 500 + [0.03] * 500, False),
        ([0.01] * 19 + [0.03], False),  # too few to say
        ([], False),
    ],
)
def test_latencies_of_few_values(latency: list[float], marked: bool) -> None:
    rng: Any = np.random.default_rng(6)
    run = summarise_quantiles(rng.permutation(np.array(latency)), {"q": 95.0})
    assert lies_in_gap({name: [value] for name, value in run.items()}, "q") is marked

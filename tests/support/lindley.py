"""Sojourn times of the M/M/1 queue by Lindley's recursion, of many runs at once: the quickest known answer there is."""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def draw_sojourns(
    utilisation: float, requests: int, runs: int, rng: np.random.Generator, speeds: tuple[float, ...] = (1.0,)
) -> list[Floats]:
    """Times of shape (requests, runs) in units of the mean service, one array per speed, all from the same customers.

    Every run begins stationary: the first request meets the work that an arrival meets.
    """
    meets, work = rng.random(runs), rng.exponential(size=runs)
    waits = [np.where(meets < utilisation / speed, work / (speed - utilisation), 0.0) for speed in speeds]
    sojourns = [np.empty((requests, runs)) for _ in speeds]
    for number in range(requests):
        service, gap = rng.exponential(size=runs), rng.exponential(size=runs) / utilisation
        for which, speed in enumerate(speeds):
            sojourns[which][number] = waits[which] + service / speed
            waits[which] = np.maximum(0.0, sojourns[which][number] - gap)
    return sojourns


def compute_sojourn_quantile(utilisation: float, share: float, speed: float = 1.0) -> float:
    """The time that this share of the customers does not exceed: exponential with the rate speed - utilisation."""
    return -math.log(1.0 - share) / (speed - utilisation)

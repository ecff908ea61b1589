"""Arrivals whose rate changes: piecewise constant intensities, inverted exactly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simlib.scenario.variates import Variates
from simlib.scenario.world import BurstyLoad, DailyLoad, OpenLoad

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Intensity:
    """Requests per second, constant between edges: ``rates[i]`` from ``edges[i]`` to ``edges[i + 1]`` (seconds)."""

    edges: Floats
    rates: Floats

    def cumulative(self) -> Floats:
        """Expected requests up to each edge."""
        return np.concatenate(([0.0], np.cumsum(np.diff(self.edges) * self.rates)))


def arrival_times(intensity: Intensity, variates: Variates) -> Floats:
    """A Poisson process of this intensity between its first and last edge, in seconds.

    A unit-rate process in operational time, carried over by the inverse of the expected number of requests
    (Cinlar 1975, section 4.7).
    """
    expected = intensity.cumulative()
    operational = unit_times(float(expected[-1]), variates)
    # Stretches without arrivals have no inverse; leaving their inner edges out keeps the rest increasing.
    keep = np.concatenate(([True], np.diff(expected) > 0))
    keep[:-1] |= keep[1:]
    times: Floats = np.interp(operational, expected[keep], intensity.edges[keep])
    return times


def constant(rate: float, horizon: float) -> Intensity:
    """The same rate until the horizon (seconds)."""
    return Intensity(np.array([0.0, horizon]), np.array([rate]))


def intensity_of(load: OpenLoad, horizon: float, variates: Variates) -> Intensity:
    """The intensity of a load until the horizon; a bursty one is drawn."""
    if isinstance(load, DailyLoad):
        return _daily(load, horizon)
    if isinstance(load, BurstyLoad):
        return _bursty(load, horizon, variates)
    return constant(load.arrival_rate, horizon)


def _daily(load: DailyLoad, horizon: float) -> Intensity:
    parts = len(load.profile)
    width = load.period_s / parts
    weights = np.array(load.profile)
    first = int(load.begin_s // width)
    starts = np.arange(first, first + int(np.ceil(horizon / width)) + 2)
    edges = np.clip(starts * width - load.begin_s, 0.0, horizon)
    rates = load.arrival_rate * weights / weights.mean()
    return Intensity(edges, rates[starts[:-1] % parts])


def _bursty(load: BurstyLoad, horizon: float, variates: Variates) -> Intensity:
    """States from their own variates; the first state as it is found at a random instant."""
    in_burst = load.burst_s / (load.quiet_s + load.burst_s)
    begins_in_burst = variates.one("load.state", 0, 0) < in_burst
    means = (load.burst_s, load.quiet_s) if begins_in_burst else (load.quiet_s, load.burst_s)
    rates = (load.burst_rate, load.quiet_rate) if begins_in_burst else (load.quiet_rate, load.burst_rate)
    count = int(4 * horizon / (load.quiet_s + load.burst_s)) + 20
    while True:
        mean = np.resize(np.array(means), count)
        # Exponential times forget how long they have lasted, so the first one needs no correction.
        edges = np.concatenate(([0.0], np.cumsum(-np.log1p(-variates.column("load.state", count)) * mean)))
        if edges[-1] >= horizon:
            return Intensity(np.minimum(edges, horizon), np.resize(np.array(rates), count))
        count *= 2


def unit_times(until: float, variates: Variates) -> Floats:
    """A Poisson process of rate 1 up to an instant, from exponential gaps."""
    count = int(until + 6 * np.sqrt(until) + 20)
    while True:
        times = np.cumsum(-np.log1p(-variates.column("load.gap", count)))
        if times[-1] >= until:
            return times[times < until]
        count *= 2

"""Instants of arrivals of open loads: Poisson processes of piecewise constant rate, as an array or block by block."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simlib.scenario.loads import BurstyLoad, DailyLoad, OpenLoad
from simlib.scenario.variates import Variates

CHUNK = 4096
BLOCK = 16 * CHUNK
"""Instants that are drawn at a time in a run that keeps none."""
Floats = NDArray[np.float64]


class ArrivalTimes(Protocol):
    """Instants of arrivals in seconds, ascending, which are read block by block."""

    def __len__(self) -> int:
        """Number of arrivals."""

    def iterate_blocks(self) -> Iterator[Floats]:
        """Iterate over all instants, a few thousand or more at a time."""


class StoredTimes:
    """Instants in an array."""

    def __init__(self, times: Floats) -> None:
        self._times = times

    def __len__(self) -> int:
        return len(self._times)

    def iterate_blocks(self) -> Iterator[Floats]:
        """Iterate over parts of the array."""
        return (self._times[begin : begin + CHUNK] for begin in range(0, len(self._times), CHUNK))


@dataclass(frozen=True, eq=False)
class Intensity:
    """Requests per second, constant between edges: ``rates[i]`` from ``edges[i]`` to ``edges[i + 1]`` (seconds)."""

    edges: Floats
    rates: Floats

    def cumulative(self) -> Floats:
        """Expected requests up to each edge."""
        return np.concatenate(([0.0], np.cumsum(np.diff(self.edges) * self.rates)))


def draw_arrival_times(intensity: Intensity, variates: Variates) -> Floats:
    """A Poisson process of this intensity between its first and last edge, in seconds.

    A unit-rate process in operational time, carried over by the inverse of the expected number of requests
    (Cinlar 1975, section 4.7).
    """
    expected, edges = _list_operational_edges(intensity)
    times: Floats = np.interp(draw_unit_times(float(expected[-1]), variates), expected, edges)
    return times


def _list_operational_edges(intensity: Intensity) -> tuple[Floats, Floats]:
    """Edges of an intensity in operational time, and the same in seconds."""
    expected = intensity.cumulative()
    # Stretches without arrivals have no inverse; leaving their inner edges out keeps the rest increasing.
    keep = np.concatenate(([True], np.diff(expected) > 0))
    keep[:-1] |= keep[1:]
    return expected[keep], intensity.edges[keep]


class PoissonTimes:
    """The instants of `draw_arrival_times`, drawn anew whenever they are read: a long run keeps none of them.

    ``horizon`` in seconds: there are none at it or after.
    """

    def __init__(self, intensity: Intensity, horizon: float, variates: Variates) -> None:
        self._expected, self._edges = _list_operational_edges(intensity)
        self._horizon = horizon
        self._variates = variates
        self._count = sum(map(len, self.iterate_blocks()))

    def __len__(self) -> int:
        return self._count

    def iterate_blocks(self) -> Iterator[Floats]:
        """Iterate over the instants."""
        last, until = 0.0, float(self._expected[-1])
        for begin in count(0, BLOCK):
            gaps = -np.log1p(-self._variates.draw_block("load.gap", begin, BLOCK))
            gaps[0] += last  # the sum goes on as if the column was one
            times = np.cumsum(gaps)
            last = float(times[-1])
            instants = np.interp(times[times < until], self._expected, self._edges)
            yield instants[instants < self._horizon]
            if last >= until:
                return


def build_constant_intensity(rate: float, horizon: float) -> Intensity:
    """The same rate until the horizon (seconds)."""
    return Intensity(np.array([0.0, horizon]), np.array([rate]))


def build_intensity(load: OpenLoad, horizon: float, variates: Variates) -> Intensity:
    """The intensity of a load until the horizon; a bursty one is drawn."""
    if isinstance(load, DailyLoad):
        return _build_daily(load, horizon)
    if isinstance(load, BurstyLoad):
        return _draw_bursty(load, horizon, variates)
    return build_constant_intensity(load.arrival_rate, horizon)


def _build_daily(load: DailyLoad, horizon: float) -> Intensity:
    parts = len(load.profile)
    width = load.period_s / parts
    weights = np.array(load.profile)
    first = int(load.begin_s // width)
    starts = np.arange(first, first + int(np.ceil(horizon / width)) + 2)
    edges = np.clip(starts * width - load.begin_s, 0.0, horizon)
    rates = load.arrival_rate * weights / weights.mean()
    return Intensity(edges, rates[starts[:-1] % parts])


def _draw_bursty(load: BurstyLoad, horizon: float, variates: Variates) -> Intensity:
    """States from their own variates; the first state as it is found at a random instant."""
    in_burst = load.burst_s / (load.quiet_s + load.burst_s)
    begins_in_burst = variates.draw_one("load.state", 0, 0) < in_burst
    means = (load.burst_s, load.quiet_s) if begins_in_burst else (load.quiet_s, load.burst_s)
    rates = (load.burst_rate, load.quiet_rate) if begins_in_burst else (load.quiet_rate, load.burst_rate)
    count = int(4 * horizon / (load.quiet_s + load.burst_s)) + 20
    while True:
        mean = np.resize(np.array(means), count)
        # Exponential times forget how long they have lasted, so the first one needs no correction.
        edges = np.concatenate(([0.0], np.cumsum(-np.log1p(-variates.draw_column("load.state", count)) * mean)))
        if edges[-1] >= horizon:
            return Intensity(np.minimum(edges, horizon), np.resize(np.array(rates), count))
        count *= 2


def draw_unit_times(until: float, variates: Variates) -> Floats:
    """A Poisson process of rate 1 up to an instant, from exponential gaps."""
    count = int(until + 6 * np.sqrt(until) + 20)
    while True:
        times = np.cumsum(-np.log1p(-variates.draw_column("load.gap", count)))
        if times[-1] >= until:
            return times[times < until]
        count *= 2

"""Arrivals of requests: open loads (Poisson processes of piecewise constant rate) and closed loads.

Under a closed load a fixed number of users each think, send a request, wait for the answer and think again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlib.engine.driver import Driver
from simlib.engine.hosts import Handler, Replica
from simlib.engine.kernel import Callbacks, Kernel, Occurrence
from simlib.engine.task import Task
from simlib.scenario.loads import BurstyLoad, ClosedLoad, DailyLoad, OpenLoad
from simlib.scenario.variates import Variates

CHUNK = 4096


def schedule_arrivals(
    kernel: Kernel,
    driver: Driver,
    times: NDArray[np.float64],
    host: Replica,
    entry: Handler,
    begin: Callable[[Task], Any] | None,
    hosts: list[Replica] | None = None,
    flush: Callable[[], None] = lambda: None,
) -> None:
    """Let request i start at ``times[i]`` (seconds) with the generator ``entry(i)`` or ``entry(begin(task))``.

    It starts on ``host``, or on ``hosts[i]``. Only one arrival at a time is in the event list. ``flush`` is called
    after every few thousand of them.
    """
    queue, event_numbers, remaining = kernel._queue, kernel._eid, _iterate(times, flush)
    new_task, spare, advance = driver.new_task, driver.spare, driver.advance

    def arrive(task: Task) -> None:
        while True:
            number, event, following = task.subject, None, next(remaining, None)
            if following is not None:
                after = spare.pop() if spare else new_task(number, number)
                after.subject = after.key = number + 1
                after.callbacks = on_arrival
                event = (following, number + 1, next(event_numbers), after)  # as `Kernel.schedule_at` makes it
                heappush(queue, event)  # type: ignore[misc]
            task.arrival = kernel._now
            task.host = host if hosts is None else hosts[number]
            task.send = entry(number if begin is None else begin(task)).send
            advance(task, None)
            if event is None or queue[0] is not event:
                return
            # Nothing comes before the next arrival: it need not go back to the kernel, which would call this again.
            kernel._now, _, _, task = event
            heappop(queue)

    on_arrival: Callbacks = [arrive]
    if len(times):
        first = new_task(0, 0)
        first.callbacks = on_arrival
        kernel.schedule_at(first, next(remaining), 0)


def _iterate(times: NDArray[np.float64], flush: Callable[[], None]) -> Iterator[float]:
    """Iterate over the values, few of which are Python objects at a time: these take four times the memory."""

    def list_chunks() -> Iterator[list[float]]:
        for begin in range(0, len(times), CHUNK):
            flush()
            yield times[begin : begin + CHUNK].tolist()

    return chain.from_iterable(list_chunks())


Floats = NDArray[np.float64]


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
    expected = intensity.cumulative()
    operational = draw_unit_times(float(expected[-1]), variates)
    # Stretches without arrivals have no inverse; leaving their inner edges out keeps the rest increasing.
    keep = np.concatenate(([True], np.diff(expected) > 0))
    keep[:-1] |= keep[1:]
    times: Floats = np.interp(operational, expected[keep], intensity.edges[keep])
    return times


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


@dataclass(frozen=True, eq=False)
class Cycles:
    """Think times in seconds (users, most cycles). Request ``user * cycles + k`` is a user's k-th, in any design."""

    thinks: NDArray[np.float64]

    def __len__(self) -> int:
        return int(self.thinks.size)

    @property
    def users(self) -> NDArray[np.int64]:
        """The user of each request (n,)."""
        return np.repeat(np.arange(len(self.thinks)), self.thinks.shape[1])

    @property
    def earliest(self) -> NDArray[np.float64]:
        """When each request would come if answers took no time (n,), seconds."""
        earliest: NDArray[np.float64] = np.cumsum(self.thinks, axis=1).ravel()
        return earliest


def draw_cycles(load: ClosedLoad, users: int, horizon: float, variates: Variates) -> Cycles:
    """More think times than can be used up before the horizon (seconds), even if answers took no time."""
    count = int(1.5 * horizon / load.think.mean()) + 10
    while True:
        thinks = load.think.invert(variates.draw_column("load.think", users * count)).reshape(users, count)
        if (thinks.sum(axis=1) >= horizon).all():
            return Cycles(thinks)
        count *= 2


class ClosedUsers:
    """Starts requests when their users have thought."""

    def __init__(
        self,
        kernel: Kernel,
        driver: Driver,
        cycles: Cycles,
        host: Replica,
        entry: Handler,
        begin: Callable[[Task], Any] | None,
        hosts: list[Replica] | None = None,
    ) -> None:
        self._kernel = kernel
        self._driver = driver
        self._thinks: list[float] = cycles.thinks.ravel().tolist()
        self._per_user = cycles.thinks.shape[1]
        self._hosts = hosts
        self._host = host
        self._entry = entry
        self._begin = begin

    def start(self) -> None:
        """Let every user think before the first request."""
        for first in range(0, len(self._thinks), self._per_user):
            self._think(first, 0.0)

    def note_answer(self, request: int, now: float) -> None:
        """The user of this request has the answer and thinks about the next one."""
        if (request + 1) % self._per_user:
            self._think(request + 1, now)

    def _think(self, request: int, now: float) -> None:
        over = Occurrence(self._kernel, [partial(self._send_request, request)])
        self._kernel.schedule_at(over, now + self._thinks[request], request)

    def _send_request(self, request: int, _: Occurrence) -> None:
        task = self._driver.new_task(request, request)
        task.arrival = self._kernel._now
        host = self._host if self._hosts is None else self._hosts[request]
        self._driver.start(task, host, self._entry(request if self._begin is None else self._begin(task)))

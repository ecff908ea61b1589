"""Arrivals of requests at given instants, and of the users of a closed load.

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

from simlib.engine.arrival_times import CHUNK, ArrivalTimes
from simlib.engine.driver import Driver
from simlib.engine.hosts import Handler, Replica
from simlib.engine.kernel import Callbacks, Kernel, Occurrence
from simlib.engine.task import Task
from simlib.scenario.loads import ClosedLoad
from simlib.scenario.variates import Variates


def schedule_arrivals(
    kernel: Kernel,
    driver: Driver,
    times: ArrivalTimes,
    host: Replica,
    entry: Handler,
    begin: Callable[[Task], Any] | None,
    hosts: list[Replica] | None = None,
    flush: Callable[[], None] = lambda: None,
) -> None:
    """Let request i start at the i-th of ``times`` with the generator ``entry(i)`` or ``entry(begin(task))``.

    It starts on ``host``, or on ``hosts[i]``. Only one arrival at a time is in the event list. ``flush`` is called
    after every few thousand of them.
    """
    queue, event_numbers, remaining = (
        kernel._queue,
        kernel._eid,
        _iterate(times, flush, partial(driver.window.make_room, tasks=driver.tasks)),
    )
    window = driver.window
    new_task, spare, advance = driver.new_task, driver.spare, driver.advance

    def arrive(task: Task) -> None:
        while True:
            number, event, following = task.subject, None, next(remaining, None)
            if following is not None:
                after = spare.pop() if spare else new_task(number, number)
                after.subject = after.key = number + 1
                after.place = (number + 1) & window.mask
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


def _iterate(times: ArrivalTimes, flush: Callable[[], None], make_room: Callable[[int], None]) -> Iterator[float]:
    """Iterate over the values, few of which are Python objects at a time: these take four times the memory."""

    def list_chunks() -> Iterator[list[float]]:
        arrived = 0
        for block in times.iterate_blocks():
            for begin in range(0, len(block), CHUNK):
                flush()
                chunk = block[begin : begin + CHUNK].tolist()
                arrived += len(chunk)
                make_room(arrived - 1)
                yield chunk

    return chain.from_iterable(list_chunks())


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

"""Closed load: a fixed number of users, each of whom thinks, sends a request, waits for the answer and thinks again."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlib.engine.driver import Driver
from simlib.engine.hosts import Handler, Replica
from simlib.engine.kernel import Kernel, Occurrence
from simlib.engine.task import Task
from simlib.scenario.loads import ClosedLoad
from simlib.scenario.variates import Variates


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

"""Threads of a server that gives one to each request: kept from arrival to answer, also while it waits for others.

The CPU is the station's matter. A request first gets a thread, in order of arrival, then shares the workers (cores).
"""

from collections import deque

from simlib.engine.stations.base import Sample
from simlib.engine.task import Task

Held = tuple[Task, int]
"""A task and how deep in its calls it is: it may hold a thread on every host that it is nested in."""


class Threads:
    """The threads of one replica and the requests that wait for one."""

    form = "threads"
    __slots__ = ("_arrivals", "_busy", "_free", "_last", "_limit", "_number", "_present", "_since", "_waiting")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._free = limit
        self._waiting: deque[Task] = deque()
        self._since: dict[Held, float] = {}
        self._number = 0
        self._last = 0.0
        self._busy = 0.0
        self._present = 0.0
        self._arrivals = 0

    def _integrate(self, now: float) -> None:
        elapsed = now - self._last
        self._present += self._number * elapsed
        self._busy += (self._limit - self._free) * elapsed
        self._last = now

    def enter(self, task: Task, now: float) -> bool:
        """A request arrives; whether it has a thread at once. Otherwise `leave` names it later."""
        self._integrate(now)
        self._number += 1
        self._arrivals += 1
        self._since[task, len(task.frames)] = now
        if self._free:
            self._free -= 1
            return True
        self._waiting.append(task)
        return False

    def leave(self, task: Task, now: float) -> tuple[float, Task | None]:
        """The request is answered: when it had arrived, and who gets its thread."""
        self._integrate(now)
        self._number -= 1
        since = self._since.pop((task, len(task.frames) + 1))
        if self._waiting:
            return since, self._waiting.popleft()
        self._free += 1
        return since, None

    def move(self, one: Held, other: Held) -> None:
        """What one held, if it is here, another holds from now on."""
        since = self._since.pop(one, None)
        if since is not None:
            self._since[other] = since

    def crash(self, now: float) -> None:
        """Everybody who is here is lost."""
        self._integrate(now)
        self._waiting.clear()
        self._since.clear()
        self._number = 0
        self._free = self._limit

    def present(self) -> list[tuple[Task, float]]:
        """Who is here, with a thread or without, and since when."""
        return [(task, since) for (task, _), since in self._since.items()]

    def sample(self, now: float) -> Sample:
        """The integrals of threads held and of requests present, up to now."""
        self._integrate(now)
        return Sample(self._busy, self._present, self._number, self._arrivals)

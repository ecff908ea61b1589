"""FIFO by events: jobs wait in a queue, and a job may keep its worker over several services of unknown length.

This is an event loop with run to completion: between two waits a request is not interrupted by another.
"""

from collections import deque
from typing import ClassVar

from simlib.engine.kernel import Kernel
from simlib.engine.stations.base import Occupancy, SteadyStation
from simlib.engine.task import Task


class FifoEvents(Occupancy, SteadyStation):
    """Idle workers and a queue."""

    form: ClassVar[str] = "fifo_events"
    discipline: ClassVar[str] = "fifo"
    looks_ahead: ClassVar[bool] = False
    varies: ClassVar[bool] = False
    __slots__ = ("_queue", "_schedule_at")

    def __init__(self, kernel: Kernel, workers: int) -> None:
        super().__init__(workers)
        self._schedule_at = kernel.schedule_at
        self._queue: deque[Task] = deque()

    def enter(self, task: Task, seconds: float, now: float) -> None:
        """Take in a job; it is served at once when a worker is idle."""
        elapsed = now - self._last  # `_integrate`, written out: a call for each service would be felt
        self._present += self._number * elapsed
        self._busy += (self._workers - self._idle) * elapsed
        self._last = now
        self._number += 1
        self._arrivals += 1
        if self._idle:
            self._idle -= 1
            self._schedule_at(task, now + seconds, task.key)
        else:
            task.seconds = seconds
            self._queue.append(task)

    def extend(self, task: Task, seconds: float, now: float) -> None:
        """Serve the same job further; none overtakes it."""
        self._schedule_at(task, now + seconds, task.key)

    def leave(self, task: Task, now: float) -> None:
        """Turn to the next job in the queue."""
        elapsed = now - self._last  # as above
        self._present += self._number * elapsed
        self._busy += (self._workers - self._idle) * elapsed
        self._last = now
        self._number -= 1
        if self._queue:
            waiting = self._queue.popleft()
            self._schedule_at(waiting, now + waiting.seconds, waiting.key)
        else:
            self._idle += 1

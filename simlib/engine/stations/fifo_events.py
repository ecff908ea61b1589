"""FIFO by events: jobs wait in a queue, and a job may keep its worker over several services of unknown length.

This is an event loop with run to completion: between two waits a request is not interrupted by another.
"""

from collections import deque

from simlib.engine.kernel import Kernel
from simlib.engine.stations.base import Sample
from simlib.engine.task import Task


class FifoEvents:
    """Idle workers and a queue; the integrals are kept by counting jobs as they come and go."""

    form = "fifo_events"
    __slots__ = ("_arrivals", "_busy", "_idle", "_last", "_number", "_present", "_queue", "_schedule_at", "_workers")

    def __init__(self, kernel: Kernel, workers: int) -> None:
        self._schedule_at = kernel.schedule_at
        self._workers = workers
        self._idle = workers
        self._queue: deque[Task] = deque()
        self._number = 0
        self._last = 0.0
        self._busy = 0.0
        self._present = 0.0
        self._arrivals = 0

    def _integrate(self, now: float) -> None:
        elapsed = now - self._last
        self._present += self._number * elapsed
        self._busy += (self._workers - self._idle) * elapsed
        self._last = now

    def enter(self, task: Task, seconds: float, now: float) -> None:
        """A job arrives and is served at once when a worker is idle."""
        elapsed = now - self._last
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
        """The same job goes on; nobody overtakes it."""
        self._schedule_at(task, now + seconds, task.key)

    def leave(self, task: Task, now: float) -> None:
        """The worker turns to the next job in the queue."""
        elapsed = now - self._last
        self._present += self._number * elapsed
        self._busy += (self._workers - self._idle) * elapsed
        self._last = now
        self._number -= 1
        if self._queue:
            waiting = self._queue.popleft()
            self._schedule_at(waiting, now + waiting.seconds, waiting.key)
        else:
            self._idle += 1

    def sample(self, now: float) -> Sample:
        """Integrals up to now."""
        self._integrate(now)
        return Sample(self._busy, self._present, self._number, self._arrivals)

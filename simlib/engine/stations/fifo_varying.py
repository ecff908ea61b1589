"""FIFO with workers that may become slower while they serve, or lose all their work at once: for faults of a host.

With workers of steady speed it equals `FifoEvents`, event by event.
"""

from collections import deque
from functools import partial
from typing import ClassVar

from simlib.engine.kernel import Kernel, Occurrence
from simlib.engine.stations.base import Occupancy
from simlib.engine.task import Task


class _Service:
    """Service in progress: seconds of work left at an instant, and the alarm for its end."""

    __slots__ = ("alarm", "left", "since")

    def __init__(self, left: float, since: float) -> None:
        self.left = left
        self.since = since
        self.alarm: Occurrence | None = None


class FifoVarying(Occupancy):
    """Idle workers, a queue, and the service of each worker. ``speed`` is 1 for work as in the cost profile."""

    form: ClassVar[str] = "fifo_varying"
    discipline: ClassVar[str] = "fifo"
    looks_ahead: ClassVar[bool] = False
    varies: ClassVar[bool] = True
    __slots__ = ("_kernel", "_queue", "_served", "_speed")

    def __init__(self, kernel: Kernel, workers: int) -> None:
        super().__init__(workers)
        self._kernel = kernel
        self._queue: deque[Task] = deque()
        self._served: dict[Task, _Service] = {}
        self._speed = 1.0

    def _serve(self, task: Task, seconds: float, now: float) -> None:
        service = self._served[task] = _Service(seconds, now)
        self._set_alarm(task, service)

    def _set_alarm(self, task: Task, service: _Service) -> None:
        service.alarm = Occurrence(self._kernel, [partial(self._ring, task)])
        self._kernel.schedule_at(service.alarm, service.since + service.left / self._speed, task.key)

    def _ring(self, task: Task, alarm: Occurrence) -> None:
        service = self._served.get(task)
        if service is None or service.alarm is not alarm:
            return  # set for another speed, or for work that was lost
        del self._served[task]
        for callback in task.callbacks or ():
            callback(task)

    def enter(self, task: Task, seconds: float, now: float) -> None:
        """Take in a job; it is served at once when a worker is idle."""
        self._integrate(now)
        self._number += 1
        self._arrivals += 1
        if self._idle:
            self._idle -= 1
            self._serve(task, seconds, now)
        else:
            task.seconds = seconds
            self._queue.append(task)

    def extend(self, task: Task, seconds: float, now: float) -> None:
        """Serve the same job further; none overtakes it."""
        self._serve(task, seconds, now)

    def leave(self, task: Task, now: float) -> None:
        """Turn to the next job in the queue."""
        self._integrate(now)
        self._number -= 1
        if self._queue:
            waiting = self._queue.popleft()
            self._serve(waiting, waiting.seconds, now)
        else:
            self._idle += 1

    def set_speed(self, speed: float, now: float) -> None:
        """Work at another speed from now on, services in progress included."""
        for service in self._served.values():
            service.left = max(0.0, service.left - (now - service.since) * self._speed)
            service.since = now
        self._speed = speed
        for task, service in self._served.items():
            self._set_alarm(task, service)

    def crash(self, now: float) -> None:
        """Lose every job: none of their tasks fires again, and all workers are idle."""
        self._integrate(now)
        self._queue.clear()
        self._served.clear()
        self._number = 0
        self._idle = self._workers

"""FIFO by events whose workers may become slower while they serve, or lose all that they have at once.

With workers of steady speed it is the same as `FifoEvents`, event by event; faults of a host need it.
"""

from collections import deque
from functools import partial

from simlib.engine.kernel import Kernel, Occurrence
from simlib.engine.stations.base import Sample
from simlib.engine.task import Task


class _Service:
    """What a worker has in hand: seconds of work left at an instant, and the alarm for its end."""

    __slots__ = ("alarm", "left", "since")

    def __init__(self, left: float, since: float) -> None:
        self.left = left
        self.since = since
        self.alarm: Occurrence | None = None


class FifoVarying:
    """Idle workers, a queue, and what each worker has in hand. ``speed`` is 1 for work as the cost profile has it."""

    form = "fifo_varying"
    __slots__ = (
        "_arrivals",
        "_busy",
        "_idle",
        "_kernel",
        "_last",
        "_number",
        "_present",
        "_queue",
        "_served",
        "_speed",
        "_workers",
    )

    def __init__(self, kernel: Kernel, workers: int) -> None:
        self._kernel = kernel
        self._workers = workers
        self._idle = workers
        self._queue: deque[Task] = deque()
        self._served: dict[Task, _Service] = {}
        self._speed = 1.0
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
        """A job arrives and is served at once when a worker is idle."""
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
        """The same job goes on; nobody overtakes it."""
        self._serve(task, seconds, now)

    def leave(self, task: Task, now: float) -> None:
        """The worker turns to the next job in the queue."""
        self._integrate(now)
        self._number -= 1
        if self._queue:
            waiting = self._queue.popleft()
            self._serve(waiting, waiting.seconds, now)
        else:
            self._idle += 1

    def set_speed(self, speed: float, now: float) -> None:
        """From now on work is done at another speed, what is in hand included."""
        for service in self._served.values():
            service.left = max(0.0, service.left - (now - service.since) * self._speed)
            service.since = now
        self._speed = speed
        for task, service in self._served.items():
            self._set_alarm(task, service)

    def crash(self, now: float) -> None:
        """Everything that is here is lost: nobody's task fires any more, and all workers are idle."""
        self._integrate(now)
        self._queue.clear()
        self._served.clear()
        self._number = 0
        self._idle = self._workers

    def sample(self, now: float) -> Sample:
        """Integrals up to now."""
        self._integrate(now)
        return Sample(self._busy, self._present, self._number, self._arrivals)

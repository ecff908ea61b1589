"""FIFO stations: by the Kiefer-Wolfowitz recursion, by events, and with workers whose speed varies.

`KieferWolfowitz`: a job's start and end are fixed at its arrival, so it needs no event. Exact for fixed capacity and
one service per visit, if nothing that the job does at its end depends on what others have done by then: the driver
looks ahead to the end at once. A host promises this with ``known_on_arrival``.

`FifoEvents`: jobs wait in a queue, and a job may keep its worker over several services of unknown length. This is an
event loop with run to completion: between two waits a request is not interrupted by another.

`FifoVarying`: for faults of a host, workers may become slower while they serve, or lose all their work at once. With
workers of steady speed it equals `FifoEvents`, event by event.
"""

from collections import deque
from collections.abc import Sequence
from functools import partial
from heapq import heapreplace
from typing import ClassVar

from simlib.engine.kernel import Kernel, Occurrence
from simlib.engine.stations.base import Occupancy, Sample, SteadyStation
from simlib.engine.task import Task


class KieferWolfowitz(SteadyStation):
    """The workers as a heap of the instants at which they become free."""

    form: ClassVar[str] = "kiefer_wolfowitz"
    discipline: ClassVar[str] = "fifo"
    looks_ahead: ClassVar[bool] = True
    varies: ClassVar[bool] = False
    __slots__ = ("_arrivals", "_busy", "_ends", "_free", "_present")

    def __init__(self, kernel: Kernel, workers: int) -> None:
        self._free = [0.0] * workers
        self._ends: list[float] = []
        self._busy = 0.0
        self._present = 0.0
        self._arrivals = 0

    def serve(self, seconds: float, now: float) -> float:
        """Serve an arriving job; returns its end, max(now, first free worker) + seconds."""
        start = self._free[0]
        end = (start if start > now else now) + seconds
        heapreplace(self._free, end)
        self._ends.append(end)
        self._busy += seconds
        self._present += end - now
        self._arrivals += 1
        return end

    def enter(self, task: Task, seconds: float, now: float) -> None:
        """Refuse: only `serve` is possible in this form."""
        raise RuntimeError(f"a host that promised known_on_arrival charges for calls (request {task.subject})")

    extend = enter

    def leave(self, task: Task, now: float) -> None:
        """Do nothing: the worker's next free instant is fixed since the arrival."""

    def sample(self, now: float) -> Sample:
        """Read the integrals so far: those booked at arrival, less the part that lies in the future.

        A worker that is booked beyond ``now`` is busy all the way: FIFO leaves no gap in front of a known job.
        """
        # A job that ends at this very instant is still there, as a sample comes before anything else that happens.
        self._ends = [end for end in self._ends if end >= now]
        ahead_busy = sum(free - now for free in self._free if free > now)
        ahead_present = sum(end - now for end in self._ends)
        return Sample(self._busy - ahead_busy, self._present - ahead_present, len(self._ends), self._arrivals)

    @staticmethod
    def compute_ends(arrivals: Sequence[float], sizes: Sequence[float], workers: int) -> list[float]:
        """Compute the ends of jobs under FIFO: each takes the worker that is free first; for checks."""
        free, ends = [0.0] * workers, []
        for arrival, size in zip(arrivals, sizes, strict=True):
            free.sort()
            free[0] = max(free[0], arrival) + size
            ends.append(free[0])
        return ends


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
        if self.begin(task, seconds, now):
            self._schedule_at(task, now + seconds, task.key)

    def begin(self, task: Task, seconds: float, now: float) -> bool:
        """Take in a job: True when a worker serves it at once, whose end the caller sees to; else it fires later."""
        elapsed = now - self._last  # `_integrate`, written out: a call for each service would be felt
        self._present += self._number * elapsed
        self._busy += (self._workers - self._idle) * elapsed
        self._last = now
        self._number += 1
        self._arrivals += 1
        if self._idle:
            self._idle -= 1
            return True
        task.seconds = seconds
        self._queue.append(task)
        return False

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

"""Last come, first served: of the jobs that wait, the one that came last is served next; no service is interrupted."""

from typing import ClassVar

from simlib.plugins import Kernel, Occupancy, SteadyStation, Task


class LastComeFirstServed(Occupancy, SteadyStation):
    """Idle workers and a stack."""

    form: ClassVar[str] = "last_come"
    discipline: ClassVar[str] = "last_come_first_served"
    looks_ahead: ClassVar[bool] = False
    varies: ClassVar[bool] = False

    def __init__(self, kernel: Kernel, workers: int) -> None:
        super().__init__(workers)
        self._schedule_at = kernel.schedule_at
        self._waiting: list[Task] = []

    def enter(self, task: Task, seconds: float, now: float) -> None:
        """Take in a job; it is served at once when a worker is idle."""
        self._integrate(now)
        self._number += 1
        self._arrivals += 1
        if self._idle:
            self._idle -= 1
            self._schedule_at(task, now + seconds, task.key)
        else:
            task.seconds = seconds
            self._waiting.append(task)

    def extend(self, task: Task, seconds: float, now: float) -> None:
        """Serve the same job further."""
        self._schedule_at(task, now + seconds, task.key)

    def leave(self, task: Task, now: float) -> None:
        """Turn to the job that came last."""
        self._integrate(now)
        self._number -= 1
        if self._waiting:
            latest = self._waiting.pop()
            self._schedule_at(latest, now + latest.seconds, latest.key)
        else:
            self._idle += 1

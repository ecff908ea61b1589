"""Egalitarian processor sharing: n jobs on c workers are served at the rate min(1, c / n) each.

It stands for preemptive servers (threads on cores). A second service of the same job simply continues: under this
discipline two services in a row and one service of their sum are the same path.
"""

import math
from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import count
from typing import ClassVar

from simlib.engine.kernel import Kernel, Occurrence
from simlib.engine.stations.base import Sample
from simlib.engine.task import Task

_ROUNDING_S = 1e-9


class ProcessorSharing:
    """Jobs ordered by the attained service at which they are done; one alarm for the next of them."""

    form: ClassVar[str] = "processor_sharing"
    discipline: ClassVar[str] = "processor_sharing"
    looks_ahead: ClassVar[bool] = False
    varies: ClassVar[bool] = True

    def __init__(self, kernel: Kernel, workers: int) -> None:
        self._kernel = kernel
        self._workers = workers
        self._speed = 1.0
        self._jobs: list[tuple[float, int, int, Task]] = []
        self._order = count()
        self._number = 0
        self._attained = 0.0
        self._last = 0.0
        self._busy = 0.0
        self._present = 0.0
        self._arrivals = 0
        self._alarm: Occurrence | None = None

    def _advance(self, now: float) -> None:
        elapsed = now - self._last
        self._last = now
        if elapsed > 0 and self._number:
            busy = min(self._number, self._workers)
            self._attained += elapsed * busy / self._number * self._speed
            self._busy += busy * elapsed
            self._present += self._number * elapsed

    def _set_alarm(self, now: float) -> None:
        if not self._jobs:
            self._alarm = None
            return
        done, key, _, _ = self._jobs[0]
        rate = min(1.0, self._workers / self._number) * self._speed
        self._alarm = Occurrence(self._kernel, [self._ring])
        self._kernel.schedule_at(self._alarm, now + max(0.0, done - self._attained) / rate, key)

    def _ring(self, alarm: Occurrence) -> None:
        if alarm is not self._alarm:
            return  # set for a state that another arrival or departure has changed since
        now = self._kernel.now
        self._advance(now)
        done, key, _, task = heappop(self._jobs)
        self._attained = done  # the alarm was set for this very value; rounding must not starve the job
        # The job still counts as present until it leaves or goes on, which happens at this same instant.
        self._kernel.schedule_at(task, now, key)
        self._set_alarm(now)

    def _serve(self, task: Task, seconds: float, now: float) -> None:
        heappush(self._jobs, (self._attained + seconds, task.key, next(self._order), task))
        self._set_alarm(now)

    def enter(self, task: Task, seconds: float, now: float) -> None:
        """Take in a job, which shares from now on."""
        self._advance(now)
        self._number += 1
        self._arrivals += 1
        self._serve(task, seconds, now)

    def extend(self, task: Task, seconds: float, now: float) -> None:
        """Serve the same job further, sharing."""
        self._advance(now)
        self._serve(task, seconds, now)

    def leave(self, task: Task, now: float) -> None:
        """Let a job go; the others are served faster."""
        self._advance(now)
        self._number -= 1
        self._set_alarm(now)

    def set_speed(self, speed: float, now: float) -> None:
        """Work at another speed from now on (1 as in the cost profile), jobs present included."""
        self._advance(now)
        self._speed = speed
        self._set_alarm(now)

    def crash(self, now: float) -> None:
        """Lose every job: none of their tasks fires again, but those that are done at this instant."""
        self._advance(now)
        self._jobs.clear()
        self._number = 0
        self._set_alarm(now)

    def sample(self, now: float) -> Sample:
        """Read the integrals up to now."""
        self._advance(now)
        return Sample(self._busy, self._present, self._number, self._arrivals)

    @staticmethod
    def compute_ends(arrivals: Sequence[float], sizes: Sequence[float], workers: int) -> list[float]:
        """Compute the ends of jobs from one change of their number to the next, without events: for checks."""
        now, coming, ends = 0.0, 0, [math.nan] * len(sizes)
        left: dict[int, float] = {}
        while left or coming < len(sizes):
            rate = min(1.0, workers / len(left)) if left else 1.0
            until_end = min(left.values()) / rate if left else math.inf
            until_arrival = arrivals[coming] - now if coming < len(sizes) else math.inf
            step = min(until_end, until_arrival)
            now = arrivals[coming] if until_arrival <= until_end else now + step
            left = {job: rest - step * rate for job, rest in left.items()}
            for job in [job for job, rest in left.items() if rest <= _ROUNDING_S]:
                ends[job] = now
                del left[job]
            if until_arrival <= until_end:
                left[coming] = sizes[coming]
                coming += 1
        return ends

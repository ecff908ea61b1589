"""FIFO with the Kiefer-Wolfowitz recursion: a job's start and end are fixed at its arrival, so it needs no event.

Exact for fixed capacity and one service per visit, if nothing that the job does at its end depends on what others have
done by then: the driver looks ahead to the end at once. A host promises this with ``known_on_arrival``.
"""

from collections.abc import Sequence
from heapq import heapreplace
from typing import ClassVar

from simlib.engine.kernel import Kernel
from simlib.engine.stations.base import Sample, SteadyStation
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
        free = self._free
        start = free[0]
        end = (start if start > now else now) + seconds
        heapreplace(free, end)
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

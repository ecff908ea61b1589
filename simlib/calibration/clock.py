"""The CPU clock of this thread, the wall clock beside it, and one timed run of an operation.

The stopwatch of live timing: how much CPU time a piece of work took, read as calibration reads it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from simlib.scenario.errors import InputError

NANOSECOND = 1e-9
COARSEST_STEP = 1000  # nanoseconds


@dataclass(frozen=True)
class Operation:
    """A real operation to be timed; one run is one sample, because an average over a loop has lost its tail.

    ``elapsed`` asks for the wall clock: how long another process or a disk was waited for, and the work. ``prepare`` is
    done before each run and not timed. ``rare``: takes so long that it is done in one row of a process only.
    """

    name: str
    run: Callable[[], object]
    elapsed: bool = False
    prepare: Callable[[], object] | None = None
    rare: bool = False


def cpu_nanoseconds() -> int:
    """CPU time of this thread: what other processes do meanwhile is not in it."""
    return time.thread_time_ns()


def wall_nanoseconds() -> int:
    """Time that passes, whoever works meanwhile."""
    return time.perf_counter_ns()


def reading_cost(readings: int = 1001) -> float:
    """Nanoseconds between two readings of the clock with nothing in between (median).

    Raises InputError where the clock moves in steps too coarse for one operation.
    """
    steps = [-cpu_nanoseconds() + cpu_nanoseconds() for _ in range(readings)]
    if min((step for step in steps if step > 0), default=COARSEST_STEP + 1) > COARSEST_STEP:
        raise InputError(f"the CPU clock here moves in steps above {COARSEST_STEP} ns: calibrate on another system")
    return median(steps)


def sample(operation: Operation, overhead: float) -> float:
    """Seconds of one run of the operation by its clock; ``overhead`` is the reading cost in nanoseconds."""
    if operation.prepare is not None:
        operation.prepare()
    if operation.elapsed:
        begin = wall_nanoseconds()
        operation.run()
        return (wall_nanoseconds() - begin) * NANOSECOND
    start = cpu_nanoseconds()
    operation.run()
    return seconds_since(start, overhead)


def seconds_since(start: int, overhead: float) -> float:
    """CPU seconds since a reading of the clock, without the cost of reading it; never negative."""
    return max(cpu_nanoseconds() - start - overhead, 0.0) * NANOSECOND


def sample_alone(operations: list[Operation], samples: int) -> dict[str, list[float]]:
    """CPU seconds of every operation, called in turn in this process with no server around it."""
    overhead = reading_cost()
    taken: dict[str, list[float]] = {operation.name: [] for operation in operations}
    for _ in range(samples):
        for operation in operations:
            taken[operation.name].append(sample(operation, overhead))
    return taken


@dataclass(frozen=True)
class CpuStopwatch:
    """Times work by the CPU clock of this thread: what other processes do meanwhile is not in it.

    Called with a function of no arguments, it returns the function's result and the seconds. ``overhead`` is what
    reading the clock takes, in nanoseconds, measured when it is left out; raises InputError where the clock is coarse.
    """

    overhead: float = field(default_factory=reading_cost)

    def __call__(self, work: Callable[[], Any]) -> tuple[Any, float]:
        """Do the work; its result, and CPU seconds without the cost of reading the clock, never negative."""
        start = cpu_nanoseconds()
        result = work()
        return result, seconds_since(start, self.overhead)

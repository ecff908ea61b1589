"""CPU clock of this thread, the wall clock, one timed run of an operation, and the stopwatch of live timing."""

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
    """A real operation to be timed; one run is one sample, because an average over a loop has no tail.

    ``elapsed``: time it by the wall clock, waiting for another process or a disk included. ``prepare`` is run before
    each run and not timed. ``rare``: takes so long that it is run in one row of a process only.
    """

    name: str
    run: Callable[[], object]
    elapsed: bool = False
    prepare: Callable[[], object] | None = None
    rare: bool = False


def read_cpu_ns() -> int:
    """Read the CPU time of this thread, which leaves out the work of other processes."""
    return time.thread_time_ns()


def read_wall_ns() -> int:
    """Read the wall clock."""
    return time.perf_counter_ns()


def measure_reading_cost(readings: int = 1001) -> float:
    """Measure the nanoseconds between two readings of the clock with nothing in between (median).

    Raises InputError where the clock moves in steps too coarse for one operation.
    """
    steps = [-read_cpu_ns() + read_cpu_ns() for _ in range(readings)]
    if min((step for step in steps if step > 0), default=COARSEST_STEP + 1) > COARSEST_STEP:
        raise InputError(f"the CPU clock here moves in steps above {COARSEST_STEP} ns: calibrate on another system")
    return median(steps)


def sample(operation: Operation, overhead: float) -> float:
    """Run the operation once; returns the seconds by its clock. ``overhead``: the reading cost in nanoseconds."""
    if operation.prepare is not None:
        operation.prepare()
    if operation.elapsed:
        begin = read_wall_ns()
        operation.run()
        return (read_wall_ns() - begin) * NANOSECOND
    start = read_cpu_ns()
    operation.run()
    return compute_cpu_seconds(start, overhead)


def compute_cpu_seconds(start: int, overhead: float) -> float:
    """Compute the CPU seconds since a reading of the clock, without the reading cost; never negative."""
    return max(read_cpu_ns() - start - overhead, 0.0) * NANOSECOND


def sample_in_turn(operations: list[Operation], samples: int) -> dict[str, list[float]]:
    """Measure the CPU seconds of every operation, called in turn in this process without a server."""
    overhead = measure_reading_cost()
    seconds: dict[str, list[float]] = {operation.name: [] for operation in operations}
    for _ in range(samples):
        for operation in operations:
            seconds[operation.name].append(sample(operation, overhead))
    return seconds


@dataclass(frozen=True)
class CpuStopwatch:
    """Stopwatch by the CPU clock of this thread, which leaves out the work of other processes.

    Called with a function of no arguments, it returns the function's result and the seconds. ``overhead``: the reading
    cost in nanoseconds, measured by default; raises InputError where the clock is too coarse.
    """

    overhead: float = field(default_factory=measure_reading_cost)

    def __call__(self, work: Callable[[], Any]) -> tuple[Any, float]:
        """Do the work; returns its result and the CPU seconds without the reading cost, never negative."""
        start = read_cpu_ns()
        result = work()
        return result, compute_cpu_seconds(start, self.overhead)

"""The stopwatch of live timing: how much CPU time a piece of work took, read as calibration reads it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simlib.calibration.clock import cpu_nanoseconds, reading_cost, seconds_since


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

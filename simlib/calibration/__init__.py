"""Calibration: CPU time of real operations on this machine, as a cost profile; the only package that reads a clock.

`CpuStopwatch` measures the CPU time (seconds) of a call in the calling thread; `simlib.simulate`, `simlib.replicate`,
`simlib.compare` and `simlib.sweep` take one as ``stopwatch`` for scenarios with ``run.timing = "live"``. The profile
itself is written by ``simlib calibrate``.
"""

from simlib.calibration.clock import CpuStopwatch

__all__ = [
    "CpuStopwatch",
]

"""How many vCPUs a load takes: what a sizing by simulation found at one load, carried to others."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]
SLACK = 1e-9
"""Relative: a load that fills vCPUs exactly, up to rounding, needs no further one."""


def tolerated_utilisation(
    vcpus: int, requests_per_s: float, cpu_s: float, target: float, *, smallest: int = 1
) -> float:
    """How busy the vCPUs may be: as busy as they are at the load for which they were sized.

    At the smallest size nothing was tried that is busier, so there the target is taken unless they are busier anyway.
    0 where no CPU is used.
    """
    busy = requests_per_s * cpu_s / vcpus
    return max(busy, target) if vcpus <= smallest and busy > 0 else busy


def vcpus_at(requests_per_s: ArrayLike, cpu_s: ArrayLike, utilisation: float, *, smallest: int = 1) -> Values:
    """The vCPUs that keep a host at most that busy: the fewest there can be, and above them in proportion to the load.

    Parts of a vCPU are those of a fleet that grows and shrinks over a year, in the mean. Rounded up instead, the value
    of one design against another would change its sign with every single server of either.
    """
    if not utilisation > 0:
        return np.full(np.broadcast_shapes(np.shape(requests_per_s), np.shape(cpu_s)), float(smallest))
    return np.asarray(np.maximum(np.multiply(requests_per_s, cpu_s) / utilisation, smallest), dtype=np.float64)


def whole_vcpus(requests_per_s: float, cpu_s: float, utilisation: float) -> int:
    """The whole vCPUs, one at least, that keep a host at most that busy."""
    return math.ceil(float(vcpus_at(requests_per_s, cpu_s, utilisation)) * (1 - SLACK))

"""How many vCPUs a load takes: whole ones, as a sizing by simulation found at one load, carried to others."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

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


def whole_vcpus(
    requests_per_s: ArrayLike, cpu_s: ArrayLike, utilisation: float, *, smallest: int = 1
) -> NDArray[np.float64]:
    """The vCPUs that keep a host at most that busy, at least the smallest number."""
    if not utilisation > 0:
        return np.full(np.broadcast_shapes(np.shape(requests_per_s), np.shape(cpu_s)), float(smallest))
    needed = np.multiply(requests_per_s, cpu_s) / utilisation
    return np.asarray(np.maximum(np.ceil(needed * (1 - SLACK)), smallest), dtype=np.float64)

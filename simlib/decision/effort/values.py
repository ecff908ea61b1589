"""What effort is told in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Counts:
    """What work items scale with."""

    stacks: int = 1
    services: int = 1
    clients: int = 1
    authorization_servers: int = 1


@dataclass(frozen=True, eq=False)
class EffortDraws:
    """Person-days of one design, draw by draw: once, and per year; the ids of the work items it takes."""

    one_off_days: NDArray[np.float64]
    yearly_days: NDArray[np.float64]
    items: tuple[str, ...]

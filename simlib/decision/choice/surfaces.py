"""Response surfaces at given inputs, kept inside the range in which they were fitted."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simlib.decision.gain.values import Surface

Values = NDArray[np.float64]


def predicted(surface: Surface, where: Mapping[str, Values]) -> Values:
    """The figure, one per element of the inputs; what is not named is as in the scenario."""
    raise NotImplementedError


def range_of(surface: Surface, number: int) -> tuple[float, float, float]:
    """Low end, the scenario's own value and high end of one input."""
    raise NotImplementedError

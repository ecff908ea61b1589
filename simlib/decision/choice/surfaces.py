"""Response surfaces at given inputs: how a figure changes, as a ratio to what it is in the scenario."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simlib.decision.gain.fitting import predict
from simlib.decision.gain.values import Surface

Values = NDArray[np.float64]


def ratio_to_here(surface: Surface, where: Mapping[str, Values]) -> Values | float:
    """The figure there over the figure here, at least 0; 1 where it does not follow these inputs, or is 0 here.

    What is not named is as in the scenario, and beyond the range of the fit the figure stays what it is at its end.
    """
    own = {name: values for name, values in where.items() if name in surface.inputs}
    here = float(predict(surface, {}))
    if not own or not here > 0:
        return 1.0
    return np.asarray(np.maximum(predict(surface, own), 0.0) / here, dtype=np.float64)


def range_of(surface: Surface, number: int) -> tuple[float, float, float]:
    """Low end, the scenario's own value and high end of one input."""
    return float(surface.low[number]), float(surface.middle[number]), float(surface.high[number])

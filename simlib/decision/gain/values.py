"""What the gain of designs is told in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.intervals import Interval

if TYPE_CHECKING:
    import pandas as pd


class Trial(NamedTuple):
    """One size that was simulated: vCPUs, cost per hour in the prices' currency, and which limits it did not keep."""

    service_vcpus: int
    authorization_server_vcpus: int
    database_vcpus: int
    cost_per_hour: float
    met: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Size:
    """The cheapest servers of a design that keep the limits at a load, with every size that was tried.

    ``load`` is requests per second; ``intervals``: metric -> interval at that size. ``met`` is false when no size
    within the search kept the limits; then the numbers are those of the largest one.
    """

    design: str
    load: float
    service_vcpus: int
    authorization_server_vcpus: int
    database_vcpus: int
    cost_per_hour: float
    met: bool
    intervals: Mapping[str, Interval]
    trials: tuple[Trial, ...]


@dataclass(frozen=True)
class Surface:
    """How one figure of one design follows the inputs of the simulation, fitted to runs.

    ``inputs`` name the columns; ``error`` is the standard deviation of the prediction in runs that were left out of
    the fit (unit of the figure), ``explained`` the share of variance explained there.
    """

    design: str
    metric: str
    inputs: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    error: float
    explained: float


@dataclass(frozen=True, eq=False)
class Gain:
    """What simulation says about all designs.

    ``table``: one row per design and replication, the figures of `simlib.analysis.summarise`. ``sizes``: design ->
    size. ``surfaces``: design -> metric -> surface; empty when no sensitivity was asked for. ``lengths`` says how
    long the runs were: "replications", "length_s", "warm_up_s".
    """

    table: "pd.DataFrame"
    sizes: Mapping[str, Size]
    surfaces: Mapping[str, Mapping[str, Surface]]
    lengths: Mapping[str, float]

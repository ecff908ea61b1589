"""Values of the gain of designs: trials, sizes, response surfaces, structures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.intervals import Interval

if TYPE_CHECKING:
    import pandas as pd

_NONE = MappingProxyType[str, "Structure"]({})


class Trial(NamedTuple):
    """Size that was tried: vCPUs, cost per hour in the prices' currency, and the limits that it does not keep.

    ``simulated`` is false where the utilisation law alone shows that a server is overloaded.
    """

    service_vcpus: int
    authorization_server_vcpus: int
    database_vcpus: int
    cost_per_hour: float
    met: bool
    reasons: tuple[str, ...]
    simulated: bool = True


@dataclass(frozen=True)
class Size:
    """Cheapest servers of a design that keep the limits at a load, with every size that was tried.

    ``load`` is requests per second; ``intervals``: metric -> interval at that size. ``met`` is false when no size
    within the search kept the limits; then the numbers are those of the largest one. ``service_vcpus`` are those of
    all hosts that check or forward tokens: gateway, service, inner services. ``limits``: metric -> the limit;
    ``assumed``: the scenario sets none of its own. ``settings``: dotted keys of a scenario file, with the values that
    give the design these servers.
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
    limits: Mapping[str, float] = field(default_factory=dict)
    assumed: bool = False
    settings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Surface:
    """Response surface: one figure of one design as a function of the inputs of the simulation, fitted to runs.

    ``inputs`` name the columns; ``low``, ``middle`` and ``high`` are the ends of their ranges and the scenario's own
    values. ``error`` is the standard deviation of the prediction in runs that were left out of the fit (unit of the
    figure), ``explained`` the share of variance explained there. ``terms``: per coefficient the power of each input,
    as a logarithm scaled to [-1, 1] over its range. ``logarithmic``: the polynomial is of the figure's logarithm.
    ``source`` is "runs", or "closed form" where runs of an affordable length do not show the figure.
    """

    design: str
    metric: str
    inputs: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    error: float
    explained: float
    middle: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    terms: tuple[tuple[int, ...], ...] = ()
    logarithmic: bool = False
    runs: int = 0
    source: str = "runs"


@dataclass(frozen=True)
class Structure:
    """Properties that follow from the parts of a design and their settings at any load.

    ``served``: share of the requests during an outage of the authorization server, of the length in the terms of the
    decision, that are still answered; ``outage_tolerance_s``: seconds of an outage for which tokens are surely
    validated. ``availability``: of the year, by complexity's formula A_AS + (1 - A_AS) served.
    ``exposure_bound_s`` is the worst case after a revocation, infinite without bound; ``expected_exposure_s`` the mean
    by a closed form. ``row_bytes`` and ``row_life_s``: of a row that a renewal of a token adds to the token store.
    """

    opaque_to_clients: bool
    outage_tolerance_s: float
    exposure_bound_s: float
    expected_exposure_s: float
    served: float
    availability: float
    row_bytes: float
    row_life_s: float


@dataclass(frozen=True, eq=False)
class Gain:
    """Gain of all designs by simulation.

    ``table``: one row per design and replication, the figures of `simlib.analysis.summarise` and of
    `simlib.analysis.gain_figures`, and ``kept_rows`` and ``stored_bytes``. ``sizes``: design -> size. ``surfaces``:
    design -> metric -> surface; empty when no sensitivity was requested. ``lengths``: lengths of the runs:
    "replications", "length_s", "warm_up_s" of the comparison, and the same with "sizing_" and "surfaces_" before them.
    ``structures``: design -> properties without simulation. ``notes``: sentences about what was shortened or assumed.
    """

    table: "pd.DataFrame"
    sizes: Mapping[str, Size]
    surfaces: Mapping[str, Mapping[str, Surface]]
    lengths: Mapping[str, float]
    structures: Mapping[str, Structure] = field(default_factory=lambda: _NONE)
    notes: tuple[str, ...] = ()

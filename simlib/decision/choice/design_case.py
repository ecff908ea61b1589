"""Case of one design: its means, bounds, structure, servers and response surfaces, common to all draws."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.gain.metamodel import predict
from simlib.decision.gain.values import Size, Structure, Surface
from simlib.decision.promises import ValidityBounds


def compute_surface_ratio(surface: Surface, inputs: Mapping[str, Floats]) -> Floats | float:
    """Figure at ``inputs`` over the figure in the scenario, at least 0.

    Inputs that are not named are those of the scenario; beyond the range of the fit the figure stays what it is at the
    end of the range. 1 where the figure does not follow these inputs, or is 0 in the scenario.
    """
    followed = {name: values for name, values in inputs.items() if name in surface.inputs}
    reference = float(predict(surface, {}))
    if not followed or not reference > 0:
        return 1.0
    return np.asarray(np.maximum(predict(surface, followed), 0.0) / reference, dtype=np.float64)


def find_input_range(surface: Surface, number: int) -> tuple[float, float, float]:
    """Low end, the scenario's own value and high end of one input."""
    return float(surface.low[number]), float(surface.middle[number]), float(surface.high[number])


@dataclass(frozen=True)
class DesignCase:
    """One design in a case.

    ``means``: figure -> mean over the replications, NaN where it is unknown. ``bounds``: for how long it may accept
    tokens that should no longer work, by its settings. ``structure``: what needs no simulation;
    ``header_bytes``: the largest request header observed (NaN: none was). ``size`` is None when servers were not sized;
    then a request pays for the CPU that it takes. ``shared_store_vcpus`` are those of a shared cache or denylist, which
    is sized by its utilisation and not by simulation; 0 where there is none. ``smallest``: host -> the fewest vCPUs
    that it can have, one for each machine of its kind.
    """

    design: str
    means: Mapping[str, float]
    bounds: ValidityBounds
    structure: Structure | None = None
    header_bytes: float = math.nan
    size: Size | None = None
    shared_store_vcpus: int = 0
    smallest: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    surfaces: Mapping[str, Surface] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def served(self) -> float:
        """Share of the requests that are still served in an outage of the authorization server; 0 when unknown."""
        return 0.0 if self.structure is None else self.structure.served

    def count_vcpus(self, host: str) -> int:
        """vCPUs of a host, 0 where it has none or when servers were not sized."""
        if self.size is None:
            return 0
        return self.shared_store_vcpus if host == "shared_store" else int(getattr(self.size, f"{host}_vcpus"))

"""What is known of each design besides its draws: its servers, how figures follow the load, what it promises.

Response surfaces at given inputs: how a figure changes, as a ratio to what it is in the scenario.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from simlib.decision.arrays import Values
from simlib.decision.gain.metamodel import predict
from simlib.decision.gain.values import Size, Structure, Surface
from simlib.scenario.scenario import Scenario


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


HOSTS = ("service", "authorization_server", "database", "shared_store")
"""Whose vCPUs are paid for."""
CPU = {
    "service": "rs_cpu_s",
    "authorization_server": "as_cpu_s",
    "database": "store_cpu_s",
    "shared_store": "shared_store_cpu_s",
}
"""Host -> the figure that says how much CPU a request takes there."""


@dataclass(frozen=True)
class Facts:
    """One design.

    ``means``: figure -> mean over the replications, NaN where it is unknown. ``structure`` says what needs no
    simulation, ``header_bytes`` is the largest request header seen (NaN when none was). ``size`` is None when servers
    were not sized; then a request pays for the CPU that it takes. ``shared_store_vcpus`` are those of a shared cache or
    denylist, which is not sized by simulation but by its utilisation; 0 where there is none. ``smallest``: host -> the
    fewest vCPUs that it can have, one for each machine of its kind.
    """

    design: str
    means: Mapping[str, float]
    structure: Structure | None = None
    header_bytes: float = math.nan
    size: Size | None = None
    shared_store_vcpus: int = 0
    smallest: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    surfaces: Mapping[str, Surface] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def served(self) -> float:
        """Share of the requests of an outage of the authorization server that are still served; 0 when unknown."""
        return 0.0 if self.structure is None else self.structure.served

    def vcpus(self, host: str) -> int:
        """The vCPUs of a host, 0 where it has none or when servers were not sized."""
        if self.size is None:
            return 0
        return self.shared_store_vcpus if host == "shared_store" else int(getattr(self.size, f"{host}_vcpus"))


@dataclass(frozen=True)
class Case:
    """What all draws of one decision have in common. ``load`` is the scenario's, requests per second."""

    scenario: Scenario
    load: float
    facts: Mapping[str, Facts]

    @property
    def designs(self) -> tuple[str, ...]:
        """Names of the designs, first of the scenario first."""
        return tuple(self.facts)

    @property
    def years(self) -> float:
        """The horizon."""
        return self.scenario.terms.horizon_years

    @property
    def simulated(self) -> Mapping[str, tuple[float, float, float]]:
        """Input of the response surfaces -> low end of its range, the scenario's own value, high end."""
        surfaces = [surface for facts in self.facts.values() for surface in facts.surfaces.values()]
        ranges = (
            (name, range_of(surface, number)) for surface in surfaces for number, name in enumerate(surface.inputs)
        )
        return dict(ranges)

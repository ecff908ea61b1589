"""What is known of each design besides its draws: its servers, how figures follow the load, what it promises."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from simlib.decision.gain.values import Size, Surface
from simlib.scenario.scenario import Scenario

HOSTS = ("service", "authorization_server", "database")
"""Whose vCPUs are paid for."""
CPU = {"service": "rs_cpu_s", "authorization_server": "as_cpu_s", "database": "store_cpu_s"}
"""Host -> the figure that says how much CPU a request takes there."""


@dataclass(frozen=True)
class Facts:
    """One design.

    ``means``: figure -> mean over the replications, NaN where it is unknown. ``served`` is the share of the requests
    of an outage of the authorization server that are still served. ``header_bytes`` is NaN when unknown. ``size`` is
    None when servers were not sized; then a request pays for the CPU that it takes.
    """

    design: str
    means: Mapping[str, float]
    served: float = 0.0
    header_bytes: float = math.nan
    size: Size | None = None
    surfaces: Mapping[str, Surface] = field(default_factory=lambda: MappingProxyType({}))

    def vcpus(self, host: str) -> int:
        """The sized vCPUs of a host, 0 where it has none or was not sized."""
        return 0 if self.size is None else int(getattr(self.size, f"{host}_vcpus"))


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

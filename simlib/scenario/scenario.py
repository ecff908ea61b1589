"""Scenario: a world, the designs that are compared in it, and the run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

from pydantic import Field

from simlib.scenario.base import FrozenModel
from simlib.scenario.design import Design
from simlib.scenario.display import Displayed, Lines
from simlib.scenario.distributions import NonNegative
from simlib.scenario.economics import Organisation, Prices, Terms, Worth
from simlib.scenario.errors import InputError
from simlib.scenario.profile import CostProfile
from simlib.scenario.run import Run
from simlib.scenario.traces import Trace
from simlib.scenario.world import ClosedLoad, ReplayLoad, World

Margin = Annotated[float, Field(gt=0)] | None


class Margins(FrozenModel):
    """Equivalence margins: differences below them are irrelevant.

    ``relative`` is a share of the first design's value; a metric's own margin, in the unit of its name (seconds, bytes,
    a share), takes precedence.
    """

    relative: Annotated[float, Field(gt=0, lt=1)] = 0.05
    mean_s: Margin = None
    p50_s: Margin = None
    p95_s: Margin = None
    p99_s: Margin = None
    checking_mean_s: Margin = None
    obtaining_mean_s: Margin = None
    as_requests_per_s: Margin = None
    as_utilisation: Margin = None
    rs_utilisation: Margin = None
    rs_cpu_s: Margin = None
    as_cpu_s: Margin = None
    bytes_per_request: Margin = None
    exposure_s: Margin = None
    exposure_requests: Margin = None
    failed_share: Margin = None
    refused_share: Margin = None


class Limits(FrozenModel):
    """Limits that a design must not exceed; the upper end of the interval counts."""

    mean_s: NonNegative | None = None
    p50_s: NonNegative | None = None
    p95_s: NonNegative | None = None
    p99_s: NonNegative | None = None
    failed_share: NonNegative | None = None
    as_utilisation: NonNegative | None = None
    rs_utilisation: NonNegative | None = None
    exposure_s: NonNegative | None = None
    availability: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="least share of the year's requests with a right answer"
    )
    revocation_lag_s: NonNegative | None = Field(
        default=None, description="longest time for which the settings of a design may accept a revoked token"
    )
    header_bytes: NonNegative | None = Field(default=None, description="largest request header, token included")
    opaque_to_clients: bool = Field(default=False, description="clients must not be able to read their access token")
    no_as_dependency: bool = Field(
        default=False, description="requests must be served while the authorization server is unreachable"
    )


@dataclass(frozen=True, repr=False)
class Scenario(Displayed):
    """All inputs of a run, loaded and checked. The other designs are compared to the first one."""

    name: str
    title: str
    description: str
    world: World
    designs: Mapping[str, Design]
    run: Run
    limits: Limits
    margins: Margins
    profile: CostProfile = field(repr=False)
    prices: Prices = field(default_factory=Prices)
    worth: Worth = field(default_factory=Worth)
    organisation: Organisation = field(default_factory=Organisation)
    terms: Terms = field(default_factory=Terms)
    trace: Trace | None = field(default=None, repr=False)

    def _describe(self) -> tuple[str, Lines]:
        run = self.run
        return f"{self.name}, {self.title}", (
            ("designs", ", ".join(self.designs)),
            (
                "run",
                f"{run.replications} replications of {self.horizon_s:g} s, of which {run.warm_up_s:g} s are warm-up",
            ),
            ("costs", self.profile.name),
            *((f"design {name}", design.title) for name, design in self.designs.items()),
        )

    def design(self, name: str) -> Design:
        """Find the design of this name; raises InputError with the names of all."""
        if name not in self.designs:
            raise InputError(f"scenario {self.name!r} has no design {name!r}; it has {', '.join(self.designs)}")
        return self.designs[name]

    def with_run(self, run: Run) -> "Scenario":
        """Return the same scenario with another run."""
        return replace(self, run=run)

    @property
    def horizon_s(self) -> float:
        """Simulated seconds of one run: the whole trace when one is replayed."""
        load = self.world.load
        if isinstance(load, ReplayLoad) and self.trace is not None:
            return self.trace.length_s / load.speed_up
        return self.run.length_s

    @property
    def expected_requests(self) -> float:
        """Requests of one run of one design; of a closed load, those of users whose answers take no time."""
        load = self.world.load
        if isinstance(load, ClosedLoad):
            return self.world.population.users * self.run.length_s / load.think.mean()
        if isinstance(load, ReplayLoad):
            return 0.0 if self.trace is None else float(len(self.trace.times) * load.copies)
        return load.arrival_rate * self.run.length_s

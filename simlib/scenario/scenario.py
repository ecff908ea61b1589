"""Scenario: a world, the designs that are compared in it, and the run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from simlib.scenario.design import Design
from simlib.scenario.display import Displayed, Lines
from simlib.scenario.economics import Organisation, Prices, Terms, Worth
from simlib.scenario.errors import InputError
from simlib.scenario.limits import Limits, Margins
from simlib.scenario.loads import ReplayLoad
from simlib.scenario.profile import CostProfile
from simlib.scenario.run import Run
from simlib.scenario.traces import Trace
from simlib.scenario.world import World


@dataclass(frozen=True, repr=False)
class Scenario(Displayed):
    """Inputs of a run, loaded and checked. The other designs are compared to the first one.

    ``source`` is the file that they were read from, as its reader named it; empty when they were not read from one.
    ``warnings`` say, a sentence each and with its key, what a design states without effect.
    """

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
    source: str = field(default="", compare=False, repr=False)
    warnings: tuple[str, ...] = field(default=(), compare=False, repr=False)

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

    def with_designs(self, names: Iterable[str]) -> "Scenario":
        """Return the same scenario with these designs alone; raises InputError for a name that there is not.

        The terms of a decision no longer name a baseline or a present design that was left out.
        """
        designs = {name: self.design(name) for name in names}
        named = {key: getattr(self.terms, key) for key in ("baseline", "present")}
        gone = {key: None for key, name in named.items() if name not in designs}
        return replace(self, designs=MappingProxyType(designs), terms=self.terms.model_copy(update=gone))

    @property
    def origin(self) -> str:
        """The file, or else the name, by which messages name the scenario."""
        return self.source or self.name

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
        if isinstance(load, ReplayLoad):
            return 0.0 if self.trace is None else float(len(self.trace.times) * load.copies)
        return self.world.count_expected_requests(self.run.length_s)

"""One size of one design, simulated in a few short paired replications."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import METRICS
from simlib.decision.gain.requirements import Requirement, broken, interval_of
from simlib.decision.gain.tiers import Setup, Tier, keys_of
from simlib.experiment.replicate import Replication, jobs_of, run_jobs
from simlib.experiment.sweep import at_point
from simlib.scenario.scenario import Scenario

OVERLOADED = "overloaded by the utilisation law: its work would take more vCPUs than it has"


@dataclass(frozen=True)
class Tried:
    """A setup of all tiers, what it costs per hour, and why it is not good enough, if it is not."""

    setup: Setup
    cost_per_hour: float
    reasons: tuple[str, ...]
    runs: tuple[Replication, ...] = ()

    @property
    def met(self) -> bool:
        """Whether it keeps the limits."""
        return not self.reasons

    def intervals(self, level: float) -> Mapping[str, Interval]:
        """Metric -> interval; empty where nothing was simulated."""
        if not self.runs:
            return MappingProxyType({})
        return MappingProxyType({name: interval_of(self.runs, name, level) for name in METRICS})


class Bench:
    """Tries setups of one design, each once: what was tried is kept in ``tried``, in order.

    ``scenario`` holds the one design, under the wanted load and with the length that a trial has. ``prices``: tier ->
    price of a vCPU-hour.
    """

    def __init__(self, scenario: Scenario, tiers: tuple[Tier, ...], prices: Mapping[str, float], workers: int) -> None:
        self.scenario = scenario
        self.design = next(iter(scenario.designs))
        self.tiers = tiers
        self.tried: list[Tried] = []
        self._prices = prices
        self._workers = workers
        self._runs: dict[str, tuple[Replication, ...]] = {}

    def cost(self, setup: Setup) -> float:
        """Per hour, in the currency of the prices."""
        return sum(self._prices[tier.name] * tier.vcpus(setup) for tier in self.tiers)

    def run(self, setup: Setup) -> tuple[Replication, ...]:
        """Its replications; a setup is simulated once."""
        keys = keys_of(self.scenario, self.design, setup)
        known = repr(sorted(keys.items()))
        if known not in self._runs:
            changed = at_point(self.scenario, keys)
            self._runs[known] = tuple(run_jobs(jobs_of(changed, (self.design,)), self._workers))
        return self._runs[known]

    def attempt(self, setup: Setup, requirement: Requirement) -> Tried:
        """Simulate a setup, unless some host is overloaded anyway, and hold it against the limits."""
        before = next((own for own in self.tried if own.setup == setup), None)
        if before is not None:
            return before
        over = [f"{tier.name}: {OVERLOADED}" for tier in self.tiers if tier.overloaded(setup)]
        runs = () if over else self.run(setup)
        reasons = tuple(over) or broken(requirement, runs, self.scenario.run.level)
        self.tried.append(Tried(setup, self.cost(setup), reasons, runs))
        return self.tried[-1]

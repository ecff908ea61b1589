"""The search for the cheapest servers that keep the limits.

More servers never make a design slower, so what fails on some size fails on every size that is smaller in all tiers:
this is taken to prune the search (it is a theorem for one queue; with a cache in each replica it may fail by a little).
It is not needed for the answer: at the end every cheaper neighbour, one step less in one tier, has been tried.

One size of one design, simulated in a few short paired replications.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import METRICS
from simlib.decision.gain.tiers import (
    Requirement,
    Setup,
    Tier,
    build_setup_keys,
    compute_interval,
    list_broken_limits,
    list_setups,
    shrink,
)
from simlib.experiment.replicate import Replication, list_jobs, run_jobs
from simlib.experiment.sweep import change_scenario
from simlib.scenario.scenario import Scenario

OVERLOADED = "overloaded by the utilisation law: its work would take more vCPUs than it has"


@dataclass(frozen=True)
class Evaluation:
    """A setup of all tiers, what it costs per hour, and why it is not good enough, if it is not."""

    setup: Setup
    cost_per_hour: float
    reasons: tuple[str, ...]
    runs: tuple[Replication, ...] = ()

    @property
    def met(self) -> bool:
        """Whether it keeps the limits."""
        return not self.reasons

    def compute_intervals(self, level: float) -> Mapping[str, Interval]:
        """Metric -> interval; empty where nothing was simulated."""
        if not self.runs:
            return MappingProxyType({})
        return MappingProxyType({name: compute_interval(self.runs, name, level) for name in METRICS})


class SetupEvaluator:
    """Tries setups of one design, each once: what was tried is kept in ``tried``, in order.

    ``scenario`` holds the one design, under the wanted load and with the length that a trial has. ``prices``: tier ->
    price of a vCPU-hour.
    """

    def __init__(self, scenario: Scenario, tiers: tuple[Tier, ...], prices: Mapping[str, float], workers: int) -> None:
        self.scenario = scenario
        self.design = next(iter(scenario.designs))
        self.tiers = tiers
        self.evaluations: list[Evaluation] = []
        self._prices = prices
        self._workers = workers
        self._runs: dict[str, tuple[Replication, ...]] = {}

    def compute_cost(self, setup: Setup) -> float:
        """Per hour, in the currency of the prices."""
        return sum(self._prices[tier.name] * tier.count_vcpus(setup) for tier in self.tiers)

    def simulate(self, setup: Setup) -> tuple[Replication, ...]:
        """Its replications; a setup is simulated once."""
        keys = build_setup_keys(self.scenario, self.design, setup)
        known = repr(sorted(keys.items()))
        if known not in self._runs:
            changed = change_scenario(self.scenario, keys)
            self._runs[known] = tuple(run_jobs(list_jobs(changed, (self.design,)), self._workers))
        return self._runs[known]

    def evaluate(self, setup: Setup, requirement: Requirement) -> Evaluation:
        """Simulate a setup, unless some host is overloaded anyway, and hold it against the limits."""
        before = next((own for own in self.evaluations if own.setup == setup), None)
        if before is not None:
            return before
        over = [f"{tier.name}: {OVERLOADED}" for tier in self.tiers if tier.is_overloaded(setup)]
        runs = () if over else self.simulate(setup)
        reasons = tuple(over) or list_broken_limits(requirement, runs, self.scenario.run.level)
        self.evaluations.append(Evaluation(setup, self.compute_cost(setup), reasons, runs))
        return self.evaluations[-1]


LIGHT = 0.1
"""Utilisation at which queues are short enough that still more servers would help nobody. An assumption."""
Index = tuple[int, ...]


def find_cheapest(bench: SetupEvaluator, requirement: Requirement) -> Evaluation:
    """The cheapest setup that keeps the limits, or the largest one when none does."""
    top: Setup = {name: level for tier in bench.tiers for name, level in tier.find_light_setup(LIGHT).items()}
    walk = _Walk(bench, requirement, [list_setups(tier, top) for tier in bench.tiers])
    if walk.at(walk.start).met:
        return walk.proved(walk.start)
    if not walk.at(walk.end).met:
        return walk.at(walk.end)
    begin = tuple(walk.lowest(tier) for tier in range(len(walk.chains)))
    return walk.proved(walk.best_first(begin))


class _Walk:
    """Indices into the chains of all tiers; index 0 is the smallest size that the utilisation law allows."""

    def __init__(self, bench: SetupEvaluator, requirement: Requirement, chains: Sequence[tuple[Setup, ...]]) -> None:
        self.bench = bench
        self.requirement = requirement
        self.chains = chains
        self.start: Index = tuple(0 for _ in chains)
        self.end: Index = tuple(len(own) - 1 for own in chains)

    def setup(self, index: Index) -> Setup:
        return {name: level for own, at in zip(self.chains, index, strict=True) for name, level in own[at].items()}

    def at(self, index: Index) -> Evaluation:
        return self.bench.evaluate(self.setup(index), self.requirement)

    def lowest(self, tier: int) -> int:
        """The smallest size of one tier that keeps the limits while all others are as large as can be (bisection)."""
        low, high = -1, self.end[tier]
        while high - low > 1:
            middle = (low + high) // 2
            met = self.at(self._with(self.end, tier, middle)).met
            low, high = (low, middle) if met else (middle, high)
        return high

    def best_first(self, begin: Index) -> Index:
        """The cheapest that keeps the limits, in order of cost from where no tier alone breaks one."""
        waiting, seen = [(self.bench.compute_cost(self.setup(begin)), begin)], {begin}
        while waiting:
            _, index = heapq.heappop(waiting)
            if self.at(index).met:
                return index
            for tier, size in enumerate(index):
                larger = self._with(index, tier, size + 1)
                if size < self.end[tier] and larger not in seen:
                    seen.add(larger)
                    heapq.heappush(waiting, (self.bench.compute_cost(self.setup(larger)), larger))
        return self.end

    def proved(self, index: Index) -> Evaluation:
        """The size itself once every neighbour with one step less has failed; else the neighbour that did not."""
        for tier, size in enumerate(index):
            if size > 0:
                less = self._with(index, tier, size - 1)
                if self.at(less).met:
                    return self.proved(less)
            else:
                self._overloaded(index, tier)
        return self.at(index)

    def _overloaded(self, index: Index, tier: int) -> None:
        """Write down that one step less cannot work at all, where there is such a step."""
        setup = self.setup(index)
        less = shrink(self.bench.tiers[tier], setup)
        if less is not None:
            self.bench.evaluate({**setup, **less}, self.requirement)

    @staticmethod
    def _with(index: Index, tier: int, size: int) -> Index:
        return (*index[:tier], size, *index[tier + 1 :])

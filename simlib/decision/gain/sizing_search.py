"""Search for the cheapest servers that keep the limits: best-first over sizes that are simulated in short replications.

More servers never make a design slower, so a size fails when a size that is larger in all tiers does; this prunes the
search (it is a theorem for one queue; with a cache in each replica it may fail by a little). The answer does not depend
on it: at the end every cheaper neighbour, one step less in one tier, has been tried. Limits are those of the scenario,
judged by upper ends of intervals, or assumed ones, judged by means.
"""

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from simlib.analysis import quantiles
from simlib.analysis.intervals import Interval, student
from simlib.analysis.metrics import METRICS
from simlib.analysis.quantiles import HALVES
from simlib.analysis.stability import assess_stability
from simlib.analysis.utilisation import BUSIEST, HOST_UTILISATION
from simlib.decision.gain.tiers import Setup, Tier, build_setup_keys, list_setups, shrink
from simlib.experiment.jobs import Replication
from simlib.experiment.replicate import list_jobs, run_jobs
from simlib.experiment.sweep import change_scenario
from simlib.scenario.hosts import AUTHORIZATION_SERVER, GATEWAY, SERVICE, STORE, find_host_kind
from simlib.scenario.limits import Limits
from simlib.scenario.scenario import Scenario

LOAD_METRICS = (
    *("mean_s", "mean_all_s", "p50_s", "p95_s", "p95_all_s", "p99_s", "p99_all_s"),
    *("as_utilisation", "rs_utilisation", "busiest_utilisation"),
)
"""Metrics that more servers improve; without a limit on one of these, any server that is stable would do."""
SIZED_LIMITS = (*LOAD_METRICS, "failed_share")
UTILISATIONS = ("rs_utilisation", "as_utilisation", "store_utilisation", "busiest_utilisation")
SIZED_HOSTS = (GATEWAY, SERVICE, AUTHORIZATION_SERVER, STORE)
P99_RATIO = 2.0
"""Without a limit: largest ratio of p99 to that of servers without queues. An assumption."""


@dataclass(frozen=True)
class Requirement:
    """Metric -> its largest allowed value; ``assumed``: the scenario limits no metric that more servers improve."""

    limits: Mapping[str, float]
    assumed: bool

    def is_assumed(self, metric: str) -> bool:
        """Whether the limit on a metric is assumed, not stated by the scenario."""
        return self.assumed and metric in (*LOAD_METRICS, *UTILISATIONS)


def read_limits(limits: Limits) -> Requirement:
    """Limits of a scenario that depend on the size of servers."""
    stated = {name: value for name, value in limits.model_dump(exclude_none=True).items() if name in SIZED_LIMITS}
    return Requirement(MappingProxyType(stated), not any(name in stated for name in LOAD_METRICS))


def add_assumed_limits(own: Requirement, target_utilisation: float, unloaded_p99_s: float) -> Requirement:
    """Requirement with the assumed limits added: target utilisation, and p99 near that of unloaded servers."""
    further = {**dict.fromkeys(UTILISATIONS, target_utilisation), "p99_s": P99_RATIO * unloaded_p99_s}
    return Requirement(MappingProxyType({**own.limits, **further}), True)


def list_broken_limits(requirement: Requirement, runs: Sequence[Replication], level: float) -> tuple[str, ...]:
    """Reasons for limits that are not surely kept, one each; empty when the size is large enough.

    The upper end of each interval counts. Of an assumed limit the mean does: it directs the search and is no
    requirement, so that the wide interval of a short run must not exclude a design. A metric that is undefined in
    every run is no reason.
    """
    reasons = _list_instabilities(runs)
    for name, limit in requirement.limits.items():
        is_assumed = requirement.is_assumed(name)
        is_own = name == BUSIEST and is_assumed  # of the hosts whose size is searched, not of all
        interval = compute_busiest_interval(runs, level) if is_own else compute_interval(runs, name, level)
        value = interval.mean if is_assumed else interval.high
        if interval.n > 0 and not value <= limit:
            reasons.append(_write_reason(name, value, limit, "assumed" if is_assumed else "allowed"))
    return tuple(reasons)


def compute_interval(runs: Sequence[Replication], metric: str, level: float) -> Interval:
    """Interval of one metric over the replications of a size."""
    columns = (name for name in (metric, metric + HALVES) if all(name in run.figures for run in runs))
    return quantiles.compute_interval({name: [run.figures[name] for run in runs] for name in columns}, metric, level)


def compute_busiest_interval(runs: Sequence[Replication], level: float) -> Interval:
    """Interval of the utilisation of the busiest of the hosts whose size is searched."""
    values = []
    for run in runs:
        own = [
            value
            for name, value in run.figures.items()
            if name.startswith(HOST_UTILISATION) and find_host_kind(name.removeprefix(HOST_UTILISATION)) in SIZED_HOSTS
        ]
        values.append(max(own, default=math.nan))
    return student(values, level)


def _list_instabilities(runs: Sequence[Replication]) -> list[str]:
    arrivals = student([run.figures["arrivals_per_s"] for run in runs]).mean
    if not arrivals > 0:
        return []
    own = assess_stability([run.figures["backlog_slope"] for run in runs], arrivals)
    return [f"backlog grows by {own.growth_share:.1%} of what arrives"] if own.unstable else []


def _write_reason(name: str, value: float, limit: float, origin: str) -> str:
    metric = METRICS[name]
    factor, unit = metric.factor, f" {metric.display_unit}" if metric.display_unit else ""
    return f"{metric.label} up to {value * factor:.4g}{unit} where {limit * factor:.4g}{unit} is {origin}"


OVERLOADED = "overloaded by the utilisation law: its work would take more vCPUs than it has"


@dataclass(frozen=True)
class Evaluation:
    """Setup of all tiers with its cost per hour and, where it breaks limits, the reasons."""

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
    """Evaluator of setups of one design, each simulated once; ``evaluations`` holds them in their order.

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
        """Cost per hour, in the currency of the prices."""
        return sum(self._prices[tier.name] * tier.count_vcpus(setup) for tier in self.tiers)

    def simulate(self, setup: Setup) -> tuple[Replication, ...]:
        """Replications of a setup, simulated at most once."""
        keys = build_setup_keys(self.scenario, self.design, setup)
        identity = repr(sorted(keys.items()))
        if identity not in self._runs:
            changed = change_scenario(self.scenario, keys)
            self._runs[identity] = tuple(run_jobs(list_jobs(changed, (self.design,)), self._workers))
        return self._runs[identity]

    def evaluate(self, setup: Setup, requirement: Requirement) -> Evaluation:
        """Simulate a setup, unless the utilisation law shows an overloaded host, and check the limits."""
        earlier = next((own for own in self.evaluations if own.setup == setup), None)
        if earlier is not None:
            return earlier
        overloaded = [f"{tier.name}: {OVERLOADED}" for tier in self.tiers if tier.is_overloaded(setup)]
        runs = () if overloaded else self.simulate(setup)
        reasons = tuple(overloaded) or list_broken_limits(requirement, runs, self.scenario.run.level)
        self.evaluations.append(Evaluation(setup, self.compute_cost(setup), reasons, runs))
        return self.evaluations[-1]


LIGHT = 0.1
"""Utilisation at which queues are so short that more servers would not help. An assumption."""
Index = tuple[int, ...]


def find_cheapest(evaluator: SetupEvaluator, requirement: Requirement) -> Evaluation:
    """Cheapest setup that keeps the limits, or the largest one when none does."""
    top: Setup = {name: level for tier in evaluator.tiers for name, level in tier.find_light_setup(LIGHT).items()}
    search = _LatticeSearch(evaluator, requirement, [list_setups(tier, top) for tier in evaluator.tiers])
    if search.evaluate(search.start).met:
        return search.confirm(search.start)
    if not search.evaluate(search.end).met:
        return search.evaluate(search.end)
    begin = tuple(search.find_lowest(tier) for tier in range(len(search.chains)))
    return search.confirm(search.find_first(begin))


class _LatticeSearch:
    """Search over indices into the chains of all tiers; index 0 is the smallest size that is not overloaded."""

    def __init__(
        self, evaluator: SetupEvaluator, requirement: Requirement, chains: Sequence[tuple[Setup, ...]]
    ) -> None:
        self.evaluator = evaluator
        self.requirement = requirement
        self.chains = chains
        self.start: Index = tuple(0 for _ in chains)
        self.end: Index = tuple(len(own) - 1 for own in chains)

    def build_setup(self, index: Index) -> Setup:
        return {name: level for own, at in zip(self.chains, index, strict=True) for name, level in own[at].items()}

    def evaluate(self, index: Index) -> Evaluation:
        return self.evaluator.evaluate(self.build_setup(index), self.requirement)

    def find_lowest(self, tier: int) -> int:
        """Smallest size of one tier that keeps the limits while all others have their largest (bisection)."""
        low, high = -1, self.end[tier]
        while high - low > 1:
            middle = (low + high) // 2
            met = self.evaluate(self._replace_size(self.end, tier, middle)).met
            low, high = (low, middle) if met else (middle, high)
        return high

    def find_first(self, begin: Index) -> Index:
        """First size that keeps the limits, in order of cost from the one where no tier alone breaks a limit."""
        queue, visited = [(self.evaluator.compute_cost(self.build_setup(begin)), begin)], {begin}
        while queue:
            _, index = heapq.heappop(queue)
            if self.evaluate(index).met:
                return index
            for tier, size in enumerate(index):
                larger = self._replace_size(index, tier, size + 1)
                if size < self.end[tier] and larger not in visited:
                    visited.add(larger)
                    heapq.heappush(queue, (self.evaluator.compute_cost(self.build_setup(larger)), larger))
        return self.end

    def confirm(self, index: Index) -> Evaluation:
        """The size itself if every neighbour with one step less breaks a limit; else the neighbour that breaks none."""
        for tier, size in enumerate(index):
            if size > 0:
                less = self._replace_size(index, tier, size - 1)
                if self.evaluate(less).met:
                    return self.confirm(less)
            else:
                self._record_overloaded(index, tier)
        return self.evaluate(index)

    def _record_overloaded(self, index: Index, tier: int) -> None:
        """Record that one step less is overloaded, where there is such a step."""
        setup = self.build_setup(index)
        smaller = shrink(self.evaluator.tiers[tier], setup)
        if smaller is not None:
            self.evaluator.evaluate({**setup, **smaller}, self.requirement)

    @staticmethod
    def _replace_size(index: Index, tier: int, size: int) -> Index:
        return (*index[:tier], size, *index[tier + 1 :])

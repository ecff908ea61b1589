"""Servers by tier, and how many vCPUs each may have: what a search over sizes walks along.

A vCPU is one worker. A host whose replicas have one worker each grows by replicas; one whose replicas have several
(cores of a machine) keeps its replicas and grows by workers, below their number by replicas of one worker.

What the servers of a design must keep: the limits of a scenario that a size can help with, or an assumption.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from simlib.analysis.intervals import Interval, student
from simlib.analysis.metrics import METRICS
from simlib.analysis.stability import assess_stability
from simlib.experiment.replicate import Replication
from simlib.scenario.design import Design
from simlib.scenario.hosts import AUTHORIZATION_SERVER, GATEWAY, SERVICE, STORE, find_host_kind
from simlib.scenario.scenario import Limits, Scenario
from simlib.strategies import CATALOGUE

INNER = "inner_service"
MOST = 1000
"""Replicas or workers of a place, as a scenario file allows."""


class Level(NamedTuple):
    """How a place is set up: replicas, each with so many workers."""

    replicas: int
    workers: int

    @property
    def vcpus(self) -> int:
        """vCPUs of one host."""
        return self.replicas * self.workers


@dataclass(frozen=True)
class Place:
    """Hosts that are set up alike, such as a service in all regions, or all inner services.

    ``hosts`` is their number; ``busy``: vCPUs that are busy on average at the busiest of them, by the utilisation law.
    """

    name: str
    hosts: int
    busy: float
    own: Level

    def list_levels(self) -> Iterator[Level]:
        """From one vCPU on, each larger than the one before."""
        if self.own.workers == 1:
            yield from (Level(number, 1) for number in range(1, MOST + 1))
            return
        yield from (Level(number, 1) for number in range(1, self.own.replicas + 1))
        yield from (Level(self.own.replicas, number) for number in range(2, MOST + 1))

    def find_next_level(self, level: Level) -> Level | None:
        """The next larger level, None at the end."""
        return next((larger for larger in self.list_levels() if larger.vcpus > level.vcpus), None)

    def find_level(self, vcpus: float) -> Level:
        """The smallest level with so many vCPUs in each host, or the largest there is."""
        level = Level(1, 1)
        for level in self.list_levels():
            if level.vcpus >= vcpus:
                break
        return level


Setup = Mapping[str, Level]
"""Place -> level."""


@dataclass(frozen=True)
class Tier:
    """The places of one kind of server whose vCPUs are counted together."""

    name: str
    places: tuple[Place, ...]

    def count_vcpus(self, setup: Setup) -> int:
        """Of all its hosts."""
        return sum(place.hosts * setup[place.name].vcpus for place in self.places)

    def find_smallest_setup(self) -> Setup:
        """The smallest at which no host is overloaded by the utilisation law."""
        return {place.name: place.find_level(math.nextafter(place.busy, math.inf)) for place in self.places}

    def find_light_setup(self, utilisation: float) -> Setup:
        """So large that no host is busier than that."""
        return {place.name: place.find_level(place.busy / utilisation) for place in self.places}

    def enlarge(self, setup: Setup) -> Setup | None:
        """One step more, where it helps most: for the place whose hosts are busiest; None at the end."""
        return self._step(setup, lambda place, level: place.find_next_level(level))

    def is_overloaded(self, setup: Setup) -> bool:
        """Whether some host cannot do its work, whatever one simulates."""
        return any(place.busy >= setup[place.name].vcpus for place in self.places)

    def _step(self, setup: Setup, step: Callable[[Place, Level], Level | None]) -> Setup | None:
        for place in sorted(self.places, key=lambda own: -own.busy / setup[own.name].vcpus):
            level = step(place, setup[place.name])
            if level is not None:
                return {**setup, place.name: level}
        return None


def list_setups(tier: Tier, top: Setup) -> tuple[Setup, ...]:
    """The sizes of a tier in rising order, from the smallest that can work to ``top``.

    With several places each step goes to the one whose hosts are busiest, so that no place waits for another.
    """
    steps = [tier.find_smallest_setup()]
    while tier.count_vcpus(steps[-1]) < tier.count_vcpus(top):
        following = tier.enlarge(steps[-1])
        if following is None:
            break
        steps.append(following)
    return tuple(steps)


def shrink(tier: Tier, setup: Setup) -> Setup | None:
    """One step less than the smallest that can work: a neighbour that is overloaded; None at one vCPU each."""
    for place in sorted(tier.places, key=lambda own: own.name):
        less = list(_below(place, setup[place.name]))
        if less:
            return {**setup, place.name: less[-1]}
    return None


def _below(place: Place, level: Level) -> Iterator[Level]:
    for one in place.list_levels():
        if one.vcpus >= level.vcpus:
            return
        yield one


def list_tiers(scenario: Scenario, design: Design, load: float, cpu_s: Mapping[str, float]) -> tuple[Tier, ...]:
    """Resource servers, authorization servers and, where there is one, the database of a design.

    ``load`` in requests per second; ``cpu_s``: host -> CPU seconds per request.
    """
    resource = [SERVICE, *([INNER] if scenario.world.inner_services else [])]
    if GATEWAY in design.parts and scenario.world.gateway is not None:
        resource.insert(0, GATEWAY)
    made = [_place(scenario, design, name, load, cpu_s) for name in resource]
    tiers = [Tier(SERVICE, tuple(made))]
    tiers.append(Tier(AUTHORIZATION_SERVER, (_place(scenario, design, AUTHORIZATION_SERVER, load, cpu_s),)))
    if scenario.world.store.database is not None:
        tiers.append(Tier("database", (_place(scenario, design, STORE, load, cpu_s),)))
    return tuple(tiers)


def _place(scenario: Scenario, design: Design, name: str, load: float, cpu_s: Mapping[str, float]) -> Place:
    regions = len(scenario.world.regions.names) if scenario.world.regions is not None else 1
    if name in (AUTHORIZATION_SERVER, STORE) and not _regional(design):
        regions = 1
    hosts = regions * (len(scenario.world.inner_services) if name == INNER else 1)
    own = [seconds for host, seconds in cpu_s.items() if _is_at(host, name)]
    level = Level(1 if name == STORE else design.replicas.get(name, 1), _workers(scenario, name))
    return Place(name, hosts, load * max(own, default=0.0), level)


def _regional(design: Design) -> bool:
    kind = CATALOGUE[AUTHORIZATION_SERVER][design.parts[AUTHORIZATION_SERVER].part]
    return bool(getattr(kind, "regional", False))


def _is_at(host: str, place: str) -> bool:
    inner = host.partition("@")[0].startswith(f"{SERVICE}/")
    return inner if place == INNER else find_host_kind(host) == place and not inner


def _workers(scenario: Scenario, place: str) -> int:
    """Of one replica; of inner services the most that one of them has."""
    world = scenario.world
    database = world.store.database
    workers = {
        SERVICE: world.service.workers,
        AUTHORIZATION_SERVER: world.authorization_server.workers,
        GATEWAY: world.gateway.workers if world.gateway is not None else 1,
        INNER: max((inner.workers for inner in world.inner_services.values()), default=1),
        STORE: max(2, database.workers) if database is not None else 1,  # one host: it grows by workers
    }
    return workers[place]


def build_setup_keys(scenario: Scenario, design: str, setup: Setup) -> dict[str, Any]:
    """Dotted keys and values of a scenario file that set the servers up so."""
    keys: dict[str, Any] = {}
    for name, level in setup.items():
        if name == STORE:
            keys["world.store.database.workers"] = level.vcpus
            continue
        keys[f"designs.{design}.replicas.{name}"] = level.replicas
        inner = [f"inner_services.{own}" for own in scenario.world.inner_services]
        for table in inner if name == INNER else [name]:
            keys[f"world.{table}.workers"] = level.workers
    return keys


OF_LOAD = ("mean_s", "p50_s", "p95_s", "p99_s", "as_utilisation", "rs_utilisation")
"""Metrics that more servers make better; without a limit on one of these, any server that just keeps up would do."""
KEPT = (*OF_LOAD, "failed_share")
UTILISATIONS = ("rs_utilisation", "as_utilisation", "store_utilisation")
SLOWER = 2.0
"""Where no limit is set: p99 may be so many times that of servers that nobody waits for. An assumption."""


@dataclass(frozen=True)
class Requirement:
    """Metric -> the most that the upper end of its interval may be; ``assumed``: the scenario sets none of its own."""

    limits: Mapping[str, float]
    assumed: bool


def read_limits(limits: Limits) -> Requirement:
    """The limits of a scenario that servers can keep or break; what no size changes is not asked here."""
    given = {name: value for name, value in limits.model_dump(exclude_none=True).items() if name in KEPT}
    return Requirement(MappingProxyType(given), not any(name in given for name in OF_LOAD))


def add_assumed_limits(own: Requirement, target_utilisation: float, unloaded_p99_s: float) -> Requirement:
    """With the assumption beside what is given: servers as busy as is wanted, and p99 not far above the unloaded."""
    further = {**dict.fromkeys(UTILISATIONS, target_utilisation), "p99_s": SLOWER * unloaded_p99_s}
    return Requirement(MappingProxyType({**own.limits, **further}), True)


def list_broken_limits(requirement: Requirement, runs: Sequence[Replication], level: float) -> tuple[str, ...]:
    """Which limits are not surely kept, one short reason each; empty when the size is good enough.

    The upper end of each interval counts. A metric that is undefined in every run is no reason, but for a backlog.
    """
    found = _unstable(runs)
    for name, limit in requirement.limits.items():
        interval = compute_interval(runs, name, level)
        if interval.n > 0 and not interval.high <= limit:
            found.append(_reason(name, interval, limit))
    return tuple(found)


def compute_interval(runs: Sequence[Replication], metric: str, level: float) -> Interval:
    """The interval of one metric over the replications of a size."""
    return student([run.figures[metric] for run in runs], level)


def _unstable(runs: Sequence[Replication]) -> list[str]:
    arrivals = student([run.figures["arrivals_per_s"] for run in runs]).mean
    if not arrivals > 0:
        return []
    own = assess_stability([run.figures["backlog_slope"] for run in runs], arrivals)
    return [f"backlog grows by {own.growth_share:.1%} of what arrives"] if own.unstable else []


def _reason(name: str, interval: Interval, limit: float) -> str:
    metric = METRICS[name]
    factor, unit = metric.factor, f" {metric.display_unit}" if metric.display_unit else ""
    return f"{metric.label} up to {interval.high * factor:.4g}{unit} where {limit * factor:.4g}{unit} is allowed"

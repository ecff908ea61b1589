"""Tiers of servers whose sizes are searched, and their setups in rising order."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from simlib.scenario.design import Design
from simlib.scenario.hosts import AUTHORIZATION_SERVER, GATEWAY, SERVICE, STORE, find_host_kind
from simlib.scenario.scenario import Scenario
from simlib.strategies import CATALOGUE

INNER = "inner_service"
MOST = 1000
"""Largest number of replicas or workers of a place, as a scenario file allows."""


class Level(NamedTuple):
    """Setup of a place: replicas, each with this number of workers."""

    replicas: int
    workers: int

    @property
    def vcpus(self) -> int:
        """vCPUs of one host."""
        return self.replicas * self.workers


@dataclass(frozen=True)
class Place:
    """Hosts with one setup, such as a service in all regions, or all inner services.

    ``hosts``: their number; ``busy``: mean number of busy vCPUs at the busiest of them, by the utilisation law.
    """

    name: str
    hosts: int
    busy: float
    own: Level

    def list_levels(self) -> Iterator[Level]:
        """Levels in rising order, from one vCPU on."""
        if self.own.workers == 1:
            yield from (Level(number, 1) for number in range(1, MOST + 1))
            return
        yield from (Level(number, 1) for number in range(1, self.own.replicas + 1))
        yield from (Level(self.own.replicas, number) for number in range(2, MOST + 1))

    def find_next_level(self, level: Level) -> Level | None:
        """Next larger level, None at the end."""
        return next((larger for larger in self.list_levels() if larger.vcpus > level.vcpus), None)

    def find_level(self, vcpus: float) -> Level:
        """Smallest level with at least that many vCPUs in each host, else the largest."""
        level = Level(1, 1)
        for level in self.list_levels():
            if level.vcpus >= vcpus:
                break
        return level


Setup = Mapping[str, Level]
"""Place -> level."""


@dataclass(frozen=True)
class Tier:
    """Places of one kind of server whose vCPUs are counted together."""

    name: str
    places: tuple[Place, ...]

    def count_vcpus(self, setup: Setup) -> int:
        """vCPUs of all its hosts."""
        return sum(place.hosts * setup[place.name].vcpus for place in self.places)

    def find_smallest_setup(self) -> Setup:
        """Smallest setup at which no host is overloaded by the utilisation law."""
        return {place.name: place.find_level(math.nextafter(place.busy, math.inf)) for place in self.places}

    def find_light_setup(self, utilisation: float) -> Setup:
        """Setup at which no host has more than that utilisation."""
        return {place.name: place.find_level(place.busy / utilisation) for place in self.places}

    def enlarge(self, setup: Setup) -> Setup | None:
        """One step more for the place with the busiest hosts; None at the end."""
        return self._change_busiest(setup, lambda place, level: place.find_next_level(level))

    def is_overloaded(self, setup: Setup) -> bool:
        """Whether some host is overloaded by the utilisation law."""
        return any(place.busy >= setup[place.name].vcpus for place in self.places)

    def _change_busiest(self, setup: Setup, step: Callable[[Place, Level], Level | None]) -> Setup | None:
        for place in sorted(self.places, key=lambda own: -own.busy / setup[own.name].vcpus):
            level = step(place, setup[place.name])
            if level is not None:
                return {**setup, place.name: level}
        return None


def list_setups(tier: Tier, top: Setup) -> tuple[Setup, ...]:
    """Setups of a tier in rising order, from the smallest that is not overloaded to ``top``.

    With several places each step enlarges the one with the busiest hosts.
    """
    steps = [tier.find_smallest_setup()]
    while tier.count_vcpus(steps[-1]) < tier.count_vcpus(top):
        larger = tier.enlarge(steps[-1])
        if larger is None:
            break
        steps.append(larger)
    return tuple(steps)


def shrink(tier: Tier, setup: Setup) -> Setup | None:
    """One step less than the smallest setup, a neighbour that is overloaded; None at one vCPU each."""
    for place in sorted(tier.places, key=lambda own: own.name):
        less = list(_list_smaller(place, setup[place.name]))
        if less:
            return {**setup, place.name: less[-1]}
    return None


def _list_smaller(place: Place, level: Level) -> Iterator[Level]:
    for smaller in place.list_levels():
        if smaller.vcpus >= level.vcpus:
            return
        yield smaller


def list_tiers(scenario: Scenario, design: Design, load: float, cpu_s: Mapping[str, float]) -> tuple[Tier, ...]:
    """Tiers of a design: resource servers, authorization servers and, where there is one, the database.

    ``load`` in requests per second; ``cpu_s``: host -> CPU seconds per request.
    """
    resource = [SERVICE, *([INNER] if scenario.world.inner_services else [])]
    if GATEWAY in design.parts and scenario.world.gateway is not None:
        resource.insert(0, GATEWAY)
    places = [_build_place(scenario, design, name, load, cpu_s) for name in resource]
    tiers = [Tier(SERVICE, tuple(places))]
    tiers.append(Tier(AUTHORIZATION_SERVER, (_build_place(scenario, design, AUTHORIZATION_SERVER, load, cpu_s),)))
    if scenario.world.store.database is not None:
        tiers.append(Tier("database", (_build_place(scenario, design, STORE, load, cpu_s),)))
    return tuple(tiers)


def _build_place(scenario: Scenario, design: Design, name: str, load: float, cpu_s: Mapping[str, float]) -> Place:
    regions = len(scenario.world.regions.names) if scenario.world.regions is not None else 1
    if name in (AUTHORIZATION_SERVER, STORE) and not _is_regional(design):
        regions = 1
    hosts = regions * (len(scenario.world.inner_services) if name == INNER else 1)
    own = [seconds for host, seconds in cpu_s.items() if _is_at(host, name)]
    level = Level(1 if name == STORE else design.replicas.get(name, 1), _find_workers(scenario, name))
    return Place(name, hosts, load * max(own, default=0.0), level)


def _is_regional(design: Design) -> bool:
    kind = CATALOGUE[AUTHORIZATION_SERVER][design.parts[AUTHORIZATION_SERVER].part]
    return bool(getattr(kind, "regional", False))


def _is_at(host: str, place: str) -> bool:
    inner = host.partition("@")[0].startswith(f"{SERVICE}/")
    return inner if place == INNER else find_host_kind(host) == place and not inner


def _find_workers(scenario: Scenario, place: str) -> int:
    """Workers of one replica; for inner services the largest number among them."""
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


def build_setup_keys(scenario: Scenario, design: str, setup: Setup) -> dict[str, int]:
    """Dotted keys and values of a scenario file for a setup."""
    keys: dict[str, int] = {}
    for name, level in setup.items():
        if name == STORE:
            keys["world.store.database.workers"] = level.vcpus
            continue
        keys[f"designs.{design}.replicas.{name}"] = level.replicas
        inner = [f"inner_services.{own}" for own in scenario.world.inner_services]
        for table in inner if name == INNER else [name]:
            keys[f"world.{table}.workers"] = level.workers
    return keys

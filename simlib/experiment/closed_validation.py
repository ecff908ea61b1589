"""Closed scenarios solved by mean value analysis: demands of each design on its stations, and the exact solution."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from simlib.analysis.queueing import ClosedSolution, ClosedStation, mean_value_analysis
from simlib.analysis.summary import summarise
from simlib.deployment.simulate import simulate
from simlib.scenario.distributions import Constant, Distribution
from simlib.scenario.errors import InputError
from simlib.scenario.profile import CostProfile
from simlib.scenario.scenario import Scenario
from simlib.strategies import CATALOGUE

CYCLES = 400
"""Requests of the one user from whom demands are read; all of them take their mean time, so few will do."""


@dataclass(frozen=True)
class Demands:
    """Seconds per request in the mean: thinking, links, and CPU time of both servers over all visits."""

    think_s: float
    links_s: float
    service_s: float
    authorization_server_s: float


def measure_demands(scenario: Scenario, design: str) -> Demands:
    """Demands of a request of one design without queueing.

    Read from a run of one user in which every time is its mean: the time on links is the latency less the CPU time.
    They are independent of the queueing that the solution is compared with. Raises InputError for an unknown
    design or another load than a closed one.
    """
    single = _reduce_to_one_user(scenario, design)
    figures = summarise(simulate(single, design), single.run.warm_up_s)
    cpu = figures["rs_cpu_s"], figures["as_cpu_s"]
    return Demands(find_think_time(scenario).mean(), figures["mean_s"] - sum(cpu), *cpu)


def solve_closed(scenario: Scenario, design: str) -> ClosedSolution:
    """Mean value analysis of one design: requests per second, and seconds per request with the links.

    Every replica is a station of its own, visited at random. ``residence_s`` holds those of the resource server, then
    those of the authorization server. Raises InputError as `check_solvable` does.
    """
    check_solvable(scenario)
    demands = measure_demands(scenario, design)
    world, replicas = scenario.world, scenario.design(design).replicas
    stations = [
        ClosedStation(1 / number, seconds, workers)
        for seconds, workers, number in (
            (demands.service_s, world.service.workers, replicas["service"]),
            (demands.authorization_server_s, world.authorization_server.workers, replicas["authorization_server"]),
        )
        for _ in range(number)
    ]
    delay = demands.think_s + demands.links_s
    solution = mean_value_analysis(world.population.users, delay, stations)
    return replace(solution, response_s=solution.response_s + demands.links_s)


def check_solvable(scenario: Scenario) -> None:
    """Raises InputError for a scenario that the analysis cannot solve: another load than a closed one, or more servers
    than the two whose demands it reads. CPU time of a third would be taken for a link, where there is no queue.
    """
    find_think_time(scenario)
    world = scenario.world
    unsupported = {
        "world.service.calls": bool(world.service.calls),
        "world.backend": world.backend is not None,
        "world.regions": world.regions is not None,
        **{f"designs.{name}.gateway": "gateway" in each.parts for name, each in scenario.designs.items()},
    }
    for key, present in unsupported.items():
        if present:
            raise InputError(
                f"{scenario.origin}: {key}: mean value analysis is made here for one service and one authorization "
                "server; leave this key out"
            )


def list_approximations(scenario: Scenario) -> tuple[str, ...]:
    """Properties of a closed scenario that a product-form network lacks, a sentence each; empty for an exact solution.

    Source: Baskett, Chandy, Muntz and Palacios, J. ACM 22, 1975.
    """
    world = scenario.world
    shared = (world.service.discipline, world.authorization_server.discipline)
    network = world.network
    links = (
        network.client_to_service,
        network.client_to_authorization_server,
        network.service_to_authorization_server,
    )
    caching = [name for name, each in scenario.designs.items() if _has_answer_cache(each.parts["service"].part)]
    deviations = {
        "A server works first come, first served, with times that are not exponential": shared.count("fifo") > 0,
        "Threads that wait hold a place at the resource server": world.service.threads is not None,
        "Connections are limited, or opened and closed": any(link.connections is not None for link in links),
        "The token store is a host of its own, which the analysis does not model": world.store.kind == "database",
        f"Calls of {', '.join(caching)} depend on earlier calls": bool(caching),
        "Revoked tokens are refused, and new ones are obtained": world.revocations.rate > 0,
        "Sessions begin and end": bool(world.clients),
        "The shared store is a host of its own, which the analysis does not model": world.shared_store is not None,
        "The authorization server limits the rate of requests": world.authorization_server.rate_limit is not None,
    }
    return tuple(
        f"{deviation}: the analysis is an approximation there." for deviation, holds in deviations.items() if holds
    )


def _has_answer_cache(part: str) -> bool:
    kind: Any = CATALOGUE["service"][part]
    return bool(kind.caches_answers)


def find_think_time(scenario: Scenario) -> Distribution:
    """Time that a user thinks between an answer and the next request; InputError for another load than a closed one."""
    load = scenario.world.load
    if load.kind != "closed":
        raise InputError(
            f'{scenario.origin}: world.load.kind: mean value analysis is about a "closed" load, not {load.kind!r}'
        )
    return load.think


def _reduce_to_one_user(scenario: Scenario, design: str) -> Scenario:
    """One user of one design, for whom every time is its mean."""
    world, think = scenario.world, find_think_time(scenario).mean()
    links = {
        name: link.model_copy(update={"round_trip": _reduce_to_mean(link.round_trip)})
        for name in ("client_to_service", "client_to_authorization_server", "service_to_authorization_server")
        for link in (getattr(world.network, name),)
    }
    changed = {
        "population": world.population.model_copy(update={"users": 1}),
        "load": world.load.model_copy(update={"think": Constant(value_s=think)}),
        "service": world.service.model_copy(update={"work": _reduce_to_mean(world.service.work)}),
        "network": world.network.model_copy(update=links),
    }
    warm_up = scenario.run.warm_up_s
    run = scenario.run.model_copy(update={"length_s": warm_up + CYCLES * think, "replications": 1})
    return replace(
        scenario,
        world=world.model_copy(update=changed),
        designs=MappingProxyType({design: scenario.design(design)}),
        run=run,
        profile=_reduce_profile_to_means(scenario.profile),
    )


def _reduce_to_mean(law: Distribution) -> Constant:
    return Constant(value_s=law.mean())


def _reduce_profile_to_means(profile: CostProfile) -> CostProfile:
    operations: Iterable[str] = profile.quantiles
    means = {operation: np.array([profile.mean(operation)]) for operation in operations}
    return replace(profile, quantiles=MappingProxyType(means))

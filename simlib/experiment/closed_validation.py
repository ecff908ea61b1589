"""A closed scenario beside mean value analysis: what each design asks of its stations, and what follows from that."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from simlib.analysis.mva import ClosedAnswer, ClosedStation, mean_value_analysis
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


def demands_of(scenario: Scenario, design: str) -> Demands:
    """What a request of one design takes where nobody else is in the way.

    Read off a run of one user in which every time is its mean: the links are what is left of the latency when the CPU
    time is taken away. Nothing of the queueing that it is compared with goes into it. Raises InputError for an unknown
    design or another load than a closed one.
    """
    alone = _alone(scenario, design)
    figures = summarise(simulate(alone, design), alone.run.warm_up_s)
    cpu = figures["rs_cpu_s"], figures["as_cpu_s"]
    return Demands(think_time(scenario).mean(), figures["mean_s"] - sum(cpu), *cpu)


def closed_answer(scenario: Scenario, design: str) -> ClosedAnswer:
    """Mean value analysis of one design: requests per second, and seconds per request with the links.

    Every replica is a station of its own, visited at random. ``residence_s`` holds those of the resource server, then
    those of the authorization server. Raises InputError as `check_within_reach` does.
    """
    check_within_reach(scenario)
    demands = demands_of(scenario, design)
    world, replicas = scenario.world, scenario.design(design).replicas
    stations = [
        ClosedStation(1 / number, seconds, workers)
        for seconds, workers, number in (
            (demands.service_s, world.service.workers, replicas["service"]),
            (demands.authorization_server_s, world.authorization_server.workers, replicas["authorization_server"]),
        )
        for _ in range(number)
    ]
    away = demands.think_s + demands.links_s
    answer = mean_value_analysis(world.population.users, away, stations)
    return replace(answer, response_s=answer.response_s + demands.links_s)


def check_within_reach(scenario: Scenario) -> None:
    """Raises InputError for what the analysis has no answer to: another load than a closed one, or more servers than
    the two whose demands it reads. CPU time of a third would pass for a link, where nobody queues.
    """
    think_time(scenario)
    world = scenario.world
    beyond = {
        "world.service.calls": bool(world.service.calls),
        "world.backend": world.backend is not None,
        "world.regions": world.regions is not None,
        **{f"designs.{name}.gateway": "gateway" in one.parts for name, one in scenario.designs.items()},
    }
    for key, there in beyond.items():
        if there:
            raise InputError(
                f"{scenario.name}: {key}: mean value analysis is made here for one service and one authorization "
                "server; leave this key out"
            )


def departures(scenario: Scenario) -> tuple[str, ...]:
    """In which ways a closed scenario is no product-form network, a sentence each; empty when the answer is exact.

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
    caching = [name for name, one in scenario.designs.items() if _caches(one.parts["service"].part)]
    told = {
        "A server works first come, first served, with times that are not exponential": shared.count("fifo") > 0,
        "Threads that wait hold a place at the resource server": world.service.threads is not None,
        "Connections are limited, or opened and closed": any(link.connections is not None for link in links),
        "The token store is a host of its own, which the analysis does not know": world.store.kind == "database",
        f"Whether {', '.join(caching)} asks depends on what was asked before": bool(caching),
        "Revoked tokens are refused, and asked for again": world.revocations.rate > 0,
        "Sessions begin and end": bool(world.clients),
        "The shared store is a host of its own, which the analysis does not know": world.shared_store is not None,
        "The authorization server refuses what comes too often": world.authorization_server.rate_limit is not None,
    }
    return tuple(f"{sentence}: the analysis is an approximation there." for sentence, holds in told.items() if holds)


def _caches(part: str) -> bool:
    kind: Any = CATALOGUE["service"][part]
    return bool(kind.caches_answers)


def think_time(scenario: Scenario) -> Distribution:
    """How long a user thinks between an answer and the next request; InputError for another load than a closed one."""
    load = scenario.world.load
    if load.kind != "closed":
        raise InputError(
            f'{scenario.name}: world.load.kind: mean value analysis is about a "closed" load, not {load.kind!r}'
        )
    return load.think


def _alone(scenario: Scenario, design: str) -> Scenario:
    """One user of one design, for whom every time is its mean."""
    world, think = scenario.world, think_time(scenario).mean()
    links = {
        name: link.model_copy(update={"round_trip": _mean(link.round_trip)})
        for name in ("client_to_service", "client_to_authorization_server", "service_to_authorization_server")
        for link in (getattr(world.network, name),)
    }
    changed = {
        "population": world.population.model_copy(update={"users": 1}),
        "load": world.load.model_copy(update={"think": Constant(value_s=think)}),
        "service": world.service.model_copy(update={"work": _mean(world.service.work)}),
        "network": world.network.model_copy(update=links),
    }
    warm_up = scenario.run.warm_up_s
    run = scenario.run.model_copy(update={"length_s": warm_up + CYCLES * think, "replications": 1})
    return replace(
        scenario,
        world=world.model_copy(update=changed),
        designs=MappingProxyType({design: scenario.design(design)}),
        run=run,
        profile=_at_its_means(scenario.profile),
    )


def _mean(law: Distribution) -> Constant:
    return Constant(value_s=law.mean())


def _at_its_means(profile: CostProfile) -> CostProfile:
    operations: Iterable[str] = profile.quantiles
    means = {operation: np.array([profile.mean(operation)]) for operation in operations}
    return replace(profile, quantiles=MappingProxyType(means))

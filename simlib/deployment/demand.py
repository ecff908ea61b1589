"""Demand: the requests of one replication with their users and needs, the same for every design.

Of a long run the requests are drawn block by block, whenever they are read; request by request they are the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.engine.arrival_times import (
    BLOCK,
    ArrivalTimes,
    PoissonTimes,
    build_constant_intensity,
    build_intensity,
    draw_arrival_times,
)
from simlib.engine.arrivals import Cycles, draw_cycles
from simlib.engine.request_window import LARGEST
from simlib.scenario.loads import ClosedLoad, OpenLoad, ReplayLoad
from simlib.scenario.scenario import Scenario
from simlib.scenario.traces import Arrivals, replay
from simlib.scenario.variates import Variates
from simlib.scenario.world import Population

NEEDS, SENSITIVE = "world.user_information", "world.sensitive"


@dataclass(frozen=True, eq=False)
class Demand:
    """Requests in order of time. ``times`` (n,) seconds, ``users`` (n,), ``needs_user_information`` (n,) booleans.

    ``rates`` (users,) are each user's requests per second, from which token ages at the start follow. Of a closed load
    ``cycles`` holds the think times, and ``times`` are those at which requests would come if answers took no time.
    ``sensitive`` (n,): requests for routes where a stale answer would be dear. ``kinds`` and ``homes`` (users,)
    are each user's type of client and home region, ``regions`` (n,) where each request is made, all by their numbers in
    the world; None where the world has none of them.
    """

    times: NDArray[np.float64]
    users: NDArray[np.int64]
    needs_user_information: NDArray[np.bool_]
    rates: NDArray[np.float64]
    cycles: Cycles | None = None
    sensitive: NDArray[np.bool_] | None = None
    kinds: NDArray[np.int64] | None = None
    homes: NDArray[np.int64] | None = None
    regions: NDArray[np.int64] | None = None

    @property
    def count(self) -> int:
        """Number of requests."""
        return len(self.users)

    @property
    def arrivals(self) -> NDArray[np.float64] | ArrivalTimes | Cycles:
        """Instants at which requests come, or the cycles of a closed load."""
        return self.times if self.cycles is None else self.cycles

    @cached_property
    def active_users(self) -> NDArray[np.int64]:
        """The users who make a request, in order."""
        return np.unique(np.concatenate([np.unique(block.users) for block in self.iterate_blocks()] or [self.users]))

    def iterate_blocks(self) -> Iterator["RequestBlock"]:
        """Iterate over the requests."""
        yield RequestBlock(self.users, self.needs_user_information, self.sensitive)


class RequestBlock(NamedTuple):
    """Requests in a row (n,): their users, whether they need user information, whether their routes are sensitive."""

    users: NDArray[np.int64]
    needs_user_information: NDArray[np.bool_]
    sensitive: NDArray[np.bool_] | None


@dataclass(frozen=True, eq=False)
class StreamedDemand(Demand):
    """Demand that keeps no request: ``times``, ``users`` and what is known of each are empty arrays."""

    stream: PoissonTimes | None = None
    scenario: Scenario | None = None
    variates: Variates | None = None

    @property
    def arrivals(self) -> ArrivalTimes:
        """Instants at which requests come."""
        assert self.stream is not None
        return self.stream

    @property
    def count(self) -> int:
        """Number of requests."""
        assert self.stream is not None
        return len(self.stream)

    def iterate_blocks(self) -> Iterator[RequestBlock]:
        """Iterate over the requests, of which a block is in memory."""
        assert self.scenario is not None
        assert self.variates is not None
        service, shares = self.scenario.world.service, compute_popularity(self.scenario.world.population)
        for begin in range(0, self.count, BLOCK):
            size = min(BLOCK, self.count - begin)
            users, needs, sensitive = (
                self.variates.draw_block(purpose, begin, size) for purpose in ("load.user", NEEDS, SENSITIVE)
            )
            yield RequestBlock(
                pick_by_share(shares, users),
                needs < service.user_information_share,
                sensitive < service.sensitive_share if service.sensitive_share > 0 else None,
            )


def draw_demand(scenario: Scenario, variates: Variates, keeps_rows: bool = True) -> Demand:
    """The demand of one replication of a scenario; that of a long run that keeps no rows is streamed, where it can be.

    It cannot where requests have homes or belong to a fault, and where users wait for their answers.
    """
    load, streams = scenario.world.load, not keeps_rows and can_stream(scenario)
    drawn = _stream(scenario, load, variates) if streams and isinstance(load, OpenLoad) else _draw(scenario, variates)
    return _place(scenario, drawn, variates)


def can_stream(scenario: Scenario) -> bool:
    """Whether the requests of a run that keeps no rows are streamed, so that its memory does not grow with them."""
    world = scenario.world
    return scenario.expected_requests > LARGEST and world.regions is None and not world.faults


def _stream(scenario: Scenario, load: OpenLoad, variates: Variates) -> StreamedDemand:
    stream = PoissonTimes(build_intensity(load, scenario.horizon_s, variates), scenario.horizon_s, variates)
    rates = compute_popularity(scenario.world.population) * load.arrival_rate
    empty, none = np.empty(0, np.int64), np.empty(0, np.bool_)
    return StreamedDemand(np.empty(0), empty, none, rates, stream=stream, scenario=scenario, variates=variates)


def _place(scenario: Scenario, demand: Demand, variates: Variates) -> Demand:
    """With what the world says of clients, regions and sensitive routes."""
    world, users, requests = scenario.world, len(demand.rates), len(demand.users)
    further: dict[str, Any] = {}
    if world.service.sensitive_share > 0:
        further["sensitive"] = variates.draw_column(SENSITIVE, requests) < world.service.sensitive_share
    if world.clients:
        shares = np.array([client.share for client in world.clients])
        further["kinds"] = pick_by_share(shares, variates.draw_column("user.kind", users))
    if world.regions is not None:
        homes = pick_by_share(np.array(world.regions.shares), variates.draw_column("user.region", users))
        count, at_home = len(world.regions.names), homes[demand.users]
        # One uniform for both questions: below the roaming share it also says to which of the other regions.
        away = variates.draw_column("load.roaming", requests) / max(world.regions.roaming_share, 1e-300)
        step = 1 + np.floor(away.clip(0, 1 - 1e-12) * (count - 1)).astype(np.int64)
        further["homes"] = homes
        further["regions"] = np.where(away < 1.0, (at_home + step) % count, at_home)
    return replace(demand, **further) if further else demand


def _draw(scenario: Scenario, variates: Variates) -> Demand:
    load = scenario.world.load
    if isinstance(load, ClosedLoad):
        return _draw_closed(scenario, load, variates)
    if not isinstance(load, ReplayLoad):
        times = draw_arrival_times(build_intensity(load, scenario.horizon_s, variates), variates)
        users, rates = _pick_users(scenario.world.population, len(times), load.arrival_rate, variates)
    else:
        arrivals = _replay(scenario, load, variates)
        times = arrivals.times
        rate = len(times) / scenario.horizon_s
        if arrivals.users is None:
            users, rates = _pick_users(scenario.world.population, len(times), rate, variates)
        else:
            users = arrivals.users
            rates = np.bincount(users, minlength=arrivals.users_count) / scenario.horizon_s
    return Demand(times, users, _draw_needs(scenario, len(times), variates), rates)


def _draw_needs(scenario: Scenario, count: int, variates: Variates) -> NDArray[np.bool_]:
    return variates.draw_column(NEEDS, count) < scenario.world.service.user_information_share


def _draw_closed(scenario: Scenario, load: ClosedLoad, variates: Variates) -> Demand:
    users = scenario.world.population.users
    cycles = draw_cycles(load, users, scenario.horizon_s, variates)
    # From one request to the next pass the think time and, at least, the way there and back and the service's work.
    world = scenario.world
    answer_s = world.network.client_to_service.round_trip.mean() + world.service.work.mean()
    rates = np.full(users, 1.0 / (load.think.mean() + answer_s))
    return Demand(cycles.earliest, cycles.users, _draw_needs(scenario, len(cycles), variates), rates, cycles)


def draw_poisson_times(rate: float, horizon: float, variates: Variates) -> NDArray[np.float64]:
    """Arrivals of a Poisson stream of constant rate before the horizon (seconds)."""
    return draw_arrival_times(build_constant_intensity(rate, horizon), variates)


def compute_popularity(population: Population) -> NDArray[np.float64]:
    """Each user's share of the requests (users,): Zipf with the population's exponent, largest first."""
    weights = np.arange(1, population.users + 1, dtype=np.float64) ** -population.zipf_exponent
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def pick_by_share(shares: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """Users (n,) drawn by their shares, by inversion of uniforms (n,)."""
    edges = np.cumsum(shares)
    found = np.searchsorted(edges, uniform * edges[-1], side="right")
    users: NDArray[np.int64] = np.minimum(found, len(shares) - 1).astype(np.int64)
    return users


def _pick_users(
    population: Population, count: int, rate: float, variates: Variates
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    shares = compute_popularity(population)
    return pick_by_share(shares, variates.draw_column("load.user", count)), shares * rate


def _replay(scenario: Scenario, load: ReplayLoad, variates: Variates) -> Arrivals:
    assert scenario.trace is not None
    jitter = variates.draw_column("load.within_stamp", len(scenario.trace.times))
    return replay(scenario.trace, speed_up=load.speed_up, copies=load.copies, jitter=jitter)

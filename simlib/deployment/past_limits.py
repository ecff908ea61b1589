"""Rate limits before the run: how full their token buckets are, and which share of the calls they let through.

Of a bucket that is filled by c tokens per second up to b, and called by a Poisson stream, the level is drawn from its
stationary distribution. Where callers need more than the limit, what was refused is not kept and is requested again, so
that of N tokens with request rate r, kept for T seconds, the share q of the attempts that succeeds is where N r q /
(1 + r q T) is all that the limit lets through.
"""

from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.deployment.deployment import Deployment
from simlib.deployment.enforcement_points import EnforcementPoint
from simlib.deployment.memory import Memory
from simlib.engine.hosts import HostContext
from simlib.scenario.hosts import AUTHORIZATION_SERVER, RateLimit
from simlib.scenario.variates import Variates

PER_TOKEN = frozenset({"userinfo"})
"""Endpoints that clients call with their users' tokens: one bucket per token, of which few calls come."""
MOST_CALLS = 20_000
"""Calls after which a bucket has forgotten how it began."""
Lives = tuple[float, ...]
Calls = tuple[Mapping[str, int], Mapping[str, int]]
"""Calls of every request by target, and those of a token of which nothing is kept."""


class Caller(NamedTuple):
    """Requests with single tokens that a replica serves: their rates (users,), for how long an answer is kept, and the
    calls of every request and of those for which nothing is kept.
    """

    rates: NDArray[np.float64]
    replicas: int
    kept_s: float
    calls: int
    calls_anew: int


class PastLimits:
    """Rate limits of the authorization servers of one deployment. ``find_share``: share of all requests that a point
    serves.
    """

    def __init__(
        self,
        deployment: Deployment,
        limit: RateLimit,
        memories: Mapping[str, Memory],
        find_share: Callable[[EnforcementPoint], float],
    ) -> None:
        self._limit, self._deployment, self._memories = limit, deployment, memories
        self._find_share = find_share
        self._replicas = deployment.parts.design.replicas[AUTHORIZATION_SERVER]
        self._attempts: dict[tuple[str, str], tuple[float, float]] = {}

    def find_success_share(self, point: EnforcementPoint) -> float:
        """Share of a point's calls for single tokens that its authorization server answers."""
        region = self._deployment.topology.find_server_region(point.region)
        memory = self._memories[point.host]
        targets = set(memory.calls_anew).union(*(anew for _, anew in memory.more_calls.values()))
        return min((self._solve(name, region)[1] for name in sorted(targets - PER_TOKEN)), default=1.0)

    def draw_level(self, name: str, replica: HostContext, caller: str) -> float:
        """Tokens in the bucket of a caller at instant 0."""
        region = replica.name.partition("@")[2]
        if name in PER_TOKEN:
            return float(self._limit.burst)
        rate = self._solve(name, region)[0] / self._replicas
        purpose = f"warm.bucket.{name}.{replica.name}.{replica.replica}"
        return draw_bucket_level(
            self._limit.requests_per_s, float(self._limit.burst), rate, self._deployment.variates, purpose
        )

    def _solve(self, name: str, region: str) -> tuple[float, float]:
        """Calls of an endpoint per second, and the share of them that is let through."""
        if (name, region) not in self._attempts:
            callers = list(self._list_callers(name, region))
            most = self._limit.requests_per_s * self._replicas
            share = find_success_share(callers, most)
            served = sum(count_calls_per_s(caller, share) for caller in callers)
            self._attempts[name, region] = (served / share, share)
        return self._attempts[name, region]

    def _list_callers(self, name: str, region: str) -> Iterator[Caller]:
        deployment = self._deployment
        rates, life_s = deployment.demand.rates, deployment.parts.presenter.useful_life_s
        if name == "token":
            at_home = rates if deployment.demand.homes is None else rates[self._find_served(region)]
            yield Caller(at_home, 1, life_s, 0, 1)
        for point in deployment.enforcement_points:
            memory = self._memories.get(point.host)
            if memory is None or deployment.topology.find_server_region(point.region) != region:
                continue
            replicas = 1 if memory.shared else point.replicas
            for share, lives, (calls, anew) in self._list_groups(memory):
                kept_s = min(max(lives, default=0.0), life_s)
                own = rates * (self._find_share(point) * share)
                yield Caller(own, replicas, kept_s, calls.get(name, 0), anew.get(name, 0))

    def _list_groups(self, memory: Memory) -> Iterator[tuple[float, Lives, Calls]]:
        """All requests, and those that make more calls: their share, for how long answers are kept, and the calls."""
        service, more = self._deployment.world.service, memory.more_calls
        yield 1.0, memory.token, (memory.calls, memory.calls_anew)
        if "informed" in more:
            yield service.user_information_share, memory.informed, more["informed"]
        if "sensitive" in more:
            yield service.sensitive_share, memory.sensitive, more["sensitive"]

    def _find_served(self, region: str) -> NDArray[np.bool_]:
        """The users whose tokens come from the server of a region."""
        deployment = self._deployment
        served = [deployment.topology.find_server_region(own) == region for own in deployment.regions]
        return np.array(served)[deployment.demand.homes]


def count_calls_per_s(caller: Caller, share: float) -> float:
    """Calls per second that succeed when this share of them does."""
    rates = caller.rates / caller.replicas * share
    anew = caller.calls_anew * rates / (1 + rates * caller.kept_s) if caller.kept_s < inf else 0.0 * rates
    return float((caller.calls * rates + anew).sum()) * caller.replicas


def find_success_share(callers: list[Caller], most: float) -> float:
    """The share of calls that succeed where at most so many per second may."""
    if sum(count_calls_per_s(caller, 1.0) for caller in callers) <= most:
        return 1.0
    low, high = 0.0, 1.0
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if sum(count_calls_per_s(c, middle) for c in callers) < most else (low, middle)
    return high


def draw_bucket_level(rate: float, burst: float, calls_per_s: float, variates: Variates, purpose: str) -> float:
    """A level from the stationary distribution of a bucket under Poisson calls, each of which takes a token if it can.

    It begins full where there are fewer calls than tokens and empty where there are more.
    """
    if not calls_per_s > 0:
        return burst
    level = burst if calls_per_s < rate else 0.0
    count = min(MOST_CALLS, int(50 * burst) + 200)
    filled = -np.log1p(-variates.draw_column(purpose, count + 1)) * (rate / calls_per_s)
    for more in filled[:-1].tolist():
        level = min(burst, level + more)
        if level >= 1.0:
            level -= 1.0
    return min(burst, level + float(filled[-1]))

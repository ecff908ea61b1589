"""Queueing theory to check the simulation: waits and sojourns of stations and of open networks in closed form, and mean
value analysis of closed networks.

Rates are per second and times seconds throughout. Every function raises ValueError for a negative input, and for a
utilisation of 1 or more, where no steady state exists. Sources: [K] L. Kleinrock, Queueing Systems vol. 1, 1975 and
vol. 2, 1976; [H] M. Harchol-Balter, Performance Modeling and Design of Computer Systems, 2013.

Mean value analysis is exact (Reiser and Lavenberg 1980) for one class of users, where each station is FIFO with
exponential service of one mean for all visits, processor sharing, or a pure delay.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


def utilisation(arrival_rate: float, mean_service_s: float, servers: int = 1) -> float:
    """Load per server, rho = lambda E[S] / c, below 1."""
    _check_not_negative(arrival_rate=arrival_rate, mean_service_s=mean_service_s)
    if servers < 1:
        raise ValueError(f"servers must be at least 1, not {servers}")
    rho = arrival_rate * mean_service_s / servers
    if not rho < 1:
        raise ValueError(f"no steady state: utilisation is {rho:g}, allowed is below 1")
    return rho


def littles_number(arrival_rate: float, mean_sojourn_s: float) -> float:
    """Mean number present, L = lambda W, whatever the queue. Source: Little, Operations Research 9, 1961."""
    _check_not_negative(arrival_rate=arrival_rate, mean_sojourn_s=mean_sojourn_s)
    return arrival_rate * mean_sojourn_s


def mm1_mean_wait(arrival_rate: float, mean_service_s: float) -> float:
    """M/M/1, FIFO: rho E[S] / (1 - rho). Source: [K] vol. 1, section 3.2."""
    rho = utilisation(arrival_rate, mean_service_s)
    return rho * mean_service_s / (1 - rho)


def mm1_mean_sojourn(arrival_rate: float, mean_service_s: float) -> float:
    """M/M/1: E[S] / (1 - rho)."""
    return mm1_mean_wait(arrival_rate, mean_service_s) + mean_service_s


def mm1_sojourn_exceeds(seconds: float, arrival_rate: float, mean_service_s: float) -> float:
    """M/M/1, FIFO: P(T > t); the sojourn is exponential with mean E[S] / (1 - rho). Source: [K] vol. 1, 5.6."""
    _check_not_negative(seconds=seconds)
    return math.exp(-seconds / mm1_mean_sojourn(arrival_rate, mean_service_s))


def erlang_c(servers: int, offered_load: float) -> float:
    """M/M/c: probability that an arrival waits; ``offered_load`` is lambda E[S] in erlang.

    By the recursion of Erlang B, which does not overflow for many servers. Source: [H] chapters 14 and 15.
    """
    rho = utilisation(offered_load, 1.0, servers)
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = offered_load * blocked / (server + offered_load * blocked)
    return blocked / (1 - rho * (1 - blocked))


def mmc_mean_wait(arrival_rate: float, mean_service_s: float, servers: int) -> float:
    """M/M/c, FIFO: C E[S] / (c (1 - rho)). Source: [H] section 14.3."""
    rho = utilisation(arrival_rate, mean_service_s, servers)
    return erlang_c(servers, arrival_rate * mean_service_s) * mean_service_s / (servers * (1 - rho))


def mmc_mean_sojourn(arrival_rate: float, mean_service_s: float, servers: int) -> float:
    """M/M/c: mean wait and service."""
    return mmc_mean_wait(arrival_rate, mean_service_s, servers) + mean_service_s


def mmc_wait_exceeds(seconds: float, arrival_rate: float, mean_service_s: float, servers: int) -> float:
    """M/M/c, FIFO: P(W > t) = C exp(-(c mu - lambda) t). Source: Gross and Harris, Queueing Theory, section 2.3."""
    _check_not_negative(seconds=seconds)
    rho = utilisation(arrival_rate, mean_service_s, servers)
    if mean_service_s == 0:
        return 0.0
    waits = erlang_c(servers, arrival_rate * mean_service_s)
    return waits * math.exp(-servers * (1 - rho) * seconds / mean_service_s)


def mg1_mean_wait(arrival_rate: float, mean_service_s: float, second_moment_s2: float) -> float:
    """M/G/1, FIFO: lambda E[S^2] / (2 (1 - rho)), Pollaczek and Khinchine. Source: [K] vol. 1, section 5.7."""
    if second_moment_s2 < mean_service_s**2 * (1 - 1e-9):
        raise ValueError("the second moment of service cannot be below the square of its mean")
    return arrival_rate * second_moment_s2 / (2 * (1 - utilisation(arrival_rate, mean_service_s)))


def mg1_mean_sojourn(arrival_rate: float, mean_service_s: float, second_moment_s2: float) -> float:
    """M/G/1, FIFO: mean wait and service."""
    return mg1_mean_wait(arrival_rate, mean_service_s, second_moment_s2) + mean_service_s


def md1_mean_wait(arrival_rate: float, service_s: float) -> float:
    """M/D/1, FIFO: rho D / (2 (1 - rho)), half of M/M/1."""
    return mg1_mean_wait(arrival_rate, service_s, service_s**2)


def md1_mean_sojourn(arrival_rate: float, service_s: float) -> float:
    """M/D/1, FIFO: mean wait and service."""
    return md1_mean_wait(arrival_rate, service_s) + service_s


def mg1_ps_mean_sojourn(arrival_rate: float, mean_service_s: float) -> float:
    """M/G/1 with processor sharing: E[S] / (1 - rho), whatever the distribution. Source: [K] vol. 2, section 4.4."""
    return mg1_ps_sojourn_of_size(mean_service_s, arrival_rate, mean_service_s)


def mg1_ps_sojourn_of_size(size_s: float, arrival_rate: float, mean_service_s: float) -> float:
    """M/G/1 with processor sharing: mean sojourn of a job of this size, x / (1 - rho)."""
    _check_not_negative(size_s=size_s)
    return size_s / (1 - utilisation(arrival_rate, mean_service_s))


@dataclass(frozen=True)
class VisitedStation:
    """A FIFO station of a network: visits per job in all, mean exponential service per visit, servers."""

    visits: float
    mean_service_s: float
    servers: int = 1

    def utilisation(self, arrival_rate: float) -> float:
        """Load per server by all visits together."""
        return utilisation(arrival_rate * self.visits, self.mean_service_s, self.servers)

    def mean_number(self, arrival_rate: float) -> float:
        """Jobs present in the mean: each station behaves as an M/M/c with the arrivals of all its visits."""
        rate = arrival_rate * self.visits
        return littles_number(rate, mmc_mean_sojourn(rate, self.mean_service_s, self.servers))


def product_form_mean_sojourn(arrival_rate: float, stations: Sequence[VisitedStation]) -> float:
    """Mean sojourn of a job in an open network of FIFO stations that it may enter again, such as RS, AS, RS.

    Holds for Poisson arrivals and exponential service that has the same mean on every visit to a station; then the
    joint distribution is a product although the route is fixed. Source: F. P. Kelly, Reversibility and Stochastic
    Networks, 1979, chapter 3; Baskett, Chandy, Muntz and Palacios, J. ACM 22, 1975.
    """
    if not arrival_rate > 0:
        raise ValueError(f"the arrival rate must be above 0, not {arrival_rate}")
    return sum(station.mean_number(arrival_rate) for station in stations) / arrival_rate


def _check_not_negative(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} must be finite and >= 0, not {value}")


@dataclass(frozen=True)
class ClosedStation:
    """A station of a closed network: visits per request, mean service in seconds, and its servers."""

    visits: float
    service_s: float
    servers: int = 1


@dataclass(frozen=True)
class ClosedSolution:
    """Solution of a closed network: requests per second, seconds per request, and seconds at each station."""

    throughput: float
    response_s: float
    residence_s: tuple[float, ...]


def mean_value_analysis(users: int, delay_s: float, stations: Sequence[ClosedStation]) -> ClosedSolution:
    """The steady state of ``users`` users with ``delay_s`` seconds of thinking and links per request.

    Raises ValueError without users, or when nothing takes time.
    """
    if users < 1:
        raise ValueError(f"mean value analysis needs at least one user, not {users}")
    # shares[i][j]: probability of j jobs at station i, for as many j as it has servers less one
    shares = [[1.0] + [0.0] * (station.servers - 1) for station in stations]
    numbers = [0.0] * len(stations)
    throughput, residence = 0.0, [0.0] * len(stations)
    for population in range(1, users + 1):
        residence = [_compute_residence(s, n, p) for s, n, p in zip(stations, numbers, shares, strict=True)]
        total = delay_s + sum(residence)
        if total <= 0:
            raise ValueError("mean value analysis needs something that takes time")
        throughput = population / total
        numbers = [throughput * seconds for seconds in residence]
        shares = [_compute_shares(s, p, throughput) for s, p in zip(stations, shares, strict=True)]
    return ClosedSolution(throughput, sum(residence), tuple(residence))


def _compute_residence(station: ClosedStation, number: float, shares: Sequence[float]) -> float:
    """Seconds per request at a station, as an arriving job finds it with one user less."""
    servers = station.servers
    idle = sum((servers - 1 - jobs) * share for jobs, share in enumerate(shares[:-1]))
    return station.visits * station.service_s / servers * (1 + number + idle)


def _compute_shares(station: ClosedStation, before: Sequence[float], throughput: float) -> list[float]:
    """Probabilities of 0 to servers-1 jobs with this many users, from those with one user less."""
    demand = throughput * station.visits * station.service_s
    some = [demand / jobs * before[jobs - 1] for jobs in range(1, station.servers)]
    weighted = sum((station.servers - jobs) * share for jobs, share in enumerate(some, start=1))
    none = max(0.0, 1.0 - (demand + weighted) / station.servers)
    return [none, *some]

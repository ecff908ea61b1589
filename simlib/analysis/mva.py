"""Mean value analysis of closed networks, exact (Reiser and Lavenberg 1980): throughput and times of so many users.

Preconditions: one class of users; each station is FIFO with exponential service of one mean for all visits, processor
sharing, or a pure delay.
"""

from collections.abc import Sequence
from dataclasses import dataclass


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

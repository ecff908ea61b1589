"""Utilisation of stations: differences of the integrals of busy workers that the engine sampled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.columns import ratio
from simlib.scenario.hosts import (
    AUTHORIZATION_SERVER,
    CLIENT,
    GATEWAY,
    RESOURCE_SERVERS,
    SHARED_STORE,
    STORE,
    find_host_kind,
)
from simlib.scenario.records import Column, Records

Count = Callable[[float, float], float]
"""Number of requests that arrived from one instant to another (seconds)."""


@dataclass(frozen=True)
class Work:
    """Work of all replicas of some hosts between two samples.

    ``worker_seconds`` of the ``capacity`` (worker-seconds as well) were busy; ``begin`` and ``end`` are the instants
    (seconds) of the first and the last sample.
    """

    worker_seconds: float
    capacity: float
    begin: float
    end: float


def list_hosts(records: Records, *kinds: str) -> tuple[str, ...]:
    """The hosts of some kinds, in all regions; inner services are of the kind "service"."""
    return tuple(name for name in records.workers if find_host_kind(name) in kinds and name in records.names)


def match_hosts(records: Records, column: Column, *kinds: str) -> NDArray[np.bool_]:
    """Which rows of a column of hosts name one of these kinds."""
    return np.isin(column, [records.names.index(name) for name in list_hosts(records, *kinds)])


def measure_work(records: Records, kinds: tuple[str, ...], warm_up_s: float) -> Work | None:
    """Work of all hosts of some kinds from the first sample at or after the warm-up to the last; None without two."""
    works = [measure_host_work(records, host, warm_up_s) for host in list_hosts(records, *kinds)]
    sampled = [work for work in works if work is not None]
    if not sampled:
        return None
    return Work(
        sum(work.worker_seconds for work in sampled),
        sum(work.capacity for work in sampled),
        min(work.begin for work in sampled),
        max(work.end for work in sampled),
    )


def measure_host_work(records: Records, host: str, since: float) -> Work | None:
    """Work of one host from the first sample at or after an instant (seconds) to the last; None without two."""
    stations = records["stations"]
    rows = np.flatnonzero((stations["host"] == records.names.index(host)) & (stations["time"] >= since))
    rows = rows[np.argsort(stations["time"][rows], kind="stable")]
    if rows.size == 0:
        return None
    busy = sampled_s = 0.0
    for replica in np.unique(stations["replica"][rows]):
        samples = rows[stations["replica"][rows] == replica]
        busy += float(stations["busy"][samples[-1]] - stations["busy"][samples[0]])
        sampled_s += float(stations["time"][samples[-1]] - stations["time"][samples[0]])
    begin, end = float(stations["time"][rows[0]]), float(stations["time"][rows[-1]])
    return Work(busy, sampled_s * records.workers[host], begin, end) if end > begin else None


def compute_utilisation(records: Records, kinds: tuple[str, ...], warm_up_s: float) -> float:
    """Busy share of the worker-seconds of hosts of some kinds after the warm-up, NaN where none was sampled."""
    work = measure_work(records, kinds, warm_up_s)
    return ratio(work.worker_seconds, work.capacity) if work else np.nan


HOST_UTILISATION = "utilisation."
"""Beginning of the columns of single hosts: ``utilisation.service``, ``utilisation.service/stock@eu``."""
BUSIEST = "busiest_utilisation"
"""The largest of these columns in each replication."""


def summarise_hosts(records: Records, warm_up_s: float) -> dict[str, float]:
    """Compute the utilisation of each server by itself, and that of the busiest one; all replicas of a host together.

    Figures of a kind of hosts are means over hosts, behind which one that is nearly full can hide.
    """
    own: dict[str, float] = {}
    for host in records.workers:
        if find_host_kind(host) not in ("", CLIENT) and host in records.names:
            work = measure_host_work(records, host, warm_up_s)
            if work is not None:
                own[HOST_UTILISATION + host] = ratio(work.worker_seconds, work.capacity)
    return {**own, BUSIEST: max(own.values(), default=np.nan)}


def find_busiest_host(means: Mapping[str, float]) -> str:
    """Find the host with the largest mean of `HOST_UTILISATION`, column -> mean; empty when there is none."""
    own = {
        name.removeprefix(HOST_UTILISATION): mean
        for name, mean in means.items()
        if str(name).startswith(HOST_UTILISATION) and mean == mean
    }
    return max(own, key=lambda host: own[host], default="")


def count_arrivals(records: Records, begin: float, end: float) -> float:
    """Requests of users and strangers that arrived from ``begin`` to ``end`` (seconds)."""
    arrival = records["requests"]["arrival"]
    return float(((arrival >= begin) & (arrival < end)).sum())


def compute_cpu_per_request(
    records: Records, kinds: tuple[str, ...], warm_up_s: float, count: Count | None = None
) -> float:
    """Worker-seconds of some hosts per request that arrived between the same two samples, NaN without a sample.

    ``count`` counts the requests from one instant to another, by default those of the records.
    """
    work = measure_work(records, kinds, warm_up_s)
    if work is None:
        return np.nan
    return ratio(work.worker_seconds, (count or partial(count_arrivals, records))(work.begin, work.end))


def summarise_utilisation(records: Records, warm_up_s: float, count: Count | None = None) -> dict[str, float]:
    """Utilisations, and CPU seconds per arrived request at both servers.

    The resource server stands for all hosts that check tokens: the gateway, if the design has one, and every service,
    so that a design pays for the gateway that it needs. The authorization servers of all regions count as one, and so
    do their stores. `summarise_hosts` has each host by itself. ``count``: see `compute_cpu_per_request`.
    """
    return {
        "as_utilisation": compute_utilisation(records, (AUTHORIZATION_SERVER,), warm_up_s),
        "rs_utilisation": compute_utilisation(records, RESOURCE_SERVERS, warm_up_s),
        "gateway_utilisation": compute_utilisation(records, (GATEWAY,), warm_up_s),
        "store_utilisation": compute_utilisation(records, (STORE,), warm_up_s),
        "shared_store_utilisation": compute_utilisation(records, (SHARED_STORE,), warm_up_s),
        "rs_cpu_s": compute_cpu_per_request(records, RESOURCE_SERVERS, warm_up_s, count),
        "as_cpu_s": compute_cpu_per_request(records, (AUTHORIZATION_SERVER,), warm_up_s, count),
        **summarise_hosts(records, warm_up_s),
    }

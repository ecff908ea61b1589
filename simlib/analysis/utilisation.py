"""How busy the stations were: differences of the integrals that the engine sampled."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.latencies import ratio
from simlib.scenario.hosts import AUTHORIZATION_SERVER, GATEWAY, RESOURCE_SERVERS, SHARED_STORE, STORE, kind_of
from simlib.scenario.records import Column, Records


@dataclass(frozen=True)
class Busy:
    """Work of all replicas of some hosts between two samples.

    ``worker_seconds`` were worked out of ``capacity`` worker-seconds that were there; ``begin`` and ``end`` are
    the instants (seconds) of the first and the last sample.
    """

    worker_seconds: float
    capacity: float
    begin: float
    end: float


def hosts_of(records: Records, *kinds: str) -> tuple[str, ...]:
    """The hosts of some kinds, in whatever region; inner services are of the kind "service"."""
    return tuple(name for name in records.workers if kind_of(name) in kinds and name in records.names)


def at_hosts(records: Records, column: Column, *kinds: str) -> NDArray[np.bool_]:
    """Which rows of a column of hosts name one of these kinds."""
    return np.isin(column, [records.names.index(name) for name in hosts_of(records, *kinds)])


def busy(records: Records, kinds: tuple[str, ...], warm_up_s: float) -> Busy | None:
    """Work of all hosts of some kinds from the first sample at or after the warm-up to the last; None without two."""
    found = [own for host in hosts_of(records, *kinds) if (own := _of_host(records, host, warm_up_s)) is not None]
    if not found:
        return None
    return Busy(
        sum(own.worker_seconds for own in found),
        sum(own.capacity for own in found),
        min(own.begin for own in found),
        max(own.end for own in found),
    )


def _of_host(records: Records, host: str, warm_up_s: float) -> Busy | None:
    stations = records["stations"]
    rows = np.flatnonzero((stations["host"] == records.names.index(host)) & (stations["time"] >= warm_up_s))
    rows = rows[np.argsort(stations["time"][rows], kind="stable")]
    if rows.size == 0:
        return None
    worked = present = 0.0
    for replica in np.unique(stations["replica"][rows]):
        own = rows[stations["replica"][rows] == replica]
        worked += float(stations["busy"][own[-1]] - stations["busy"][own[0]])
        present += float(stations["time"][own[-1]] - stations["time"][own[0]])
    begin, end = float(stations["time"][rows[0]]), float(stations["time"][rows[-1]])
    return Busy(worked, present * records.workers[host], begin, end) if end > begin else None


def busy_between(records: Records, host: str, since: float) -> Busy | None:
    """Work of one host from the first sample at or after an instant (seconds) to the last; None without two."""
    return _of_host(records, host, since)


def utilisation(records: Records, kinds: tuple[str, ...], warm_up_s: float) -> float:
    """Share of their worker-seconds that hosts of some kinds worked after the warm-up, NaN where none was sampled."""
    work = busy(records, kinds, warm_up_s)
    return ratio(work.worker_seconds, work.capacity) if work else np.nan


def cpu_per_request(records: Records, kinds: tuple[str, ...], warm_up_s: float) -> float:
    """Worker-seconds of some hosts per request that arrived between the same two samples, NaN without a sample."""
    work = busy(records, kinds, warm_up_s)
    if work is None:
        return np.nan
    arrival = records["requests"]["arrival"]
    return ratio(work.worker_seconds, int(((arrival >= work.begin) & (arrival < work.end)).sum()))


def occupancy(records: Records, warm_up_s: float) -> dict[str, float]:
    """Utilisations, and CPU seconds per arrived request at both servers.

    The resource server is everybody who checks tokens: the gateway, where there is one, and every service, so that a
    design pays for the gateway that it needs. The authorization servers and stores of all regions count as one.
    """
    return {
        "as_utilisation": utilisation(records, (AUTHORIZATION_SERVER,), warm_up_s),
        "rs_utilisation": utilisation(records, RESOURCE_SERVERS, warm_up_s),
        "gateway_utilisation": utilisation(records, (GATEWAY,), warm_up_s),
        "store_utilisation": utilisation(records, (STORE,), warm_up_s),
        "shared_store_utilisation": utilisation(records, (SHARED_STORE,), warm_up_s),
        "rs_cpu_s": cpu_per_request(records, RESOURCE_SERVERS, warm_up_s),
        "as_cpu_s": cpu_per_request(records, (AUTHORIZATION_SERVER,), warm_up_s),
    }

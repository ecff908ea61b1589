"""How busy the stations were: differences of the integrals that the engine sampled."""

from dataclasses import dataclass

import numpy as np

from simlib.analysis.latencies import ratio
from simlib.scenario.records import Records

AUTHORIZATION_SERVER, RESOURCE_SERVER, STORE = "authorization_server", "service", "store"


@dataclass(frozen=True)
class Busy:
    """Work of all replicas of a host between two samples.

    ``worker_seconds`` were worked out of ``capacity`` worker-seconds that were there; ``begin`` and ``end`` are
    the instants (seconds) of the first and the last sample.
    """

    worker_seconds: float
    capacity: float
    begin: float
    end: float


def code(records: Records, name: str) -> int:
    """The integer that stands for a name in the tables, -2 (which no row holds) when the run did not know it."""
    return records.names.index(name) if name in records.names else -2


def busy(records: Records, host: str, warm_up_s: float) -> Busy | None:
    """Work of a host from its first sample at or after the warm-up to its last; None without two samples."""
    stations = records["stations"]
    rows = np.flatnonzero((stations["host"] == code(records, host)) & (stations["time"] >= warm_up_s))
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


def utilisation(records: Records, host: str, warm_up_s: float) -> float:
    """Share of its worker-seconds that a host worked after the warm-up, NaN where it was not sampled."""
    work = busy(records, host, warm_up_s)
    return ratio(work.worker_seconds, work.capacity) if work else np.nan


def cpu_per_request(records: Records, host: str, warm_up_s: float) -> float:
    """Worker-seconds of a host per request that arrived between the same two samples, NaN without one."""
    work = busy(records, host, warm_up_s)
    if work is None:
        return np.nan
    arrival = records["requests"]["arrival"]
    return ratio(work.worker_seconds, int(((arrival >= work.begin) & (arrival < work.end)).sum()))


def occupancy(records: Records, warm_up_s: float) -> dict[str, float]:
    """Utilisations, and CPU seconds per arrived request at both servers."""
    return {
        "as_utilisation": utilisation(records, AUTHORIZATION_SERVER, warm_up_s),
        "rs_utilisation": utilisation(records, RESOURCE_SERVER, warm_up_s),
        "store_utilisation": utilisation(records, STORE, warm_up_s),
        "rs_cpu_s": cpu_per_request(records, RESOURCE_SERVER, warm_up_s),
        "as_cpu_s": cpu_per_request(records, AUTHORIZATION_SERVER, warm_up_s),
    }

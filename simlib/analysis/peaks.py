"""The most that an authorization server had to bear."""

import numpy as np

from simlib.analysis.occupancy import at_hosts, hosts_of
from simlib.scenario.places import AUTHORIZATION_SERVER
from simlib.scenario.records import Records

WINDOW_S = 1.0


def peak_requests_per_s(records: Records, since: float) -> float:
    """The most calls to authorization servers in any one second from ``since`` on, by anybody and for anything."""
    calls = records["calls"]
    sent = calls["sent"][at_hosts(records, calls["callee"], AUTHORIZATION_SERVER) & (calls["sent"] >= since)]
    return float(np.bincount(((sent - since) / WINDOW_S).astype(np.int64)).max()) / WINDOW_S if sent.size else 0.0


def peak_utilisation(records: Records, since: float) -> float:
    """The highest utilisation of the authorization servers over any second, as closely as stations were sampled.

    NaN without samples.
    """
    worked: dict[float, float] = {}
    capacity = 0.0
    stations = records["stations"]
    for host in hosts_of(records, AUTHORIZATION_SERVER):
        rows = np.flatnonzero((stations["host"] == records.names.index(host)) & (stations["time"] >= since))
        capacity += records.workers[host] * len(np.unique(stations["replica"][rows]))
        for row in rows.tolist():
            instant = float(stations["time"][row])
            worked[instant] = worked.get(instant, 0.0) + float(stations["busy"][row])
    instants = np.array(sorted(worked))
    if len(instants) < 2 or not capacity:
        return np.nan
    busy = np.array([worked[instant] for instant in instants.tolist()])
    ends = np.searchsorted(instants, instants + WINDOW_S - 1e-9)
    begins = np.flatnonzero(ends < len(instants))
    if not len(begins):
        return np.nan
    ends = ends[begins]
    return float(((busy[ends] - busy[begins]) / (instants[ends] - instants[begins])).max() / capacity)

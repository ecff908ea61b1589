"""Where requests were, stay by stay: their visits to the hosts that check tokens, with the waits before service."""

import heapq
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.occupancy import at_hosts, hosts_of
from simlib.scenario.places import RESOURCE_SERVERS
from simlib.scenario.records import Column, Columns, Records

_UNSERVED = np.inf
Seconds = NDArray[np.float64]


class Stays(NamedTuple):
    """Visits of requests to gateways and services, a request's own one after the other; instants in seconds.

    ``arrival`` is where the wait began, for a thread or for a worker, ``start`` where it ended.
    """

    request: NDArray[np.int64]
    host: NDArray[np.int64]
    arrival: Seconds
    start: Seconds
    end: Seconds

    def resumed(self) -> NDArray[np.bool_]:
        """Which stays follow another of the same request."""
        return np.append(False, self.request[1:] == self.request[:-1])[: len(self.request)]

    def moved(self) -> NDArray[np.bool_]:
        """Which of these follow one at another host."""
        elsewhere = np.append(False, self.host[1:] != self.host[:-1])[: len(self.request)]
        moved: NDArray[np.bool_] = self.resumed() & elsewhere
        return moved

    def away(self) -> Seconds:
        """Seconds between the stay before and this one, 0 for the first of a request."""
        gap = np.append(0.0, self.arrival[1:] - self.end[:-1])[: len(self.request)]
        return np.where(self.resumed(), gap, 0.0)


def stays_of(records: Records) -> Stays:
    """The finished visits of requests to all hosts that check tokens. Threads count as the wait for them."""
    visits = records["visits"]
    kept = at_hosts(records, visits["host"], *RESOURCE_SERVERS)
    own = {name: column[kept] for name, column in visits.items()}
    start = _starts(records, own)
    known = (own["request"] >= 0) & np.isfinite(own["end"])
    threads = [records.names.index(name) for name in _threads(records)]
    waits = np.isin(visits["host"], threads) & (visits["request"] >= 0)
    return _in_order(
        {name: column[known] for name, column in own.items()},
        start[known],
        {name: column[waits] for name, column in visits.items()},
    )


def _threads(records: Records) -> list[str]:
    names = (f"{host}.threads" for host in hosts_of(records, *RESOURCE_SERVERS))
    return [name for name in names if name in records.names]


def _in_order(own: Columns, start: Seconds, waits: Columns) -> Stays:
    """A stay begins where its request began to wait for a thread, if that is what came right before it."""
    request = np.concatenate((own["request"], waits["request"]))
    arrival = np.concatenate((own["arrival"], waits["arrival"]))
    waiting = np.arange(len(request)) >= len(start)
    order = np.lexsort((~waiting, arrival, request))
    sooner = np.flatnonzero(waiting[order][:-1] & ~waiting[order][1:])
    begun = arrival[order]
    begun[sooner + 1] = begun[sooner]
    stays = ~waiting[order]
    mine = order[stays]
    return Stays(own["request"][mine], own["host"][mine], begun[stays], start[mine], own["end"][mine])


def _starts(records: Records, visits: Columns) -> Seconds:
    """Instant at which each visit's service began: at once, or when a worker of a FIFO station became free."""
    starts: Seconds = np.array(visits["arrival"], dtype=np.float64)
    for host in hosts_of(records, *RESOURCE_SERVERS):
        there = visits["host"] == records.names.index(host)
        if records.forms[host] != "processor_sharing":
            for replica in np.unique(visits["replica"][there]):
                rows = np.flatnonzero(there & (visits["replica"] == replica))
                starts[rows] = _at_workers(visits["arrival"][rows], visits["end"][rows], records.workers[host])
    return starts


def _at_workers(arrival: Column, end: Column, workers: int) -> Seconds:
    starts: Seconds = np.array(arrival, dtype=np.float64)
    free = [0.0] * workers
    for row in np.lexsort((end, arrival)):
        starts[row] = max(starts[row], free[0])
        heapq.heapreplace(free, end[row] if np.isfinite(end[row]) else _UNSERVED)
    return starts

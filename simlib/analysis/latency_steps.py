"""Where the time of a request goes, step by step, taken from the visits to the stations.

Where requests were, stay by stay: their visits to the hosts that check tokens, with the waits before service.
"""

import heapq
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.latencies import mean, timed
from simlib.analysis.utilisation import at_hosts, hosts_of
from simlib.scenario.hosts import RESOURCE_SERVERS, SHARED_STORE
from simlib.scenario.records import UNFINISHED, Column, Columns, Records

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


STEPS: Mapping[str, str] = MappingProxyType(
    {
        "obtaining_s": "waiting for a token",
        "network_s": "network between client and resource server",
        "queueing_s": "queueing at the resource server",
        "asking_s": "waiting for the authorization server",
        "checking_s": "checking the token, CPU",
        "work_s": "the API and its HTTP, CPU",
    }
)
"""Step -> what it is, in the order in which they are shown."""
SOMETIMES: Mapping[str, str] = MappingProxyType(
    {"between_s": "network between gateway and services", "sharing_s": "waiting for the shared store"}
)
"""Steps of designs in which several hosts check tokens, and of designs with a shared store."""


def steps(records: Records, warm_up_s: float) -> dict[str, float]:
    """Mean seconds per step; they add up to the mean latency of the requests that count.

    Where gateway and services, or several services, check tokens, the steps at the resource server are the sums over
    all of them, and there is a step of `SOMETIMES` more; so there is with a shared store.

    The requests arrived after the warm-up, finished without refusal and sign-in, and were checked once by everybody
    on their way. Queueing is the wait for a thread, where requests need one, and what a visit to a FIFO station lasts
    before its service; under processor sharing nobody queues, and being slowed down counts as CPU.
    Raises ValueError for records without visits (``run.detail = "visits"``).
    """
    if not len(records["visits"]["request"]):
        raise ValueError("records without visits say nothing about steps; run with detail = 'visits'")
    several = len(hosts_of(records, *RESOURCE_SERVERS)) > 1
    stays, requests = stays_of(records), _by_number(records["requests"])
    checking = _checked_by_several(records, stays, requests) if several else _checked_by_one(stays, requests)
    first, last = _span(stays, len(requests["request"]))
    back = np.fmax(last, _last_answer_inside(records, len(last)))  # a gateway hands on without a visit of its own
    kept = np.flatnonzero(_plain(requests, several) & (requests["arrival"] >= warm_up_s))

    def summed(seconds: Seconds) -> Seconds:
        return _summed(stays, seconds, len(last))[kept]

    queueing, service = summed(stays.start - stays.arrival), summed(stays.end - stays.start)
    sharing = _at_shared_store(records, len(last))[kept]
    between = summed(np.where(stays.moved(), stays.away(), 0.0)) + (back[kept] - last[kept])
    span, own = back[kept] - first[kept], {name: column[kept] for name, column in requests.items()}
    outside = own["end"] - own["arrival"] - own["obtaining"]
    found = {
        "obtaining_s": own["obtaining"],
        "network_s": outside - span,
        "between_s": between,
        "queueing_s": queueing,
        "sharing_s": sharing,
        "asking_s": span - queueing - service - between - sharing,
        "checking_s": checking[kept],
        "work_s": service - checking[kept],
    }
    absent = {"between_s": not several, "sharing_s": not hosts_of(records, SHARED_STORE)}
    return {step: mean(values) for step, values in found.items() if not absent.get(step, False)}


def _summed(stays: Stays, seconds: Seconds, count: int) -> Seconds:
    """The sum over each request's stays."""
    total = np.zeros(count)
    np.add.at(total, stays.request, seconds)
    return total


def _by_number(requests: Columns) -> dict[str, NDArray[Any]]:
    """The requests with the row of each at its number."""
    number = requests["request"]
    rows = {name: np.zeros(int(number.max(initial=-1)) + 1, column.dtype) for name, column in requests.items()}
    rows["outcome"][:] = UNFINISHED
    for name, column in requests.items():
        rows[name][number] = column
    return rows


def checked_once(records: Records) -> NDArray[np.bool_]:
    """The finished requests that each host on their way checked once, and accepted."""
    return _plain(records["requests"], len(hosts_of(records, *RESOURCE_SERVERS)) > 1)


def _plain(requests: Columns, several: bool) -> NDArray[np.bool_]:
    clean = timed(requests) & (requests["refusals"] == 0) & (requests["validations"] > 0)
    once = requests["validations"][clean].min() if several and clean.any() else 1
    plain: NDArray[np.bool_] = clean & (requests["validations"] == once)
    return plain


def _span(stays: Stays, count: int) -> tuple[Seconds, Seconds]:
    """First arrival and last end of each request's stays."""
    first, last = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(first, stays.request, stays.arrival)
    np.maximum.at(last, stays.request, stays.end)
    return first, last


def _last_answer_inside(records: Records, count: int) -> Seconds:
    """When each request's last call between gateway and services was answered, NaN without one."""
    calls = _answered_calls(records, *RESOURCE_SERVERS)
    last = np.full(count, np.nan)
    np.fmax.at(last, calls["request"], calls["received"])
    return last


def _at_shared_store(records: Records, count: int) -> Seconds:
    """For how long each request waited for the shared store."""
    calls = _answered_calls(records, SHARED_STORE)
    waited = np.zeros(count)
    np.add.at(waited, calls["request"], calls["received"] - calls["sent"])
    return waited


def _answered_calls(records: Records, *callees: str) -> Columns:
    """The answered calls of requests from hosts that check tokens to hosts of some kinds."""
    calls = records["calls"]
    kept = at_hosts(records, calls["caller"], *RESOURCE_SERVERS) & at_hosts(records, calls["callee"], *callees)
    kept &= (calls["request"] >= 0) & np.isfinite(calls["received"])
    return {name: column[kept] for name, column in calls.items()}


def _checked_by_one(stays: Stays, requests: Columns) -> Seconds:
    """CPU seconds of the check: what of the stays lies between its begin and the verdict."""
    decided, checking = requests["decided"][stays.request], requests["checking"][stays.request]
    overlap = np.minimum(stays.end, decided) - np.maximum(stays.start, decided - checking)
    return _summed(stays, np.nan_to_num(overlap.clip(0)), len(requests["request"]))


def _checked_by_several(records: Records, stays: Stays, requests: Columns) -> Seconds:
    """CPU seconds of all checks: the time that they took, without the waits of hosts that went on with a check.

    A host goes on where it was because a check, or an exchange of tokens, had asked somebody; only a question about
    the user is no part of a check.
    """
    calls = records["calls"]
    about_user = [number for number, name in enumerate(records.names) if name.partition("@")[0] == "userinfo"]
    asked = np.isin(calls["target"], about_user) & (calls["request"] >= 0)
    sent = np.full(len(requests["request"]), np.nan)
    sent[calls["request"][asked]] = calls["sent"][asked]
    sent_then, away = sent[stays.request], stays.away()
    about = (stays.arrival - away <= sent_then) & (sent_then <= stays.arrival)
    waited = np.where(stays.resumed() & ~stays.moved() & ~about, away + stays.start - stays.arrival, 0.0)
    checked: Seconds = requests["checking"] - _summed(stays, waited, len(requests["request"]))
    return checked.clip(0)

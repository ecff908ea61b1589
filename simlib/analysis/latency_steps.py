"""Latency of requests divided into steps, read from their sojourns at the hosts that check tokens.

A sojourn is a visit to a station together with the wait before it, for a thread or for a worker.
"""

import heapq
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from simlib.analysis.columns import Floats, Integers, Mask, mean, select_rows
from simlib.analysis.summary import find_timed_requests
from simlib.analysis.utilisation import list_hosts, match_hosts
from simlib.engine.stations import is_first_come_first_served
from simlib.scenario.hosts import RESOURCE_SERVERS, SHARED_STORE
from simlib.scenario.records import UNFINISHED, Column, Columns, Records

_UNSERVED = np.inf


class Sojourns(NamedTuple):
    """Sojourns of requests at gateways and services, sorted by request and then in time; instants in seconds.

    ``arrival`` is where the wait began, for a thread or for a worker, ``start`` where service began.
    """

    request: Integers
    host: Integers
    arrival: Floats
    start: Floats
    end: Floats

    def find_resumed(self) -> Mask:
        """Which sojourns follow another of the same request."""
        return np.append(False, self.request[1:] == self.request[:-1])[: len(self.request)]

    def find_moved(self) -> Mask:
        """Which of these follow one at another host."""
        elsewhere = np.append(False, self.host[1:] != self.host[:-1])[: len(self.request)]
        moved: Mask = self.find_resumed() & elsewhere
        return moved

    def compute_gaps(self) -> Floats:
        """Seconds between the sojourn before and this one, 0 for the first of a request."""
        gap = np.append(0.0, self.arrival[1:] - self.end[:-1])[: len(self.request)]
        return np.where(self.find_resumed(), gap, 0.0)


def find_sojourns(records: Records) -> Sojourns:
    """The finished sojourns of requests at all hosts that check tokens; the wait for a thread is part of them."""
    visits = records["visits"]
    kept = match_hosts(records, visits["host"], *RESOURCE_SERVERS)
    visits_there = select_rows(visits, kept)
    start = _find_service_starts(records, visits_there)
    finished = (visits_there["request"] >= 0) & np.isfinite(visits_there["end"])
    threads = [records.names.index(name) for name in _list_thread_pools(records)]
    waits = np.isin(visits["host"], threads) & (visits["request"] >= 0)
    return _join_waits(select_rows(visits_there, finished), start[finished], select_rows(visits, waits))


def _list_thread_pools(records: Records) -> list[str]:
    names = (f"{host}.threads" for host in list_hosts(records, *RESOURCE_SERVERS))
    return [name for name in names if name in records.names]


def _join_waits(visits: Columns, start: Floats, waits: Columns) -> Sojourns:
    """A sojourn begins where its request began to wait for a thread, if such a wait came right before it."""
    request = np.concatenate((visits["request"], waits["request"]))
    arrival = np.concatenate((visits["arrival"], waits["arrival"]))
    waiting = np.arange(len(request)) >= len(start)
    order = np.lexsort((~waiting, arrival, request))
    wait_before = np.flatnonzero(waiting[order][:-1] & ~waiting[order][1:])
    begin = arrival[order]
    begin[wait_before + 1] = begin[wait_before]
    is_visit = ~waiting[order]
    chosen = order[is_visit]
    return Sojourns(
        visits["request"][chosen], visits["host"][chosen], begin[is_visit], start[chosen], visits["end"][chosen]
    )


def _find_service_starts(records: Records, visits: Columns) -> Floats:
    """Instant at which each visit's service began: when a worker of a FIFO station became free.

    Under other disciplines the wait cannot be separated from the service by the visits alone, and counts as service.
    """
    starts: Floats = np.array(visits["arrival"], dtype=np.float64)
    for host in list_hosts(records, *RESOURCE_SERVERS):
        at_host = visits["host"] == records.names.index(host)
        if is_first_come_first_served(records.forms[host]):
            for replica in np.unique(visits["replica"][at_host]):
                rows = np.flatnonzero(at_host & (visits["replica"] == replica))
                starts[rows] = _assign_workers(visits["arrival"][rows], visits["end"][rows], records.workers[host])
    return starts


def _assign_workers(arrival: Column, end: Column, workers: int) -> Floats:
    starts: Floats = np.array(arrival, dtype=np.float64)
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
"""Step -> its label, in the order of tables and figures."""
OPTIONAL_STEPS: Mapping[str, str] = MappingProxyType(
    {"between_s": "network between gateway and services", "sharing_s": "waiting for the shared store"}
)
"""Steps of designs in which several hosts check tokens, and of designs with a shared store."""


def measure_steps(records: Records, warm_up_s: float) -> dict[str, float]:
    """Mean seconds per step; they add up to the mean latency of the counted requests.

    Where gateway and services, or several services, check tokens, the steps at the resource server are the sums over
    all of them, and there is one more step of `OPTIONAL_STEPS`, as there is with a shared store.

    Counted are requests that arrived after the warm-up, finished without refusal and sign-in, and were checked once by
    each checking host on their way. Queueing is the wait for a thread, where requests need one, and the part of a visit
    to a FIFO station before its service; under processor sharing there is no queue, and being slowed down counts as
    CPU. Raises ValueError for records without visits (``run.detail = "visits"``).
    """
    if not len(records["visits"]["request"]):
        raise ValueError("records without visits say nothing about steps; run with detail = 'visits'")
    seconds = _divide_latencies(records, warm_up_s, _have_several_checking_hosts(records))
    return {step: mean(values) for step, values in seconds.items()}


def _have_several_checking_hosts(records: Records) -> bool:
    return len(list_hosts(records, *RESOURCE_SERVERS)) > 1


def _divide_latencies(records: Records, warm_up_s: float, several: bool) -> dict[str, Floats]:
    """Seconds per step of each counted request; optional steps only where the records have such hosts."""
    sojourns, requests = find_sojourns(records), _index_by_number(records["requests"])
    count = len(requests["request"])
    kept = np.flatnonzero(_find_checked_once(requests, several) & (requests["arrival"] >= warm_up_s))

    def sum_counted(seconds: Floats) -> Floats:
        return _sum_by_request(sojourns, seconds, count)[kept]

    if several:
        checking = _measure_checks_at_several_hosts(records, sojourns, requests)[kept]
    else:
        checking = _measure_check_at_one_host(sojourns, requests)[kept]
    first, last = _find_span(sojourns, count)
    end = np.fmax(last, _find_last_inner_answer(records, count))  # a gateway hands on without a visit of its own
    queueing, service = sum_counted(sojourns.start - sojourns.arrival), sum_counted(sojourns.end - sojourns.start)
    sharing = _sum_shared_store_waits(records, count)[kept]
    between = sum_counted(np.where(sojourns.find_moved(), sojourns.compute_gaps(), 0.0)) + (end[kept] - last[kept])
    span, counted = end[kept] - first[kept], select_rows(requests, kept)
    outside = counted["end"] - counted["arrival"] - counted["obtaining"]
    return {
        "obtaining_s": counted["obtaining"],
        "network_s": outside - span,
        **({"between_s": between} if several else {}),
        "queueing_s": queueing,
        **({"sharing_s": sharing} if list_hosts(records, SHARED_STORE) else {}),
        "asking_s": span - queueing - service - between - sharing,
        "checking_s": checking,
        "work_s": service - checking,
    }


def _sum_by_request(sojourns: Sojourns, seconds: Floats, count: int) -> Floats:
    """The sum over each request's sojourns."""
    total = np.zeros(count)
    np.add.at(total, sojourns.request, seconds)
    return total


def _index_by_number(requests: Columns) -> dict[str, Column]:
    """The requests with the row of each at its number."""
    number = requests["request"]
    rows = {name: np.zeros(int(number.max(initial=-1)) + 1, column.dtype) for name, column in requests.items()}
    rows["outcome"][:] = UNFINISHED
    for name, column in requests.items():
        rows[name][number] = column
    return rows


def find_checked_once(records: Records) -> Mask:
    """The finished requests that each host on their way checked once, and accepted."""
    return _find_checked_once(records["requests"], _have_several_checking_hosts(records))


def _find_checked_once(requests: Columns, several: bool) -> Mask:
    clean = find_timed_requests(requests) & (requests["refusals"] == 0) & (requests["validations"] > 0)
    once = requests["validations"][clean].min() if several and clean.any() else 1
    checked_once: Mask = clean & (requests["validations"] == once)
    return checked_once


def _find_span(sojourns: Sojourns, count: int) -> tuple[Floats, Floats]:
    """First arrival and last end of each request's sojourns."""
    first, last = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(first, sojourns.request, sojourns.arrival)
    np.maximum.at(last, sojourns.request, sojourns.end)
    return first, last


def _find_last_inner_answer(records: Records, count: int) -> Floats:
    """When each request's last call between gateway and services was answered, NaN without one."""
    calls = _select_answered_calls(records, *RESOURCE_SERVERS)
    last = np.full(count, np.nan)
    np.fmax.at(last, calls["request"], calls["received"])
    return last


def _sum_shared_store_waits(records: Records, count: int) -> Floats:
    """For how long each request waited for the shared store."""
    calls = _select_answered_calls(records, SHARED_STORE)
    waited = np.zeros(count)
    np.add.at(waited, calls["request"], calls["received"] - calls["sent"])
    return waited


def _select_answered_calls(records: Records, *callees: str) -> Columns:
    """The answered calls of requests from hosts that check tokens to hosts of some kinds."""
    calls = records["calls"]
    kept = match_hosts(records, calls["caller"], *RESOURCE_SERVERS) & match_hosts(records, calls["callee"], *callees)
    kept &= (calls["request"] >= 0) & np.isfinite(calls["received"])
    return select_rows(calls, kept)


def _measure_check_at_one_host(sojourns: Sojourns, requests: Columns) -> Floats:
    """CPU seconds of the check: the part of the sojourns between its begin and the verdict."""
    decided, checking = requests["decided"][sojourns.request], requests["checking"][sojourns.request]
    overlap = np.minimum(sojourns.end, decided) - np.maximum(sojourns.start, decided - checking)
    return _sum_by_request(sojourns, np.nan_to_num(overlap.clip(0)), len(requests["request"]))


def _measure_checks_at_several_hosts(records: Records, sojourns: Sojourns, requests: Columns) -> Floats:
    """CPU seconds of all checks: the time that they took, without the waits of hosts for calls of a check.

    A host that goes on with a request had waited for a call of a check, or of a token exchange; only a call for user
    information is no part of a check.
    """
    calls = records["calls"]
    targets = [number for number, name in enumerate(records.names) if name.partition("@")[0] == "userinfo"]
    is_userinfo = np.isin(calls["target"], targets) & (calls["request"] >= 0)
    sent = np.full(len(requests["request"]), np.nan)
    sent[calls["request"][is_userinfo]] = calls["sent"][is_userinfo]
    userinfo_sent, gaps = sent[sojourns.request], sojourns.compute_gaps()
    in_gap = (sojourns.arrival - gaps <= userinfo_sent) & (userinfo_sent <= sojourns.arrival)
    waited = np.where(
        sojourns.find_resumed() & ~sojourns.find_moved() & ~in_gap, gaps + sojourns.start - sojourns.arrival, 0.0
    )
    checked: Floats = requests["checking"] - _sum_by_request(sojourns, waited, len(requests["request"]))
    return checked.clip(0)

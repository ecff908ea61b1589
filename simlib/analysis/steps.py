"""Where the time of a request goes, step by step, taken from the visits to the stations."""

import heapq
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.latencies import mean
from simlib.analysis.occupancy import RESOURCE_SERVER, code
from simlib.scenario.records import FINISHED, Column, Records

STEPS: Mapping[str, str] = {
    "obtaining_s": "waiting for a token",
    "network_s": "network between client and resource server",
    "queueing_s": "queueing at the resource server",
    "asking_s": "waiting for the authorization server",
    "checking_s": "checking the token, CPU",
    "work_s": "the API and its HTTP, CPU",
}
"""Step -> what it is, in the order in which they are shown."""

_UNSERVED = np.inf


def steps(records: Records, warm_up_s: float) -> dict[str, float]:
    """Mean seconds per step; they add up to the mean latency of the requests that count.

    These arrived after the warm-up, finished, and met one verdict, which accepted. Queueing is the wait for a thread,
    where requests need one, and what a visit to a FIFO station lasts before its service; under processor sharing
    nobody queues, and being slowed down counts as CPU.
    Raises ValueError for records without visits (``run.detail = "visits"``).
    """
    visits = records["visits"]
    if not len(visits["request"]):
        raise ValueError("records without visits say nothing about steps; run with detail = 'visits'")
    requests = records["requests"]
    plain = (requests["outcome"] == FINISHED) & (requests["refusals"] == 0) & (requests["validations"] == 1)
    kept = plain & (requests["arrival"] >= warm_up_s)
    at_server = _visits(records, RESOURCE_SERVER)
    started = _starts(records, at_server)
    count = int(requests["request"].max(initial=-1)) + 1
    known = (at_server["request"] >= 0) & np.isfinite(at_server["end"])
    number, arrival = at_server["request"][known], at_server["arrival"][known]
    start, end = started[known], at_server["end"][known]
    decided = np.full(count, np.nan)
    decided[requests["request"]] = requests["decided"]
    began = np.full(count, np.nan)
    began[requests["request"]] = requests["decided"] - requests["checking"]
    overlap = np.minimum(end, decided[number]) - np.maximum(start, began[number])

    def per_request(seconds: Column) -> NDArray[np.float64]:
        total = np.zeros(count)
        np.add.at(total, number, np.nan_to_num(seconds))
        mine: NDArray[np.float64] = total[own]
        return mine

    own = requests["request"][kept]
    threads = _visits(records, f"{RESOURCE_SERVER}.threads")
    theirs = threads["request"] >= 0
    admitted, left = _first(number, arrival, count)[own], _last(number, end, count)[own]
    reached = np.minimum(_first(threads["request"][theirs], threads["arrival"][theirs], count)[own], admitted)
    span, queueing = left - reached, per_request(start - arrival) + admitted - reached
    service, checking = per_request(end - start), per_request(overlap.clip(0))
    latency, obtaining = (requests["end"] - requests["arrival"])[kept], requests["obtaining"][kept]
    means = (obtaining, latency - obtaining - span, queueing, span - queueing - service, checking, service - checking)
    return {step: mean(values) for step, values in zip(STEPS, means, strict=True)}


def _starts(records: Records, visits: Mapping[str, Column]) -> NDArray[np.float64]:
    """Instant at which each visit's service began: at once, or when a worker of a FIFO station became free."""
    arrival, end = visits["arrival"], visits["end"]
    starts: NDArray[np.float64] = np.array(arrival, dtype=np.float64)
    if records.forms[RESOURCE_SERVER] == "processor_sharing":
        return starts
    for replica in np.unique(visits["replica"]):
        rows = np.flatnonzero(visits["replica"] == replica)
        rows = rows[np.lexsort((end[rows], arrival[rows]))]
        free = [0.0] * records.workers[RESOURCE_SERVER]
        for row in rows:
            starts[row] = max(starts[row], free[0])
            heapq.heapreplace(free, end[row] if np.isfinite(end[row]) else _UNSERVED)
    return starts


def _visits(records: Records, host: str) -> dict[str, Column]:
    """The visits of requests and other work to one host."""
    visits = records["visits"]
    there = visits["host"] == code(records, host)
    return {name: column[there] for name, column in visits.items()}


def _first(number: Column, instant: Column, count: int) -> NDArray[np.float64]:
    first = np.full(count, np.inf)
    np.minimum.at(first, number, instant)
    return first


def _last(number: Column, instant: Column, count: int) -> NDArray[np.float64]:
    last = np.full(count, -np.inf)
    np.maximum.at(last, number, instant)
    return last

"""Causes of long latencies: for which operations, at which hosts, the slowest requests wait or are served.

Each slow request's time is divided among its own operations, its waits at stations, and the rest: the network and waits
for work of other requests. A wait belongs to the operations that the station's workers did meanwhile, in proportion to
their time.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from simlib.analysis.summary import find_timed_requests
from simlib.engine.visit_trace import Visit
from simlib.scenario.hosts import find_host_kind
from simlib.scenario.records import Records

QUANTILES: Mapping[str, float] = {"mean_s": 0.0, "p50_s": 50.0, "p95_s": 95.0, "p99_s": 99.0}
"""Latency metric -> the percentile from which requests count as slow; all count for the mean."""
ELSEWHERE = ("", "")


class Cause(NamedTuple):
    """Share of the time of slow requests that one operation at one kind of host takes: waiting for it, and own work.

    Host and operation are empty for the network and for waits for work of other requests.
    """

    host: str
    operation: str
    waiting: float
    working: float

    @property
    def share(self) -> float:
        """Both parts together."""
        return self.waiting + self.working


class Timeline:
    """Operations in service at one station: (begin, end, operation), in seconds and in the order of their begin."""

    def __init__(self) -> None:
        self._services: list[tuple[float, float, str]] = []
        self._longest = 0.0

    def add(self, visit: Visit) -> None:
        """Add the operations of an ended visit, one after the other up to its end.

        Where others or a fault slow the work down, they are taken for the last part of the visit.
        """
        instant = find_start(visit)
        for operation, seconds in visit.services:
            self._services.append((instant, instant + seconds, operation))
            self._longest = max(self._longest, seconds)
            instant += seconds

    def sort(self) -> None:
        """Sort what was added, before the first question."""
        self._services.sort()

    def divide(self, begin: float, end: float) -> Iterator[tuple[str, float]]:
        """Divide the time between two instants among the operations in service: (operation, seconds)."""
        first = bisect_left(self._services, (begin - self._longest,))
        last = bisect_left(self._services, (end,))
        overlaps = [
            (operation, min(until, end) - max(since, begin))
            for since, until, operation in self._services[first:last]
            if until > begin
        ]
        busy = sum(seconds for _, seconds in overlaps)
        if busy > 0:
            yield from ((operation, (end - begin) * seconds / busy) for operation, seconds in overlaps)
        else:
            yield "", end - begin


def find_start(visit: Visit) -> float:
    """Instant (seconds) at which the service of an ended visit began, if nothing slowed it down."""
    assert visit.end is not None
    return visit.end - sum(seconds for _, seconds in visit.services)


def find_causes(
    records: Records, visits: Sequence[Visit], warm_up_s: float, metrics: Iterable[str]
) -> Mapping[str, tuple[Cause, ...]]:
    """Metric of `QUANTILES` -> causes of the latencies at and above it after the warm-up, the largest first.

    The shares add up to 1; empty without requests.
    """
    timelines = _build_timelines(visits)
    return {metric: _divide(records, visits, timelines, warm_up_s, QUANTILES[metric]) for metric in metrics}


def _divide(
    records: Records,
    visits: Sequence[Visit],
    timelines: Mapping[tuple[str, int], Timeline],
    warm_up_s: float,
    percentile: float,
) -> tuple[Cause, ...]:
    requests = records["requests"]
    timed = find_timed_requests(requests) & (requests["arrival"] >= warm_up_s)
    latency = (requests["end"] - requests["arrival"])[timed]
    if not latency.size:
        return ()
    slow = latency >= np.percentile(latency, percentile)
    numbers = requests["request"][timed][slow]
    ends = dict(zip(numbers.tolist(), requests["end"][timed][slow].tolist(), strict=True))
    waiting: dict[tuple[str, str], float] = {}
    working: dict[tuple[str, str], float] = {}
    for visit in visits:
        if visit.end is not None and visit.end <= ends.get(visit.request, -np.inf):
            kind = find_host_kind(visit.host)
            for operation, seconds in visit.services:
                _add(working, (kind, operation), seconds)
            start = find_start(visit)
            if start > visit.arrival:
                for operation, seconds in timelines[visit.host, visit.replica].divide(visit.arrival, start):
                    _add(waiting, (kind, operation), seconds)
    total = float(latency[slow].sum())
    _add(waiting, ELSEWHERE, max(total - sum(waiting.values()) - sum(working.values()), 0.0))
    keys = {*waiting, *working}
    causes = (Cause(*key, waiting.get(key, 0.0) / total, working.get(key, 0.0) / total) for key in keys)
    return tuple(sorted(causes, key=lambda cause: (-cause.share, cause.host, cause.operation)))


def _add(seconds_by_key: dict[tuple[str, str], float], key: tuple[str, str], seconds: float) -> None:
    seconds_by_key[key] = seconds_by_key.get(key, 0.0) + seconds


def _build_timelines(visits: Sequence[Visit]) -> dict[tuple[str, int], Timeline]:
    """Host and replica -> what was in service there."""
    timelines: dict[tuple[str, int], Timeline] = {}
    for visit in visits:
        if visit.end is not None:
            timelines.setdefault((visit.host, visit.replica), Timeline()).add(visit)
    for timeline in timelines.values():
        timeline.sort()
    return timelines

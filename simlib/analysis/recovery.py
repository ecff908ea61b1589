"""How long it takes until everything is as usual again, and whether a server goes under for good."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.availability import IN_TIME_S, known, of_users, right
from simlib.analysis.occupancy import busy_between, hosts_of
from simlib.scenario.places import AUTHORIZATION_SERVER, BACKEND, RESOURCE_SERVERS, SHARED_STORE, STORE
from simlib.scenario.records import FINISHED, GIVEN_UP, Records

SERVERS = (*RESOURCE_SERVERS, BACKEND, AUTHORIZATION_SERVER, STORE, SHARED_STORE)
SLOWER = 2.0
"""Assumption: an answer is as usual up to twice the 99th percentile of the time before the fault."""
BAND = 0.9
"""Assumption: everything is back when nine tenths of the usual share of answers are as usual, second by second."""
ENOUGH = 50
"""Requests in a bin, on average: then a bin of a healthy system falls below the band less than once in 100,000."""
SEEN = 2
"""So many bins within the band have to follow the last one out of it: a system somewhat below the band gets into
it by luck now and then, but seldom twice in a row. Short days have no room for more.
"""
FEWEST = 20
"""Requests before the fault without which nobody knows what is usual."""
TAIL_S, TAIL_SHARE = 10.0, 1 / 3
BUSY, GOODPUT, IN_VAIN, SAME = 0.95, 0.5, 0.5, 1.1
"""The rule of `collapsed`, in its order. Assumptions; the literature gives the words and no numbers."""


class Usual(NamedTuple):
    """What was usual before a fault: the share of answers that were right and not late, seconds that are late, and the
    requests per second.
    """

    share: float
    late_s: float
    rate: float


def usual_before(records: Records, since: float, fault: float, in_time_s: float = IN_TIME_S) -> Usual | None:
    """What was usual from ``since`` to the beginning of the fault (seconds); None when too few came.

    No answer later than ``in_time_s`` counts as usual.
    """
    requests = of_users(records)
    came = (requests["arrival"] >= since) & (requests["arrival"] < fault)
    finished = came & (requests["outcome"] == FINISHED)
    if finished.sum() < FEWEST:
        return None
    taken = (requests["end"] - requests["arrival"])[finished]
    late_s = min(SLOWER * float(np.percentile(taken, 99)), in_time_s)
    share = float(right(requests, records, late_s)[came].mean())
    return Usual(share, late_s, int(came.sum()) / (fault - since)) if share > 0 else None


def usual_shares(
    records: Records, usual: Usual, begin: float, end: float, width: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Beginnings of bins of that width from ``begin`` to ``end`` (seconds), and the share of the requests arriving in
    each whose answers were as usual, NaN where nobody came.
    """
    requests = of_users(records)
    bins = max(int((end - begin) / width), 0)
    number = np.floor((requests["arrival"] - begin) / width)
    counted = (number >= 0) & (number < bins) & known(requests, records.horizon, usual.late_s)
    good = right(requests, records, usual.late_s)
    came = np.bincount(number[counted].astype(np.int64), minlength=bins)
    fine = np.bincount(number[counted & good].astype(np.int64), minlength=bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        return begin + width * np.arange(bins, dtype=np.float64), fine / came


def recovery_s(records: Records, usual: Usual, end: float) -> float:
    """Seconds from the end of the fault to the first instant after which no bin falls out of the band.

    0 when none does; NaN when one of the last `SEEN` does, so that nobody has seen it end. Bins are a second wide, or
    wide enough for `ENOUGH` requests.
    """
    width = max(1.0, ENOUGH / usual.rate)
    _, shares = usual_shares(records, usual, end, records.horizon - usual.late_s, width)
    out = np.flatnonzero(shares < BAND * usual.share)
    if not len(shares) or (len(out) and out[-1] >= len(shares) - SEEN):
        return np.nan
    return float((out[-1] + 1) * width) if len(out) else 0.0


def collapsed(records: Records, usual: Usual, end: float) -> bool:
    """Whether the system has settled in a metastable failure: nothing is wrong any more, and it does not recover.

    The cause is gone, and some server stays busy with work whose callers have left, which makes further callers leave
    (Bronson et al., Metastable Failures in Distributed Systems, HotOS 2021; Huang et al., Metastable Failures in the
    Wild, OSDI 2022). In the last third of the time after the fault, at least 10 s: a server is busy for 95 % of the
    time; fewer than half of the usual share of requests get their usual answer; half of the calls that a server has,
    that one or one that waits for it, are given up by their callers; and at most 10 % more requests arrive than before.
    """
    begin = records.horizon - max(TAIL_S, TAIL_SHARE * (records.horizon - end))
    if begin < end:
        return False
    requests = of_users(records)
    came = (requests["arrival"] >= begin) & (requests["arrival"] < records.horizon - usual.late_s)
    if came.sum() > SAME * usual.rate * (records.horizon - usual.late_s - begin):
        return False
    if not came.any() or right(requests, records, usual.late_s)[came].mean() >= GOODPUT * usual.share:
        return False
    servers = hosts_of(records, *SERVERS)
    return any(_is_busy(records, host, begin) for host in servers) and any(
        _toils_in_vain(records, host, begin) for host in servers
    )


def _is_busy(records: Records, host: str, begin: float) -> bool:
    work = busy_between(records, host, begin)
    return work is not None and work.worker_seconds >= BUSY * work.capacity


def _toils_in_vain(records: Records, host: str, begin: float) -> bool:
    calls = records["calls"]
    answered = (calls["callee"] == records.names.index(host)) & (calls["received"] >= begin) & (calls["status"] != 0)
    return bool(answered.any() and (calls["status"][answered] == GIVEN_UP).mean() >= IN_VAIN)

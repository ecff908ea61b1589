"""What a bad day did to users and servers, as figures of one replication.

How long it takes until everything is as usual again, and whether a server goes under for good.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.availability import IN_TIME_S, availability, known, latency, of_users, right
from simlib.analysis.exposure import wrongs
from simlib.analysis.usage import peak_requests_per_s, peak_utilisation
from simlib.analysis.utilisation import busy_between, hosts_of
from simlib.scenario.hosts import AUTHORIZATION_SERVER, BACKEND, RESOURCE_SERVERS, SHARED_STORE, STORE
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


SUDDEN_S = 30.0
"""For so long after something sudden its requests are looked at, where nobody says for how long (assumption)."""


class Window(NamedTuple):
    """Seconds: when the first fault begins, when the last one is over, and until when requests count as hit by it."""

    begin: float
    end: float
    until: float


class Promise(NamedTuple):
    """Seconds for which a design may accept an expired and a revoked token, as its parts declare."""

    after_expiry_s: float = 0.0
    after_revocation_s: float = 0.0


NO_PROMISE = Promise()


def window_of(records: Records) -> Window | None:
    """From the first fault of a run to the last; None when nothing went wrong."""
    faults = records["faults"]
    if not len(faults["begin"]):
        return None
    kinds = [records.names[kind] for kind in faults["kind"]]
    begin, end = float(faults["begin"].min()), end_of(list(zip(faults["end"].tolist(), kinds, strict=True)))
    return window(begin, end, records.horizon)


def window(begin: float, end: float, horizon: float, sudden_s: float = SUDDEN_S) -> Window:
    """From the first fault to the end of the last; where that is the same instant, so many seconds from it on."""
    return Window(begin, end, end if end > begin else min(begin + sudden_s, horizon))


def end_of(faults: Sequence[tuple[float, str]]) -> float:
    """When the last of some faults is over (seconds), each given by its end and its kind.

    That callers repeat what fails keeps a failure going and is none itself: it counts only where nothing else does.
    """
    causes = [end for end, kind in faults if kind != "retry_storm"]
    return max(causes or [end for end, _ in faults])


def bad_day(
    records: Records,
    warm_up_s: float,
    within: Window | None = None,
    promise: Promise = NO_PROMISE,
    in_time_s: float = IN_TIME_S,
) -> dict[str, float]:
    """Availability in the window and over the run, recovery, peaks at the authorization server, and what went wrong.

    ``within`` is by default the window of the faults that happened; without any, everything but the availability of
    the whole run is NaN. ``recovery_s`` is NaN when nobody saw it end; ``collapsed`` is 1 when it never will.
    """
    hit = within or window_of(records)
    figures = {"availability_run": availability(records, warm_up_s, records.horizon, in_time_s)}
    if hit is None:
        return figures | dict.fromkeys(NAMES, np.nan)
    usual = usual_before(records, warm_up_s, hit.begin, in_time_s)
    found = wrongs(records, hit.begin, promise.after_revocation_s, promise.after_expiry_s)
    return figures | {
        "availability_window": availability(records, hit.begin, hit.until, in_time_s),
        "latency_window_s": latency(records, hit.begin, hit.until),
        "recovery_s": np.nan if usual is None else recovery_s(records, usual, hit.end),
        "collapsed": np.nan if usual is None else float(collapsed(records, usual, hit.end)),
        "as_peak_requests_per_s": peak_requests_per_s(records, hit.begin),
        "as_peak_utilisation": peak_utilisation(records, hit.begin),
        "refused_wrongly": float(found.refused),
        "accepted_forged": float(found.forged),
        "accepted_expired": float(found.expired),
        "accepted_within_promise": float(found.within),
        "accepted_beyond_promise": float(found.beyond),
    }


NAMES = (
    "availability_window",
    "latency_window_s",
    "recovery_s",
    "collapsed",
    "as_peak_requests_per_s",
    "as_peak_utilisation",
    "refused_wrongly",
    "accepted_forged",
    "accepted_expired",
    "accepted_within_promise",
    "accepted_beyond_promise",
)

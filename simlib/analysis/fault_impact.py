"""Fault impact on users and servers in one replication: availability, recovery, collapse, peaks, wrong verdicts.

Recovery compares the share of good answers after a fault with that before it, bin by bin.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from simlib.analysis.availability import (
    IN_TIME_S,
    compute_availability,
    compute_mean_latency,
    find_correct_answers,
    find_uncensored,
    select_user_requests,
)
from simlib.analysis.columns import Floats
from simlib.analysis.exposure import count_wrong_verdicts
from simlib.analysis.usage import find_peak_request_rate, find_peak_utilisation
from simlib.analysis.utilisation import list_hosts, measure_host_work
from simlib.scenario.hosts import AUTHORIZATION_SERVER, BACKEND, RESOURCE_SERVERS, SHARED_STORE, STORE
from simlib.scenario.records import FINISHED, GIVEN_UP, Records

SERVERS = (*RESOURCE_SERVERS, BACKEND, AUTHORIZATION_SERVER, STORE, SHARED_STORE)
LATE_FACTOR = 2.0
"""Assumption: an answer is late above twice the 99th percentile of the latency before the fault."""
RECOVERY_BAND = 0.9
"""Assumption: a system has recovered when its share of good answers is nine tenths of the baseline in every bin."""
REQUESTS_PER_BIN = 50
"""Requests in a bin, on average: then a bin of a healthy system falls below the band less than once in 100,000."""
BINS_WITHIN_BAND = 2
"""So many bins within the band have to follow the last one out of it: a system somewhat below the band gets into
it by chance now and then, but seldom twice in a row. Short days have no room for more.
"""
MINIMUM_REQUESTS = 20
"""Finished requests before the fault, below which there is no baseline."""
TAIL_S, TAIL_SHARE = 10.0, 1 / 3
BUSY_SHARE, GOODPUT_SHARE, ABANDONED_SHARE, LOAD_FACTOR = 0.95, 0.5, 0.5, 1.1
"""The rule of `has_collapsed`, in its order. Assumptions; the literature gives the terms and no numbers."""


class Baseline(NamedTuple):
    """The time before a fault: share of answers that were correct and not late, seconds from which an answer is late,
    and requests per second.
    """

    share: float
    late_s: float
    rate: float


def measure_baseline(records: Records, since: float, fault: float, in_time_s: float = IN_TIME_S) -> Baseline | None:
    """The baseline from ``since`` to the beginning of the fault (seconds); None when too few requests came.

    Answers above ``in_time_s`` are late in any case.
    """
    requests = select_user_requests(records)
    arrived = (requests["arrival"] >= since) & (requests["arrival"] < fault)
    finished = arrived & (requests["outcome"] == FINISHED)
    if finished.sum() < MINIMUM_REQUESTS:
        return None
    latency = (requests["end"] - requests["arrival"])[finished]
    late_s = min(LATE_FACTOR * float(np.percentile(latency, 99)), in_time_s)
    share = float(find_correct_answers(requests, records, late_s)[arrived].mean())
    return Baseline(share, late_s, int(arrived.sum()) / (fault - since)) if share > 0 else None


def compute_shares_per_bin(
    records: Records, baseline: Baseline, begin: float, end: float, width: float
) -> tuple[Floats, Floats]:
    """Beginnings of bins of that width from ``begin`` to ``end`` (seconds), and the share of the requests arriving in
    each that got a good answer by the baseline's measure, NaN where none arrived.
    """
    requests = select_user_requests(records)
    bins = max(int((end - begin) / width), 0)
    number = np.floor((requests["arrival"] - begin) / width)
    counted = (number >= 0) & (number < bins) & find_uncensored(requests, records.horizon, baseline.late_s)
    good = find_correct_answers(requests, records, baseline.late_s)
    arrived = np.bincount(number[counted].astype(np.int64), minlength=bins)
    answered = np.bincount(number[counted & good].astype(np.int64), minlength=bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        return begin + width * np.arange(bins, dtype=np.float64), answered / arrived


def measure_recovery(records: Records, baseline: Baseline, end: float) -> float:
    """Seconds from the end of the fault to the first instant after which no bin falls out of the band.

    0 when none does; NaN when one of the last `BINS_WITHIN_BAND` does: the run ended before the recovery. Bins
    are a second wide, or wide enough for `REQUESTS_PER_BIN` requests.
    """
    width = max(1.0, REQUESTS_PER_BIN / baseline.rate)
    _, shares = compute_shares_per_bin(records, baseline, end, records.horizon - baseline.late_s, width)
    below = np.flatnonzero(shares < RECOVERY_BAND * baseline.share)
    if not len(shares) or (len(below) and below[-1] >= len(shares) - BINS_WITHIN_BAND):
        return np.nan
    return float((below[-1] + 1) * width) if len(below) else 0.0


def has_collapsed(records: Records, baseline: Baseline, end: float) -> bool:
    """Whether the system is in a metastable failure: the fault is over, and the system does not recover.

    The cause is gone, and some server stays busy with work whose callers have left, which makes further callers leave
    (Bronson et al., Metastable Failures in Distributed Systems, HotOS 2021; Huang et al., Metastable Failures in the
    Wild, OSDI 2022). In the last third of the time after the fault, at least 10 s: a server is busy for 95 % of the
    time; the share of good answers is below half of the baseline; half of the calls that a server has, that one or one
    that waits for it, are given up by their callers; and at most 10 % more requests arrive than before.
    """
    begin = records.horizon - max(TAIL_S, TAIL_SHARE * (records.horizon - end))
    if begin < end:
        return False
    requests = select_user_requests(records)
    arrived = (requests["arrival"] >= begin) & (requests["arrival"] < records.horizon - baseline.late_s)
    if arrived.sum() > LOAD_FACTOR * baseline.rate * (records.horizon - baseline.late_s - begin):
        return False
    if not arrived.any():
        return False
    share = find_correct_answers(requests, records, baseline.late_s)[arrived].mean()
    if share >= GOODPUT_SHARE * baseline.share:
        return False
    servers = list_hosts(records, *SERVERS)
    return any(_is_busy(records, host, begin) for host in servers) and any(
        _serves_abandoned_calls(records, host, begin) for host in servers
    )


def _is_busy(records: Records, host: str, begin: float) -> bool:
    work = measure_host_work(records, host, begin)
    return work is not None and work.worker_seconds >= BUSY_SHARE * work.capacity


def _serves_abandoned_calls(records: Records, host: str, begin: float) -> bool:
    calls = records["calls"]
    answered = (calls["callee"] == records.names.index(host)) & (calls["received"] >= begin) & (calls["status"] != 0)
    return bool(answered.any() and (calls["status"][answered] == GIVEN_UP).mean() >= ABANDONED_SHARE)


INSTANT_WINDOW_S = 30.0
"""Assumption: for so long after a fault without a duration requests count as hit by it, unless stated otherwise."""


class FaultWindow(NamedTuple):
    """Seconds: when the first fault begins, when the last one is over, and until when requests count as hit by it."""

    begin: float
    end: float
    until: float


class Promise(NamedTuple):
    """Seconds for which a design may accept an expired and a revoked token, as its parts declare."""

    after_expiry_s: float = 0.0
    after_revocation_s: float = 0.0


NO_PROMISE = Promise()


def find_fault_window(records: Records) -> FaultWindow | None:
    """From the first fault of a run to the last; None for a run without faults."""
    faults = records["faults"]
    if not len(faults["begin"]):
        return None
    kinds = [records.names[kind] for kind in faults["kind"]]
    begin, end = float(faults["begin"].min()), find_end(list(zip(faults["end"].tolist(), kinds, strict=True)))
    return build_fault_window(begin, end, records.horizon)


def build_fault_window(
    begin: float, end: float, horizon: float, instant_window_s: float = INSTANT_WINDOW_S
) -> FaultWindow:
    """From the first fault to the end of the last; where that is the same instant, so many seconds from it on."""
    return FaultWindow(begin, end, end if end > begin else min(begin + instant_window_s, horizon))


def find_end(faults: Sequence[tuple[float, str]]) -> float:
    """When the last of some faults is over (seconds), each given by its end and its kind.

    A retry storm keeps a failure going and is none itself: it counts only where it is the only kind.
    """
    causes = [end for end, kind in faults if kind != "retry_storm"]
    return max(causes or [end for end, _ in faults])


def measure_bad_day(
    records: Records,
    warm_up_s: float,
    within: FaultWindow | None = None,
    promise: Promise = NO_PROMISE,
    in_time_s: float = IN_TIME_S,
) -> dict[str, float]:
    """Availability in the window and over the run, recovery, peaks at the authorization server, and wrong verdicts.

    ``within`` is by default the window of the faults that happened; without any, everything but the availability of
    the whole run is NaN. ``recovery_s`` is NaN when it did not end within the run; ``collapsed`` is 1 when it never
    will.
    """
    window = within or find_fault_window(records)
    figures = {"availability_run": compute_availability(records, warm_up_s, records.horizon, in_time_s)}
    if window is None:
        return figures | dict.fromkeys(FIGURE_NAMES, np.nan)
    baseline = measure_baseline(records, warm_up_s, window.begin, in_time_s)
    wrong = count_wrong_verdicts(records, window.begin, promise.after_revocation_s, promise.after_expiry_s)
    return figures | {
        "availability_window": compute_availability(records, window.begin, window.until, in_time_s),
        "latency_window_s": compute_mean_latency(records, window.begin, window.until),
        "recovery_s": np.nan if baseline is None else measure_recovery(records, baseline, window.end),
        "collapsed": np.nan if baseline is None else float(has_collapsed(records, baseline, window.end)),
        "as_peak_requests_per_s": find_peak_request_rate(records, window.begin),
        "as_peak_utilisation": find_peak_utilisation(records, window.begin),
        "refused_wrongly": float(wrong.refused),
        "accepted_forged": float(wrong.forged),
        "accepted_expired": float(wrong.expired),
        "accepted_within_promise": float(wrong.within),
        "accepted_beyond_promise": float(wrong.beyond),
    }


FIGURE_NAMES = (
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

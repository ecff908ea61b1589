"""What a bad day did to users and servers, as figures of one replication."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from simlib.analysis.availability import IN_TIME_S, availability, latency
from simlib.analysis.peaks import peak_requests_per_s, peak_utilisation
from simlib.analysis.recovery import collapsed, recovery_s, usual_before
from simlib.analysis.wrongs import wrongs
from simlib.scenario.records import Records

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
    return Window(begin, end, max(end, min(begin + SUDDEN_S, records.horizon)))


def end_of(faults: Sequence[tuple[float, str]]) -> float:
    """When the last of some faults is over (seconds), each given by its end and its kind.

    That callers repeat what fails keeps a failure going and is none itself: it counts only where nothing else does.
    """
    causes = [end for end, kind in faults if kind != "retry_storm"]
    return max(causes or [end for end, _ in faults])


def bad_day(
    records: Records,
    warm_up_s: float,
    window: Window | None = None,
    promise: Promise = NO_PROMISE,
    in_time_s: float = IN_TIME_S,
) -> dict[str, float]:
    """Availability in the window and over the run, recovery, peaks at the authorization server, and what went wrong.

    By default the window is that of the faults that happened; without any, everything but the availability of the whole
    run is NaN. ``recovery_s`` is NaN when nobody saw it end; ``collapsed`` is 1 when it never will.
    """
    window = window or window_of(records)
    figures = {"availability_run": availability(records, warm_up_s, records.horizon, in_time_s)}
    if window is None:
        return figures | dict.fromkeys(NAMES, np.nan)
    usual = usual_before(records, warm_up_s, window.begin)
    found = wrongs(records, window.begin, promise.after_revocation_s, promise.after_expiry_s)
    return figures | {
        "availability_window": availability(records, window.begin, window.until, in_time_s),
        "latency_window_s": latency(records, window.begin, window.until),
        "recovery_s": np.nan if usual is None else recovery_s(records, usual, window.end),
        "collapsed": np.nan if usual is None else float(collapsed(records, usual, window.end)),
        "as_peak_requests_per_s": peak_requests_per_s(records, window.begin),
        "as_peak_utilisation": peak_utilisation(records, window.begin),
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

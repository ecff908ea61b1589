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

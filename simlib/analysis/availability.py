"""Which requests got the answer that they should have got, in time."""

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.latencies import mean, ratio
from simlib.scenario.records import FINISHED, REFUSED, SESSION, STRANGER, UNFINISHED, Columns, Records

Mask = NDArray[np.bool_]

IN_TIME_S = 1.0
"""Assumption: an answer within a second keeps a user's flow of thought (Nielsen, Usability Engineering, 1993, section
5.5); who waits for longer has noticed that something is wrong."""


def of_users(records: Records) -> Columns:
    """The rows of the requests table without those of strangers."""
    requests = records["requests"]
    kept = requests["user"] != STRANGER
    return requests if kept.all() else {name: column[kept] for name, column in requests.items()}


def right(requests: Columns, records: Records, in_time_s: float = IN_TIME_S) -> Mask:
    """Whether each request was served in time; of a user whose session had ended, whether it was refused.

    ``requests`` are those of users. A session is over from its revocation until the user signs in again.
    """
    with np.errstate(invalid="ignore"):
        in_time = requests["end"] - requests["arrival"] <= in_time_s
    served = (requests["outcome"] == FINISHED) & in_time
    out = logged_out(requests, records)
    return np.asarray(np.where(out, requests["outcome"] == REFUSED, served), dtype=np.bool_)


def logged_out(requests: Columns, records: Records) -> Mask:
    """Which requests came from users whose sessions had ended and who have not signed in since."""
    out = np.zeros(len(requests["user"]), dtype=np.bool_)
    revocations = records["revocations"]
    ended = (revocations["token"] == SESSION) & np.isfinite(revocations["effective"])
    for user, instant in zip(
        revocations["user"][ended].tolist(), revocations["effective"][ended].tolist(), strict=True
    ):
        own = np.flatnonzero((requests["user"] == user) & (requests["arrival"] >= instant))
        own = own[np.argsort(requests["arrival"][own], kind="stable")]
        out[own] |= ~np.logical_or.accumulate(requests["signing_in"][own] > 0)
    return out


def known(requests: Columns, horizon: float, in_time_s: float = IN_TIME_S) -> Mask:
    """Whether the run lasted long enough to tell: all but those that could still be answered in time after its end."""
    censored = (requests["outcome"] == UNFINISHED) & (requests["arrival"] + in_time_s > horizon)
    return np.asarray(~censored, dtype=np.bool_)


def availability(records: Records, begin: float, end: float, in_time_s: float = IN_TIME_S) -> float:
    """Share of the users' requests arriving from ``begin`` to ``end`` (seconds) that got the right answer in time.

    NaN when nobody came.
    """
    requests = of_users(records)
    came = (requests["arrival"] >= begin) & (requests["arrival"] < end)
    came &= known(requests, records.horizon, in_time_s)
    return ratio(int(right(requests, records, in_time_s)[came].sum()), int(came.sum()))


def latency(records: Records, begin: float, end: float) -> float:
    """Mean seconds that the users' requests took which came from ``begin`` to ``end`` and were served, late or not."""
    requests = of_users(records)
    served = (requests["arrival"] >= begin) & (requests["arrival"] < end) & (requests["outcome"] == FINISHED)
    return mean((requests["end"] - requests["arrival"])[served])

"""Availability: the share of the users' requests that got the correct answer in time."""

import numpy as np

from simlib.analysis.columns import Mask, mean, ratio, select_rows
from simlib.scenario.records import FINISHED, REFUSED, SESSION, STRANGER, UNFINISHED, Columns, Records

IN_TIME_S = 1.0
"""Assumption: an answer within a second keeps a user's flow of thought (Nielsen, Usability Engineering, 1993, section
5.5); a user who waits for longer has noticed that something is wrong."""


def select_user_requests(records: Records) -> Columns:
    """The rows of the requests table that come from users; those of strangers (floods) are left out."""
    requests = records["requests"]
    from_users = requests["user"] != STRANGER
    return requests if from_users.all() else select_rows(requests, from_users)


def find_correct_answers(requests: Columns, records: Records, in_time_s: float = IN_TIME_S) -> Mask:
    """Whether each request was served in time; of a user whose session had ended, whether it was refused.

    ``requests`` are those of users. A session is over from its revocation until the user signs in again.
    """
    with np.errstate(invalid="ignore"):
        in_time = requests["end"] - requests["arrival"] <= in_time_s
    served = (requests["outcome"] == FINISHED) & in_time
    logged_out = find_logged_out(requests, records)
    return np.asarray(np.where(logged_out, requests["outcome"] == REFUSED, served), dtype=np.bool_)


def find_logged_out(requests: Columns, records: Records) -> Mask:
    """Which requests came from users whose sessions had ended and who have not signed in since."""
    logged_out = np.zeros(len(requests["user"]), dtype=np.bool_)
    revocations = records["revocations"]
    ended = (revocations["token"] == SESSION) & np.isfinite(revocations["effective"])
    for user, instant in zip(
        revocations["user"][ended].tolist(), revocations["effective"][ended].tolist(), strict=True
    ):
        later = np.flatnonzero((requests["user"] == user) & (requests["arrival"] >= instant))
        later = later[np.argsort(requests["arrival"][later], kind="stable")]
        logged_out[later] |= ~np.logical_or.accumulate(requests["signing_in"][later] > 0)
    return logged_out


def find_uncensored(requests: Columns, horizon: float, in_time_s: float = IN_TIME_S) -> Mask:
    """Which requests the run was long enough for: all but those that could still be answered in time after its end."""
    censored = (requests["outcome"] == UNFINISHED) & (requests["arrival"] + in_time_s > horizon)
    return np.asarray(~censored, dtype=np.bool_)


def compute_availability(records: Records, begin: float, end: float, in_time_s: float = IN_TIME_S) -> float:
    """Share of the users' requests arriving from ``begin`` to ``end`` (seconds) that got the correct answer in time.

    NaN when none arrived.
    """
    requests = select_user_requests(records)
    counted = (requests["arrival"] >= begin) & (requests["arrival"] < end)
    counted &= find_uncensored(requests, records.horizon, in_time_s)
    return ratio(int(find_correct_answers(requests, records, in_time_s)[counted].sum()), int(counted.sum()))


def compute_mean_latency(records: Records, begin: float, end: float) -> float:
    """Mean seconds of the users' requests that arrived from ``begin`` to ``end`` and were served, late or not."""
    requests = select_user_requests(records)
    served = (requests["arrival"] >= begin) & (requests["arrival"] < end) & (requests["outcome"] == FINISHED)
    return mean((requests["end"] - requests["arrival"])[served])

"""Requests refused though their token was good, and accepted though it was not."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.availability import logged_out, of_users
from simlib.scenario.records import FAILED, REFUSED, STRANGER, Columns, Records

Floats = NDArray[np.float64]

TOLERANCE_S = 0.1
"""A verdict may be that much younger than the look at the clock, or at a list, on which it rests."""


class Wrongs(NamedTuple):
    """How many requests, from an instant to the end of the run.

    ``refused``: the token was in time and not revoked, and the answer was 401, 403 or 5xx. Accepted were ``forged``
    tokens of strangers, ``expired`` ones, and revoked ones ``within`` the time that the design promises and ``beyond``.
    """

    refused: int
    forged: int
    expired: int
    within: int
    beyond: int

    @property
    def accepted(self) -> int:
        """Accepted against what the design promises."""
        return self.forged + self.expired + self.beyond


def wrongs(records: Records, since: float, after_revocation_s: float = 0.0, after_expiry_s: float = 0.0) -> Wrongs:
    """Count them over the requests that arrived at or after ``since``; all in seconds.

    ``after_revocation_s`` and ``after_expiry_s`` are what the design's validators declare (`Bound`).
    """
    requests = of_users(records)
    requests = {name: column[requests["arrival"] >= since] for name, column in requests.items()}
    everybody = records["requests"]
    forged = (everybody["user"] == STRANGER) & (everybody["accepted"] == 1) & (everybody["arrival"] >= since)
    accepted = (requests["accepted"] == 1) & (requests["token"] >= 0) & np.isfinite(requests["decided"])
    expires, revoked = _ends(records, requests["token"])
    late = requests["decided"] - expires > after_expiry_s + TOLERANCE_S
    since_revoked = requests["decided"] - revoked
    stale = since_revoked > TOLERANCE_S
    beyond = since_revoked > after_revocation_s + TOLERANCE_S
    return Wrongs(
        refused=int(_refused(requests, records, expires, revoked).sum()),
        forged=int(forged.sum()),
        expired=int((accepted & late).sum()),
        within=int((accepted & ~late & stale & ~beyond).sum()),
        beyond=int((accepted & ~late & beyond).sum()),
    )


def _refused(requests: Columns, records: Records, expires: Floats, revoked: Floats) -> NDArray[np.bool_]:
    status, outcome = requests["status"], requests["outcome"]
    answered = ((outcome == REFUSED) & np.isin(status, (401, 403))) | ((outcome == FAILED) & (status >= 500))
    told = np.where(np.isfinite(requests["decided"]), requests["decided"], requests["end"])
    good = (requests["token"] >= 0) & (told < expires) & ~(revoked <= told)
    return np.asarray(answered & good & ~logged_out(requests, records), dtype=np.bool_)


def _ends(records: Records, token: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """When each presented token expires and when it was first revoked, infinity for never and for no token."""
    count = len(records["tokens"]["token"])
    expires, revoked = np.full(count + 1, np.inf), np.full(count + 1, np.inf)
    expires[records["tokens"]["token"]] = records["tokens"]["expires"]
    revocations = records["revocations"]
    known = (revocations["token"] >= 0) & np.isfinite(revocations["effective"])
    np.minimum.at(revoked, revocations["token"][known], revocations["effective"][known])
    return expires[token], revoked[token]

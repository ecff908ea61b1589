"""Renewals of access tokens: how many clients get in a run, corrected for those that replace a token before its time.

Of tokens that live much longer than a run, a run issues few, so their number says little about a year. Where users send
requests as independent Poisson streams its expectation is a closed form (`simlib.decision.gain.kept_rows`).
"""

import numpy as np

from simlib.analysis.columns import Floats, Mask, ratio
from simlib.scenario.records import Records


def count_renewals(records: Records, since: float) -> dict[str, float]:
    """Tokens that clients got for one that had ended, or for none, per second from ``since`` (seconds) on.

    ``cut_short``: mean number of the tokens in use that are replaced early because they were refused, as after a
    revocation: their seconds of use per second.
    """
    tokens = records["tokens"]
    held = tokens["client"] == 1
    order = np.lexsort((tokens["issued"][held], tokens["user"][held]))
    user, issued = tokens["user"][held][order], tokens["issued"][held][order]
    really = tokens["size"][held][order] > 0
    follows = np.concatenate(([False], user[1:] == user[:-1])) if user.size else np.zeros(0, dtype=bool)
    counted = really & (issued >= since)
    early = counted & follows & _find_refused(records, user, issued)
    gaps = (issued - np.concatenate(([0.0], issued[:-1])))[early] if user.size else np.zeros(0)
    seconds = records.horizon - since
    return {
        "renewals_per_s": ratio(int(counted.sum()) - int(early.sum()), seconds),
        "cut_short": ratio(float(gaps.sum()), seconds),
    }


def _find_refused(records: Records, users: Floats, issued: Floats) -> Mask:
    """Which tokens were got by a request that had been refused; instants of issue are whole seconds, rounded down."""
    requests, found = records["requests"], np.zeros(len(users), dtype=bool)
    for row in np.flatnonzero(requests["refusals"] > 0).tolist():
        begin, end = np.searchsorted(users, [requests["user"][row], requests["user"][row] + 1])
        instants = issued[begin:end]
        found[begin:end] |= (instants >= np.floor(requests["arrival"][row])) & ~(instants > requests["end"][row])
    return found

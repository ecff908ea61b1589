"""How long the checking of tokens takes at its tail, and how old the word is that a verdict goes by."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.latencies import arrived, timed
from simlib.scenario.records import Records


def checking_quantile(records: Records, warm_up_s: float, quantile: float) -> float:
    """A quantile in [0, 1] of the seconds spent on tokens per request, NaN without a request whose time counts."""
    requests = arrived(records, warm_up_s)
    checking = requests["checking"][timed(requests)]
    return float(np.quantile(checking, quantile)) if checking.size else np.nan


def older_than(records: Records, warm_up_s: float, seconds: Iterable[float]) -> Mapping[float, float]:
    """Share of the accepted requests that went by a word of the authorization server older than so many seconds.

    Had the authorization server fallen silent so many seconds before, these requests would have been served all the
    same, for what they went by was there already; and had the token been revoked then, nobody would have noticed. It
    takes for granted that nothing else is asked for, such as keys, and that a server does not use older answers in an
    outage than otherwise (stale-if-error).
    """
    ages = answer_ages(records, warm_up_s)
    return {limit: float((ages > limit).mean()) if ages.size else np.nan for limit in seconds}


def answer_ages(records: Records, warm_up_s: float) -> NDArray[np.float64]:
    """Seconds from the last word of the authorization server to the verdict, per accepted request after the warm-up."""
    requests = arrived(records, warm_up_s)
    accepted = (requests["accepted"] == 1) & np.isfinite(requests["decided"])
    ages: NDArray[np.float64] = (requests["decided"] - requests["based_on"])[accepted]
    return ages

"""How long the checking of tokens takes at its tail, and how old the word is that a verdict goes by."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.latencies import arrived, timed
from simlib.scenario.records import Columns, Records


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


def served_in_outage(records: Records, warm_up_s: float, seconds: float, kept_s: float) -> float:
    """Share of the accepted requests that an answer of at most ``kept_s`` would serve, ``seconds`` into an outage.

    For a cache in each replica that goes by its time to live as long as it can ask, and in an outage by answers up to
    ``kept_s`` old (stale-if-error, RFC 5861). Each request is held against the questions about its token at its replica
    that were asked before the outage would have begun. 0 for those who ask nobody, NaN without an accepted request.
    """
    requests = records["requests"]
    let_in = (requests["accepted"] == 1) & np.isfinite(requests["decided"])
    begin, decided = _stretches(requests, records.horizon), requests["decided"]
    asked = np.sort((begin + requests["based_on"])[let_in & (requests["asked"] > 0)])
    counted = let_in & (requests["arrival"] >= warm_up_s)
    begin, decided = begin[counted], decided[counted]
    known = np.concatenate(([-np.inf], asked))[np.searchsorted(asked, begin + decided - seconds, side="right")] - begin
    return float(((known >= 0) & (decided - known < kept_s)).mean()) if decided.size else np.nan


def _stretches(requests: Columns, horizon: float) -> NDArray[np.float64]:
    """Where on one long axis the time of a token at a replica begins: twice a run apart, so that none overlap."""
    replicas = int(requests["replica"].max(initial=0)) + 1
    begins: NDArray[np.float64] = (requests["token"] * replicas + requests["replica"]) * (2.0 * horizon)
    return begins

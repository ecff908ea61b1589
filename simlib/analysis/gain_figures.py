"""What a design asks of the token store, how old its knowledge of users is, and how large its headers are.

Figures for a decision, beside those of `simlib.analysis.summary` that every comparison shows.

How long the checking of tokens takes at its tail, and how old the word is that a verdict goes by.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.latencies import arrived, mean, ratio, timed
from simlib.analysis.metrics import Metric
from simlib.analysis.utilisation import at_hosts, cpu_per_request
from simlib.scenario.hosts import AUTHORIZATION_SERVER, BACKEND, GATEWAY, SERVICE, SHARED_STORE, STORE
from simlib.scenario.records import Columns, Records

KEY_AND_NUMBER = 72
"""Bytes of the largest request to a database that writes no row: a key of 64 (SHA-256 as hexadecimal) and a number."""
PUSHES = "receive/"
"""How targets begin at which the authorization server pushes: no request of a client, so no header of one."""

GAIN_METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            Metric("store_operations_per_request", "token store operations per request", "", True, 3),
            Metric("store_s", "time of the token store per request", "s", True, 3, "ms", 1e3),
            Metric("store_cpu_s", "CPU time per request at the database", "s", True, 3, "ms", 1e3),
            Metric("shared_store_cpu_s", "CPU time per request at the shared store", "s", True, 3, "ms", 1e3),
            Metric("rows_written_per_s", "rows written to the token store", "1/s", True, 3),
            Metric("tokens_issued_per_s", "access tokens issued", "1/s", None, 3),
            Metric("staleness_mean_s", "age of what is known about a user, mean", "s", True),
            Metric("staleness_p99_s", "age of what is known about a user, p99", "s", True),
            Metric("staleness_max_s", "age of what is known about a user, worst seen", "s", True),
            Metric("header_bytes", "largest request header, token included", "B", True, 0),
            Metric("kept_rows", "rows kept in the token store", "", True, 0),
            Metric("stored_bytes", "bytes kept in the token store", "B", True, 2, "MB", 1e-6),
        )
    }
)
"""Figure -> what it is called; the last two are completed from the size and life of a row."""


def gain_figures(records: Records, warm_up_s: float) -> dict[str, float]:
    """All of them for one replication; seconds and bytes, NaN where a figure is undefined.

    Operations are counted but not dated, so what is counted by them includes the warm-up (seconds).
    """
    return {
        **_store(records, warm_up_s),
        "store_cpu_s": cpu_per_request(records, (STORE,), warm_up_s),
        "shared_store_cpu_s": cpu_per_request(records, (SHARED_STORE,), warm_up_s),
        "tokens_issued_per_s": _issued(records, warm_up_s),
        **staleness(records, warm_up_s),
        "header_bytes": largest_header(records),
    }


def staleness(records: Records, warm_up_s: float) -> dict[str, float]:
    """Seconds from the last word of the authorization server to the verdict that was based on it; accepted ones only.

    A role that changes is acted on when that word is renewed. Where requests come steadily, the age that a request
    finds is spread as the time until the next renewal is, so the mean is also that from a change until it is acted on,
    and the worst seen approaches the longest.
    """
    requests = records["requests"]
    kept = (requests["arrival"] >= warm_up_s) & (requests["accepted"] == 1) & np.isfinite(requests["based_on"])
    ages = requests["decided"][kept] - requests["based_on"][kept]
    return {
        "staleness_mean_s": mean(ages),
        "staleness_p99_s": float(np.percentile(ages, 99)) if ages.size else np.nan,
        "staleness_max_s": float(ages.max()) if ages.size else np.nan,
    }


def largest_header(records: Records) -> float:
    """Bytes of the largest request to a gateway, a service or a backend: its head with the token and proof in it."""
    calls = records["calls"]
    pushes = [number for number, name in enumerate(records.names) if name.startswith(PUSHES)]
    bearing = at_hosts(records, calls["callee"], GATEWAY, SERVICE, BACKEND) & ~np.isin(calls["target"], pushes)
    return float(calls["request_bytes"][bearing].max()) if bearing.any() else np.nan


def _store(records: Records, warm_up_s: float) -> dict[str, float]:
    """Operations and seconds per request of the run, and rows written per second.

    A database's rows are told by their size, for all requests to it cost the same; those of a store inside the
    authorization server have an operation of their own.
    """
    operations, arrived = records["operations"], len(records["requests"]["request"])
    here = at_hosts(records, operations["host"], AUTHORIZATION_SERVER, STORE)
    asked = here & _named(records, "store.") & ~_named(records, "store.call")
    spent = here & _named(records, "store.")
    if STORE in {name.partition("@")[0] for name in records.workers}:
        written = _database_rows(records, warm_up_s)
    else:
        puts = here & _named(records, "store.", ".put")
        written = ratio(float(operations["count"][puts].sum()), records.horizon)
    return {
        "store_operations_per_request": ratio(float(operations["count"][asked].sum()), arrived),
        "store_s": ratio(float(operations["seconds"][spent].sum()), arrived),
        "rows_written_per_s": written,
    }


def _database_rows(records: Records, warm_up_s: float) -> float:
    calls = records["calls"]
    rows = at_hosts(records, calls["callee"], STORE) & (calls["request_bytes"] > KEY_AND_NUMBER)
    return ratio(int((rows & (calls["sent"] >= warm_up_s)).sum()), records.horizon - warm_up_s)


def _named(records: Records, beginning: str, end: str = "") -> NDArray[np.bool_]:
    """Which rows of the operations have a name that begins and ends so."""
    wanted = [n for n, name in enumerate(records.names) if name.startswith(beginning) and name.endswith(end)]
    return np.isin(records["operations"]["operation"], wanted)


def _issued(records: Records, warm_up_s: float) -> float:
    issued = records["tokens"]["issued"]
    return ratio(int((issued >= warm_up_s).sum()), records.horizon - warm_up_s)


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

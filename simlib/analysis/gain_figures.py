"""Gain figures for a decision: work of the token store, age of the knowledge behind verdicts, size of headers.

They stand beside those of `simlib.analysis.summary`, which every comparison shows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from simlib.analysis.columns import Floats, Mask, list_name_indices, mean, ratio
from simlib.analysis.metric_sentences import SENTENCES
from simlib.analysis.metrics import Metric, limit_metric
from simlib.analysis.renewals import count_renewals
from simlib.analysis.summary import find_timed_requests, select_arrived
from simlib.analysis.utilisation import compute_cpu_per_request, match_hosts
from simlib.scenario.hosts import AUTHORIZATION_SERVER, BACKEND, GATEWAY, SERVICE, SHARED_STORE, STORE
from simlib.scenario.records import Columns, Records

KEY_AND_NUMBER = 72
"""Bytes of the largest request to a database that writes no row: a key of 64 (SHA-256 as hexadecimal) and a number."""
PUSHES = "receive/"
"""Beginning of the targets to which the authorization server pushes: no request of a client, so no header of one."""

GAIN_METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: limit_metric(replace(metric, sentence=SENTENCES[metric.name]))
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
"""Figure -> Metric; the last two are completed from the size and life of a row."""


def compute_gain_figures(records: Records, warm_up_s: float) -> dict[str, float]:
    """Compute `GAIN_METRICS` but the last two for one replication; seconds and bytes, NaN where a figure is undefined.

    The columns of `count_renewals` beside them are over the same time as the rows written. Operations are counted but
    not dated, so figures made of them include the warm-up (seconds).
    """
    return {
        **_summarise_store(records, warm_up_s),
        **count_renewals(records, warm_up_s if _has_database(records) else 0.0),
        "store_cpu_s": compute_cpu_per_request(records, (STORE,), warm_up_s),
        "shared_store_cpu_s": compute_cpu_per_request(records, (SHARED_STORE,), warm_up_s),
        "tokens_issued_per_s": _compute_issue_rate(records, warm_up_s),
        **measure_staleness(records, warm_up_s),
        "header_bytes": find_largest_header(records),
    }


def measure_staleness(records: Records, warm_up_s: float) -> dict[str, float]:
    """Seconds from the last answer of the authorization server to the accepting verdict that was based on it.

    A role that changes takes effect when that answer is renewed. Where requests come steadily, the age at a request is
    distributed as the time until the next renewal, so the mean is also that from a change until it takes effect, and
    the maximum approaches the longest.
    """
    requests = records["requests"]
    counted = (requests["arrival"] >= warm_up_s) & (requests["accepted"] == 1) & np.isfinite(requests["based_on"])
    ages = requests["decided"][counted] - requests["based_on"][counted]
    return {
        "staleness_mean_s": mean(ages),
        "staleness_p99_s": float(np.percentile(ages, 99)) if ages.size else np.nan,
        "staleness_max_s": float(ages.max()) if ages.size else np.nan,
    }


def find_largest_header(records: Records) -> float:
    """Bytes of the largest request to a gateway, a service or a backend: its head with token and proof."""
    calls = records["calls"]
    pushes = list_name_indices(records, PUSHES)
    bearing = match_hosts(records, calls["callee"], GATEWAY, SERVICE, BACKEND) & ~np.isin(calls["target"], pushes)
    return float(calls["request_bytes"][bearing].max()) if bearing.any() else np.nan


def _summarise_store(records: Records, warm_up_s: float) -> dict[str, float]:
    """Operations and seconds per request of the run, and rows written per second.

    Rows written to a database are recognised by their size, for all requests to it are one operation; those of a store
    inside the authorization server have an operation of their own.
    """
    operations, arrivals = records["operations"], len(records["requests"]["request"])
    at_store = match_hosts(records, operations["host"], AUTHORIZATION_SERVER, STORE)
    accesses = at_store & _find_operations(records, "store.")
    operations_there = accesses & ~_find_operations(records, "store.call")
    if _has_database(records):
        written = _compute_database_row_rate(records, warm_up_s)
    else:
        puts = at_store & _find_operations(records, "store.", ".put")
        written = ratio(float(operations["count"][puts].sum()), records.horizon)
    return {
        "store_operations_per_request": ratio(float(operations["count"][operations_there].sum()), arrivals),
        "store_s": ratio(float(operations["seconds"][accesses].sum()), arrivals),
        "rows_written_per_s": written,
    }


def _has_database(records: Records) -> bool:
    return STORE in {name.partition("@")[0] for name in records.workers}


def _compute_database_row_rate(records: Records, warm_up_s: float) -> float:
    calls = records["calls"]
    rows = match_hosts(records, calls["callee"], STORE) & (calls["request_bytes"] > KEY_AND_NUMBER)
    return ratio(int((rows & (calls["sent"] >= warm_up_s)).sum()), records.horizon - warm_up_s)


def _find_operations(records: Records, prefix: str, suffix: str = "") -> Mask:
    """Which rows of the operations have a name with this beginning and end."""
    return np.isin(records["operations"]["operation"], list_name_indices(records, prefix, suffix))


def _compute_issue_rate(records: Records, warm_up_s: float) -> float:
    issued = records["tokens"]["issued"]
    return ratio(int((issued >= warm_up_s).sum()), records.horizon - warm_up_s)


def compute_checking_quantile(records: Records, warm_up_s: float, quantile: float) -> float:
    """A quantile in [0, 1] of the seconds spent on tokens per request, NaN without a timed request."""
    requests = select_arrived(records, warm_up_s)
    checking = requests["checking"][find_timed_requests(requests)]
    return float(np.quantile(checking, quantile)) if checking.size else np.nan


def compute_older_shares(records: Records, warm_up_s: float, seconds: Iterable[float]) -> Mapping[float, float]:
    """Share of the accepted requests that rested on an answer of the authorization server older than so many seconds.

    Had the authorization server been down for so many seconds, these requests would have been served all the same; and
    had the token been revoked that long ago, they would have been accepted. Assumptions: nothing else is fetched, such
    as keys, and a server does not use older answers in an outage than otherwise (stale-if-error).
    """
    ages = compute_answer_ages(records, warm_up_s)
    return {limit: float((ages > limit).mean()) if ages.size else np.nan for limit in seconds}


def compute_answer_ages(records: Records, warm_up_s: float) -> Floats:
    """Seconds from the authorization server's last answer to the verdict, per accepted request after the warm-up."""
    requests = select_arrived(records, warm_up_s)
    accepted = (requests["accepted"] == 1) & np.isfinite(requests["decided"])
    ages: Floats = (requests["decided"] - requests["based_on"])[accepted]
    return ages


def compute_outage_share(records: Records, warm_up_s: float, seconds: float, kept_s: float) -> float:
    """Share of the accepted requests that an answer of at most ``kept_s`` would serve, ``seconds`` into an outage.

    For a cache in each replica that obeys its time to live while the authorization server answers, and uses answers up
    to ``kept_s`` old in an outage (stale-if-error, RFC 5861). Each request is compared with the calls about its token
    by its replica before the outage would have begun. 0 for designs that make no calls, NaN without an accepted
    request.
    """
    requests = records["requests"]
    accepted = (requests["accepted"] == 1) & np.isfinite(requests["decided"])
    begin, decided = _separate_tokens(requests, records.horizon), requests["decided"]
    fetched = np.sort((begin + requests["based_on"])[accepted & (requests["asked"] > 0)])
    counted = accepted & (requests["arrival"] >= warm_up_s)
    begin, decided = begin[counted], decided[counted]
    before_outage = np.searchsorted(fetched, begin + decided - seconds, side="right")
    latest = np.concatenate(([-np.inf], fetched))[before_outage] - begin
    return float(((latest >= 0) & (decided - latest < kept_s)).mean()) if decided.size else np.nan


def _separate_tokens(requests: Columns, horizon: float) -> Floats:
    """Where on one long axis the time of a token at a replica begins: twice a run apart, so that none overlap."""
    replicas = int(requests["replica"].max(initial=0)) + 1
    begins: Floats = (requests["token"] * replicas + requests["replica"]) * (2.0 * horizon)
    return begins

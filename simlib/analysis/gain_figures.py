"""What a design asks of the token store, how old its knowledge of users is, and how large its headers are.

Figures for a decision, beside those of `simlib.analysis.summary` that every comparison shows.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.latencies import mean, ratio
from simlib.analysis.metrics import Metric
from simlib.analysis.occupancy import at_hosts, cpu_per_request
from simlib.scenario.places import (
    AUTHORIZATION_SERVER,
    BACKEND,
    GATEWAY,
    SERVICE,
    SHARED_STORE,
    STORE,
)
from simlib.scenario.records import Records

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

"""Usage of servers by tokens: calls to the authorization server, its peaks, bytes, cache hits, signatures, costs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from simlib.analysis.columns import Mask, list_name_indices, mean, ratio
from simlib.analysis.utilisation import list_hosts, match_hosts
from simlib.scenario.hosts import AUTHORIZATION_SERVER
from simlib.scenario.profile import CostProfile
from simlib.scenario.records import Columns, Records

if TYPE_CHECKING:
    import pandas as pd

INTROSPECTION = "introspect"
"""Target of calls to the introspection endpoint of an authorization server, before the name of its region."""


def summarise_usage(records: Records, requests: Columns, warm_up_s: float) -> dict[str, float]:
    """Per request and per second after the warm-up; ``requests`` are the rows that arrived after it.

    ``hit_ratio`` is the share of the requests with a verdict that neither called the authorization server nor waited
    for another request's call, ``no_call_ratio`` that of those without a call of their own. Both are 1 for a design
    that makes no such calls.
    """
    return {
        "as_requests_per_s": compute_as_request_rate(records, warm_up_s),
        "introspections_per_s": compute_introspection_rate(records, warm_up_s),
        "bytes_per_request": mean(requests["bytes"]),
        "hit_ratio": compute_hit_ratio(requests),
        "no_call_ratio": compute_no_call_ratio(requests),
        "asked_per_request": mean(requests["asked"]),
        "tokens_in_use": compute_tokens_in_use(records, warm_up_s),
    }


def compute_as_request_rate(records: Records, warm_up_s: float) -> float:
    """Calls sent to the authorization servers, from all hosts and to all targets, per second after the warm-up."""
    return _compute_call_rate(
        records, match_hosts(records, records["calls"]["callee"], AUTHORIZATION_SERVER), warm_up_s
    )


def compute_introspection_rate(records: Records, warm_up_s: float) -> float:
    """Calls sent to the introspection endpoints of all regions, per second after the warm-up."""
    targets = list_introspection_targets(records)
    return _compute_call_rate(records, np.isin(records["calls"]["target"], targets), warm_up_s)


def list_introspection_targets(records: Records) -> list[int]:
    """Indices in ``records.names`` of the introspection endpoints of all regions."""
    return [number for number, name in enumerate(records.names) if name.partition("@")[0] == INTROSPECTION]


def _compute_call_rate(records: Records, calls: Mask, warm_up_s: float) -> float:
    counted = calls & (records["calls"]["sent"] >= warm_up_s)
    return ratio(int(counted.sum()), max(records.horizon - warm_up_s, 0.0))


def compute_hit_ratio(requests: Columns) -> float:
    """Share of the requests with a verdict that were validated without a call or a wait for one."""
    return ratio(int(find_hits(requests).sum()), int(find_validated(requests).sum()))


def find_validated(requests: Columns) -> Mask:
    """Which requests got a verdict."""
    return np.asarray(requests["validations"] > 0, dtype=np.bool_)


def find_hits(requests: Columns) -> Mask:
    """Which requests got a verdict without a call or a wait for one."""
    own = (requests["asked"] == 0) & (requests["joined"] == 0)
    return np.asarray(find_validated(requests) & own, dtype=np.bool_)


def compute_no_call_ratio(requests: Columns) -> float:
    """Share of the requests with a verdict that made no call to the authorization server, waiting for one or not."""
    validated = find_validated(requests)
    return ratio(int((validated & (requests["asked"] == 0)).sum()), int(validated.sum()))


def compute_tokens_in_use(records: Records, warm_up_s: float) -> float:
    """Access tokens in use at a time: the mean over the time after the warm-up.

    A token is in use while a client holds it and it is valid: from its issue until it expires, is revoked, or its
    client gets the next one. Tokens that a service got in exchange are held by no client.
    """
    tokens = records["tokens"]
    held = tokens["client"] == 1
    token, user = tokens["token"][held], tokens["user"][held]
    begin, end = tokens["issued"][held], tokens["expires"][held].copy()
    order = np.lexsort((begin, user))
    replaced = np.flatnonzero(user[order][1:] == user[order][:-1])
    end[order[replaced]] = np.minimum(end[order[replaced]], begin[order[replaced + 1]])
    revocations = records["revocations"]
    revoked = np.full(int(tokens["token"].max(initial=-1)) + 1, np.inf)
    effective = (revocations["token"] >= 0) & np.isfinite(revocations["effective"])
    np.minimum.at(revoked, revocations["token"][effective], revocations["effective"][effective])
    end = np.minimum(end, revoked[token])
    seconds = np.minimum(end, records.horizon) - np.maximum(begin, warm_up_s)
    return ratio(float(np.maximum(seconds, 0.0).sum()), records.horizon - warm_up_s)


def count_signatures(records: Records) -> dict[str, float]:
    """Signatures made and verified over the whole run, warm-up included (operations are counted, not dated).

    The distinct ones were really computed; ``signatures_verified_charged`` counts every verification that a server was
    charged for, so the two differ by the hits of the simulator's own cache of verifications.
    """
    return {
        "signatures_made": _sum_operations(records, "jwt.sign.", "distinct"),
        "signatures_verified": _sum_operations(records, "jwt.verify.", "distinct"),
        "signatures_verified_charged": _sum_operations(records, "jwt.verify.", "count"),
    }


def _sum_operations(records: Records, prefix: str, column: str) -> float:
    operations = records["operations"]
    return float(operations[column][np.isin(operations["operation"], list_name_indices(records, prefix))].sum())


def count_calls_per_request(records: Records, warm_up_s: float) -> Mapping[str, float]:
    """Target ("introspect", "token", ...) -> calls to the authorization servers per API request, after the warm-up."""
    calls = records["calls"]
    counted = match_hosts(records, calls["callee"], AUTHORIZATION_SERVER) & (calls["sent"] >= warm_up_s)
    requests = int((records["requests"]["arrival"] >= warm_up_s).sum())
    targets, counts = np.unique(calls["target"][counted], return_counts=True)
    return {
        records.names[target]: ratio(count, requests)
        for target, count in zip(targets.tolist(), counts.tolist(), strict=True)
    }


def compute_mean_reply_bytes(records: Records, warm_up_s: float, target: str) -> float:
    """Mean bytes of an answer to calls of one target after the warm-up, head included; NaN when none was answered."""
    if target not in records.names:
        return np.nan
    calls = records["calls"]
    answered = (calls["target"] == records.names.index(target)) & (calls["sent"] >= warm_up_s) & (calls["status"] > 0)
    return mean(calls["reply_bytes"][answered].astype(np.float64))


LOW, MIDDLE, HIGH = 0.05, 0.5, 0.95


def tabulate_costs(profile: CostProfile, operations: Sequence[str]) -> "pd.DataFrame":
    """Median and the range of nine runs in ten of each operation, in microseconds of CPU time, one row each.

    Raises InputError for an operation that the profile does not have.
    """
    import pandas as pd

    uniform = np.array([LOW, MIDDLE, HIGH])
    rows = {operation: profile.invert(operation, uniform) * 1e6 for operation in operations}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["low_us", "median_us", "high_us"])


PEAK_WINDOW_S = 1.0


def find_peak_request_rate(records: Records, since: float) -> float:
    """The most calls to authorization servers in any second from ``since`` on, from all hosts and to all targets."""
    calls = records["calls"]
    sent = calls["sent"][match_hosts(records, calls["callee"], AUTHORIZATION_SERVER) & (calls["sent"] >= since)]
    return (
        float(np.bincount(((sent - since) / PEAK_WINDOW_S).astype(np.int64)).max()) / PEAK_WINDOW_S
        if sent.size
        else 0.0
    )


def find_peak_utilisation(records: Records, since: float) -> float:
    """The highest utilisation of the authorization servers over any second, as far as samples resolve it.

    NaN without samples.
    """
    worked: dict[float, float] = {}
    capacity = 0.0
    stations = records["stations"]
    for host in list_hosts(records, AUTHORIZATION_SERVER):
        rows = np.flatnonzero((stations["host"] == records.names.index(host)) & (stations["time"] >= since))
        capacity += records.workers[host] * len(np.unique(stations["replica"][rows]))
        for row in rows.tolist():
            instant = float(stations["time"][row])
            worked[instant] = worked.get(instant, 0.0) + float(stations["busy"][row])
    instants = np.array(sorted(worked))
    if len(instants) < 2 or not capacity:
        return np.nan
    busy = np.array([worked[instant] for instant in instants.tolist()])
    ends = np.searchsorted(instants, instants + PEAK_WINDOW_S - 1e-9)
    begins = np.flatnonzero(ends < len(instants))
    if not len(begins):
        return np.nan
    ends = ends[begins]
    return float(((busy[ends] - busy[begins]) / (instants[ends] - instants[begins])).max() / capacity)

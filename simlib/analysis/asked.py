"""What the authorization server is asked for, target by target, and how many bytes it answers with."""

from collections.abc import Mapping

import numpy as np

from simlib.analysis.latencies import mean, ratio
from simlib.analysis.occupancy import at_hosts
from simlib.scenario.places import AUTHORIZATION_SERVER
from simlib.scenario.records import Records


def asked_per_request(records: Records, warm_up_s: float) -> Mapping[str, float]:
    """Target ("introspect", "token", ...) -> calls to the authorization servers per API request, after the warm-up."""
    calls = records["calls"]
    kept = at_hosts(records, calls["callee"], AUTHORIZATION_SERVER) & (calls["sent"] >= warm_up_s)
    requests = int((records["requests"]["arrival"] >= warm_up_s).sum())
    targets, counts = np.unique(calls["target"][kept], return_counts=True)
    return {
        records.names[target]: ratio(count, requests)
        for target, count in zip(targets.tolist(), counts.tolist(), strict=True)
    }


def reply_bytes(records: Records, warm_up_s: float, target: str) -> float:
    """Mean bytes of an answer to calls of one target after the warm-up, head included; NaN when none was answered."""
    if target not in records.names:
        return np.nan
    calls = records["calls"]
    kept = (calls["target"] == records.names.index(target)) & (calls["sent"] >= warm_up_s) & (calls["status"] > 0)
    return mean(calls["reply_bytes"][kept].astype(np.float64))

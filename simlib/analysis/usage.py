"""What the tokens cost besides time: calls to the authorization server, bytes, cache hits, signatures."""

import numpy as np

from simlib.analysis.latencies import mean, ratio
from simlib.analysis.occupancy import at_hosts
from simlib.scenario.places import AUTHORIZATION_SERVER
from simlib.scenario.records import Columns, Records


def usage(records: Records, requests: Columns, warm_up_s: float) -> dict[str, float]:
    """Per request and per second after the warm-up; ``requests`` are the rows that arrived after it.

    ``hit_ratio`` is the share of the requests that reached a verdict whose verdicts neither asked the
    authorization server nor waited for another request's question. It is 1 for a design that never asks.
    """
    presented = requests["token"]
    return {
        "as_requests_per_s": as_requests_per_s(records, warm_up_s),
        "bytes_per_request": mean(requests["bytes"]),
        "hit_ratio": hit_ratio(requests),
        "asked_per_request": mean(requests["asked"]),
        "tokens_in_use": float(np.unique(presented[presented >= 0]).size),
    }


def as_requests_per_s(records: Records, warm_up_s: float) -> float:
    """Calls sent to the authorization servers, by anybody and for anything, per second after the warm-up."""
    calls = records["calls"]
    asked = at_hosts(records, calls["callee"], AUTHORIZATION_SERVER) & (calls["sent"] >= warm_up_s)
    return ratio(int(asked.sum()), max(records.horizon - warm_up_s, 0.0))


def hit_ratio(requests: Columns) -> float:
    """Share of the requests with a verdict that were validated without asking or waiting."""
    validated = requests["validations"] > 0
    alone = validated & (requests["asked"] == 0) & (requests["joined"] == 0)
    return ratio(int(alone.sum()), int(validated.sum()))


def signatures(records: Records) -> dict[str, float]:
    """Signatures made and verified over the whole run, warm-up included (operations are counted, not dated).

    The distinct ones were really computed; ``signatures_verified_charged`` counts every verification that a
    server was charged for, so the two differ by what the driver remembered.
    """
    return {
        "signatures_made": _total(records, "jwt.sign.", "distinct"),
        "signatures_verified": _total(records, "jwt.verify.", "distinct"),
        "signatures_verified_charged": _total(records, "jwt.verify.", "count"),
    }


def _total(records: Records, prefix: str, column: str) -> float:
    wanted = [number for number, name in enumerate(records.names) if name.startswith(prefix)]
    operations = records["operations"]
    return float(operations[column][np.isin(operations["operation"], wanted)].sum())

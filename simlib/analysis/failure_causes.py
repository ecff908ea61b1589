"""Causes of failed requests: the call that ended badly last, by host, target and status."""

from typing import NamedTuple

import numpy as np

from simlib.scenario.hosts import find_host_kind
from simlib.scenario.records import FAILED, STRANGER, Records

BAD = 400
"""Status from which an answer is an error; without an answer a status is below 0."""


class FailureCause(NamedTuple):
    """Share of the failed requests whose last bad call went to a target of a kind of host and ended with a status.

    Below 0 are statuses of calls without an answer; host and target are empty where no call of the request was bad.
    """

    host: str
    target: str
    status: int
    share: float


def find_failure_causes(records: Records, warm_up_s: float) -> tuple[FailureCause, ...]:
    """Causes of the requests that failed after the warm-up (seconds), the most frequent first; empty without any.

    Of the calls of a request the one that was sent last and ended badly counts: errors of callers follow from it.
    """
    requests, calls = records["requests"], records["calls"]
    failed = (requests["outcome"] == FAILED) & (requests["arrival"] >= warm_up_s) & (requests["user"] != STRANGER)
    numbers = requests["request"][failed]
    if not numbers.size:
        return ()
    bad = np.isin(calls["request"], numbers) & ((calls["status"] >= BAD) | (calls["status"] < 0))
    rows = np.flatnonzero(bad)[np.argsort(calls["sent"][bad], kind="stable")]
    last = dict(zip(calls["request"][rows].tolist(), rows.tolist(), strict=True))  # later rows replace earlier ones
    counts: dict[tuple[str, str, int], int] = {}
    for number in numbers.tolist():
        key = ("", "", 0)
        if number in last:
            row = last[number]
            host, target = (records.names[int(calls[name][row])] for name in ("callee", "target"))
            key = (find_host_kind(host), target.partition("@")[0], int(calls["status"][row]))
        counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(FailureCause(*key, count / len(numbers)) for key, count in ordered)

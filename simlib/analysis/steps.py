"""Where the time of a request goes, step by step, taken from the visits to the stations."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.latencies import mean, timed
from simlib.analysis.occupancy import hosts_of
from simlib.analysis.stays import Seconds, Stays, stays_of
from simlib.scenario.places import RESOURCE_SERVERS
from simlib.scenario.records import Columns, Records

STEPS: Mapping[str, str] = MappingProxyType(
    {
        "obtaining_s": "waiting for a token",
        "network_s": "network between client and resource server",
        "queueing_s": "queueing at the resource server",
        "asking_s": "waiting for the authorization server",
        "checking_s": "checking the token, CPU",
        "work_s": "the API and its HTTP, CPU",
    }
)
"""Step -> what it is, in the order in which they are shown."""
BETWEEN: Mapping[str, str] = MappingProxyType({"between_s": "network between gateway and services"})
"""One more step where several hosts check tokens; "resource server" then means all of them."""


def steps(records: Records, warm_up_s: float) -> dict[str, float]:
    """Mean seconds per step; they add up to the mean latency of the requests that count.

    Where gateway and services, or several services, check tokens, the steps at the resource server are the sums over
    all of them, and `BETWEEN` is a step of its own.

    The requests arrived after the warm-up, finished without refusal and sign-in, and were checked once by everybody
    on their way. Queueing is the wait for a thread, where requests need one, and what a visit to a FIFO station lasts
    before its service; under processor sharing nobody queues, and being slowed down counts as CPU. Waiting for a shared
    store counts as waiting for the authorization server, in whose place it answers.
    Raises ValueError for records without visits (``run.detail = "visits"``).
    """
    if not len(records["visits"]["request"]):
        raise ValueError("records without visits say nothing about steps; run with detail = 'visits'")
    several = len(hosts_of(records, *RESOURCE_SERVERS)) > 1
    requests, stays = records["requests"], stays_of(records)
    count = int(requests["request"].max(initial=-1)) + 1
    own = requests["request"][_plain(requests, several) & (requests["arrival"] >= warm_up_s)]

    def per_request(seconds: Seconds) -> Seconds:
        return np.bincount(stays.request, seconds, count)[own]

    row = np.full(count, -1)
    row[requests["request"]] = np.arange(len(requests["request"]))
    mine = {name: requests[name][row[own]] for name in ("arrival", "end", "obtaining")}
    queueing, service = per_request(stays.start - stays.arrival), per_request(stays.end - stays.start)
    between = per_request(np.where(stays.moved(), stays.away(), 0.0))
    checking = per_request(_checking(stays, {name: column[row] for name, column in requests.items()}))
    if several:
        checking = _checked_by_several(records, stays, requests, row, count)[own].clip(0, service)
    span = per_request(stays.end - stays.arrival + stays.away())
    latency = mine["end"] - mine["arrival"]
    found = {
        "obtaining_s": mine["obtaining"],
        "network_s": latency - mine["obtaining"] - span,
        "between_s": between,
        "queueing_s": queueing,
        "asking_s": span - queueing - service - between,
        "checking_s": checking,
        "work_s": service - checking,
    }
    return {step: mean(values) for step, values in found.items() if several or step not in BETWEEN}

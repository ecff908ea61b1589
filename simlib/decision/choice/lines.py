"""What a design costs in a year, cause by cause, and what each cost follows."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.decision.choice.facts import CPU, HOSTS, Case, Facts
from simlib.decision.choice.following import Follows
from simlib.decision.choice.inputs import OUTAGES, REQUESTS, REVOCATIONS, State
from simlib.decision.economics.formulas import (
    HOURS_PER_YEAR,
    cpu_cost,
    exposure_cost,
    latency_cost,
    outage_cost,
    server_cost,
    storage_cost,
    traffic_cost,
)
from simlib.decision.effort import EffortDraws

Values = NDArray[np.float64]
Cause = Literal["effort", "servers", "traffic", "storage", "latency", "availability", "exposure"]
CAUSES: tuple[Cause, ...] = ("effort", "servers", "traffic", "storage", "latency", "availability", "exposure")
RUNNING = CAUSES[1:]
"""What running a design costs, people apart."""
PRICES = {
    "service": "vcpu_hour",
    "authorization_server": "vcpu_hour",
    "database": "database_vcpu_hour",
    "shared_store": "database_vcpu_hour",
}
BYTES, LATENCY, EXPOSURE, KEPT = "bytes_per_request", "mean_s", "exposure_s", "stored_bytes"
FIGURES = (*CPU.values(), BYTES, LATENCY, EXPOSURE, KEPT)
"""The figures of simulation that cost something."""
CONSTANT, REQUESTED = Follows("constant"), Follows("requests")


class Line(NamedTuple):
    """One cost: money per year, one value per draw, at the scenario's load (per vCPU where it follows vCPUs)."""

    cause: Cause
    amount: Values
    follows: Follows


class Bill(NamedTuple):
    """What a design costs: money once, and the lines of every year."""

    one_off: Values
    lines: tuple[Line, ...]


def bill(case: Case, design: str, state: State, figures: Mapping[str, Values], effort: EffortDraws) -> Bill:
    """The costs of one design; ``state`` holds the inputs, ``figures`` what simulation says, draw by draw.

    More load is more users, each of whom asks as often as before. What is stored, how many tokens are revoked, and what
    is lost in an hour down, grow with them.

    A figure that nobody knows (NaN) costs nothing; `simlib.decision.choice.deciding` says so where it would matter.
    """
    facts = case.facts[design]
    known = {name: np.nan_to_num(values) for name, values in figures.items()}
    requests, day = state[REQUESTS], state["developer_day"]
    lines = [
        Line("effort", day * effort.yearly_days, CONSTANT),
        *_servers(case, facts, state, known),
        Line("traffic", traffic_cost(requests, known[BYTES], state["gigabyte"]), Follows("requests", BYTES)),
        Line("storage", storage_cost(known[KEPT], state["storage_gigabyte_month"]), Follows("total", KEPT)),
        Line("latency", latency_cost(requests, known[LATENCY], state["second"]), Follows("requests", LATENCY)),
        Line("availability", outage_cost(_availability(facts, state), state["hour_down"]), REQUESTED),
        Line(
            "exposure",
            exposure_cost(state[REVOCATIONS], known[EXPOSURE], state["exposed_hour"]),
            Follows("requests", EXPOSURE),
        ),
    ]
    return Bill(day * effort.one_off_days, tuple(lines))


def _servers(case: Case, facts: Facts, state: State, figures: dict[str, Values]) -> list[Line]:
    """vCPUs where they were sized, else what each request takes of vCPUs that are as busy as is wanted."""
    if facts.size is not None:
        return [
            Line("servers", server_cost(1.0, state[PRICES[host]]), Follows("vcpus", host))
            for host in HOSTS
            if facts.vcpus(host)
        ]
    busy = case.scenario.terms.target_utilisation
    return [
        Line("servers", cpu_cost(state[REQUESTS], figures[cpu], state[PRICES[host]], busy), Follows("requests", cpu))
        for host, cpu in CPU.items()
    ]


def _availability(facts: Facts, state: State) -> Values:
    """1 minus the share of the year in which requests are turned away because the authorization server is down."""
    down = np.minimum(state[OUTAGES] / HOURS_PER_YEAR, 1.0)
    return np.asarray(1.0 - down * (1.0 - facts.served), dtype=np.float64)

"""Cost causes: the table from which the yearly cost of a design is computed and described.

A row of `CAUSES` holds a cause, its unit prices, the quantity and the formula that they enter, what the cost grows
with, and its words. Total costs, net present values by cause, the inputs of a decision and the rows of its record
follow from the rows. A further cause is a further row; a price of its own is also a field of
`simlib.scenario.economics.Prices` and a row of ``data/prices.csv``, or a field of ``Worth`` alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.choice.design_case import DesignCase
from simlib.decision.economics.formulas import (
    HOURS_PER_YEAR,
    compute_cpu_cost,
    compute_exposure_cost,
    compute_labour_cost,
    compute_latency_cost,
    compute_outage_cost,
    compute_server_cost,
    compute_storage_cost,
    compute_traffic_cost,
)
from simlib.decision.effort import EffortDraws

REQUESTS, REVOCATIONS, OUTAGES = "requests_per_year", "revocations_per_year", "outage_hours_per_year"
"""Inputs: what happens in a year."""
EFFORT, SERVERS = "effort", "servers"
CPU: Mapping[str, str] = {
    "service": "rs_cpu_s",
    "authorization_server": "as_cpu_s",
    "database": "store_cpu_s",
    "shared_store": "shared_store_cpu_s",
}
"""Host whose vCPUs are paid for -> figure: CPU seconds that a request takes there."""
BYTES, LATENCY, EXPOSURE, STORED = "bytes_per_request", "mean_s", "exposure_s", "stored_bytes"


class CostDriver(NamedTuple):
    """Quantity with which a yearly cost grows (activity-based costing).

    "constant": none; "requests": the number of requests, times the figure ``name`` of one request; "total": the figure
    ``name``, itself a total that grows with the requests; "vcpus": the vCPUs of the host ``name``.
    """

    kind: Literal["constant", "requests", "total", "vcpus"]
    name: str = ""


CONSTANT, PER_REQUEST = CostDriver("constant"), CostDriver("requests")


class CostBasis(NamedTuple):
    """Values from which the yearly costs of one design are computed, one per draw.

    ``state``: input -> values (prices, amounts, what happens in a year). ``figures``: figure of the simulation ->
    values, 0 where it is unknown.
    """

    design_case: DesignCase
    state: Mapping[str, Floats]
    figures: Mapping[str, Floats]
    effort: EffortDraws
    target_utilisation: float


class UnitPrice(NamedTuple):
    """Input that prices one unit: its key, its words, and its unit, empty where ``data/prices.csv`` has it."""

    key: str
    words: str
    unit: str = ""


CostFormula = Callable[[CostBasis], Iterable[tuple[Floats, CostDriver]]]
"""Money per year at the scenario's load (per vCPU for the driver "vcpus"), each amount with its driver."""


@dataclass(frozen=True)
class CostCause:
    """One cause of cost.

    ``name`` is its key in tables, ``words`` stand before its amount in a sentence. ``figures`` are those of the
    simulation that it needs. ``is_spent``: money is paid, and not a loss valued; ``is_labour``: people are paid.
    """

    name: str
    words: str
    prices: tuple[UnitPrice, ...]
    compute_items: CostFormula
    figures: tuple[str, ...] = ()
    is_spent: bool = True
    is_labour: bool = False


def build_cause(
    name: str,
    price: UnitPrice,
    quantities: Callable[[CostBasis], tuple[Floats, ...]],
    formula: Callable[..., Floats],
    words: str,
    *,
    driver: CostDriver = PER_REQUEST,
    is_spent: bool = True,
    is_labour: bool = False,
) -> CostCause:
    """Cause with one price: ``formula`` of its quantities and, as the last argument, the price."""

    def compute_items(basis: CostBasis) -> Iterator[tuple[Floats, CostDriver]]:
        yield formula(*quantities(basis), basis.state[price.key]), driver

    figures = (driver.name,) if driver.name else ()
    return CostCause(name, words, (price,), compute_items, figures, is_spent, is_labour)


_SERVER_PRICES = {
    "service": "vcpu_hour",
    "authorization_server": "vcpu_hour",
    "database": "database_vcpu_hour",
    "shared_store": "database_vcpu_hour",
}


def _compute_server_items(basis: CostBasis) -> Iterator[tuple[Floats, CostDriver]]:
    """vCPUs where servers were sized, else the CPU time of each request on vCPUs at the target utilisation."""
    state = basis.state
    for host, cpu in CPU.items():
        price = state[_SERVER_PRICES[host]]
        if basis.design_case.size is None:
            busy = basis.target_utilisation
            yield compute_cpu_cost(state[REQUESTS], basis.figures[cpu], price, busy), CostDriver("requests", cpu)
        elif basis.design_case.count_vcpus(host):
            yield compute_server_cost(1.0, price), CostDriver("vcpus", host)


def _compute_availability(basis: CostBasis) -> tuple[Floats]:
    """1 minus the share of the year in which requests are refused because the authorization server is down."""
    down = np.minimum(basis.state[OUTAGES] / HOURS_PER_YEAR, 1.0)
    return (np.asarray(1.0 - down * (1.0 - basis.design_case.served), dtype=np.float64),)


CAUSES: tuple[CostCause, ...] = (
    build_cause(
        EFFORT,
        UnitPrice("developer_day", "price of a developer's day"),
        lambda basis: (basis.effort.yearly_days,),
        compute_labour_cost,
        "building and running it takes effort worth",
        driver=CONSTANT,
        is_labour=True,
    ),
    CostCause(
        SERVERS,
        "servers cost",
        (
            UnitPrice("vcpu_hour", "price of a vCPU"),
            UnitPrice("database_vcpu_hour", "price of a vCPU of the database"),
        ),
        _compute_server_items,
        tuple(CPU.values()),
    ),
    build_cause(
        "traffic",
        UnitPrice("gigabyte", "price of traffic"),
        lambda basis: (basis.state[REQUESTS], basis.figures[BYTES]),
        compute_traffic_cost,
        "traffic costs",
        driver=CostDriver("requests", BYTES),
    ),
    build_cause(
        "storage",
        UnitPrice("storage_gigabyte_month", "price of storage"),
        lambda basis: (basis.figures[STORED],),
        compute_storage_cost,
        "storage costs",
        driver=CostDriver("total", STORED),
    ),
    build_cause(
        "latency",
        UnitPrice("second", "a second less of one request", "per second less of one request"),
        lambda basis: (basis.state[REQUESTS], basis.figures[LATENCY]),
        compute_latency_cost,
        "waiting costs users",
        driver=CostDriver("requests", LATENCY),
        is_spent=False,
    ),
    build_cause(
        "availability",
        UnitPrice("hour_down", "an hour without service", "per hour down"),
        _compute_availability,
        compute_outage_cost,
        "hours without service cost",
        is_spent=False,
    ),
    build_cause(
        "exposure",
        UnitPrice("exposed_hour", "an hour for which a revoked token works", "per exposed hour"),
        lambda basis: (basis.state[REVOCATIONS], basis.figures[EXPOSURE]),
        compute_exposure_cost,
        "revoked tokens that still work cost",
        driver=CostDriver("requests", EXPOSURE),
        is_spent=False,
    ),
)
"""All causes, in the order of tables and sums."""


def list_figures(causes: Iterable[CostCause]) -> tuple[str, ...]:
    """Figures of the simulation that cost something, each once."""
    return tuple(dict.fromkeys(figure for cause in causes for figure in cause.figures))


def list_prices(causes: Iterable[CostCause]) -> tuple[UnitPrice, ...]:
    """Unit prices of all causes, each key once."""
    return tuple({price.key: price for cause in causes for price in cause.prices}.values())


def find_cause_words(causes: Iterable[CostCause], name: str) -> str:
    """Words before the amount of a cause."""
    return next((cause.words for cause in causes if cause.name == name), f"{name} costs")

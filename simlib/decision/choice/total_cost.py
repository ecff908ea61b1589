"""What a design costs in a year, cause by cause, and what each cost follows.

How yearly amounts follow the load and the other inputs of the simulation.

Amounts are those at the scenario's load. vCPUs are the fewest that there can be until these are as busy as they may be,
and rise in proportion from there; what every request takes rises with the number of requests. Where a response surface
is known the figure of one request follows it too, as the ratio of the surface there to the surface here; beyond the
range of the surface it stays what it is at its end.

Total cost of a design over the horizon, at present value, at any load.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from simlib.decision.arrays import Values
from simlib.decision.choice.case import CPU, HOSTS, Case, Facts, range_of, ratio_to_here
from simlib.decision.choice.inputs import OUTAGES, REQUESTS, REVOCATIONS, State
from simlib.decision.economics.formulas import (
    HOURS_PER_YEAR,
    annuity,
    cpu_cost,
    exposure_cost,
    latency_cost,
    outage_cost,
    server_cost,
    storage_cost,
    tolerated_utilisation,
    traffic_cost,
    vcpus_at,
)
from simlib.decision.effort import EffortDraws

Where = Mapping[str, Values]
"""Input of the simulation -> values; what is not named is as in the scenario."""
LOAD = "load"
Kind = Literal["constant", "requests", "total", "vcpus"]


class Follows(NamedTuple):
    """What an amount follows: nothing, the number of requests times a figure of one request, a figure that is itself a
    total and grows with the requests, or the vCPUs of a host.
    """

    kind: Kind
    name: str = ""


def scale(case: Case, design: str, follows: Follows, where: Where) -> Values:
    """The factor on an amount; 1 at the scenario's own inputs, but for vCPUs, whose number it is."""
    load = np.asarray(where.get(LOAD, case.load), dtype=np.float64)
    if follows.kind == "constant":
        return np.ones_like(load)
    if follows.kind == "vcpus":
        return _vcpus(case, design, follows.name, load, where)
    share = load / (_followed(case, design, follows.name, load) if follows.kind == "total" else case.load)
    return np.asarray(share * _ratio(case, design, follows.name, where), dtype=np.float64)


def _followed(case: Case, design: str, figure: str, load: Values) -> Values | float:
    """The load up to which the surface of a total has it grow already."""
    surface = case.facts[design].surfaces.get(figure)
    if surface is None or LOAD not in surface.inputs:
        return case.load
    low, _, high = range_of(surface, surface.inputs.index(LOAD))
    return np.asarray(np.clip(load, low, high), dtype=np.float64)


def _vcpus(case: Case, design: str, host: str, load: Values, where: Where) -> Values:
    facts = case.facts[design]
    sized, cpu = facts.vcpus(host), facts.means.get(CPU[host], np.nan)
    if not sized:
        return np.zeros_like(load)
    cpu = 0.0 if np.isnan(cpu) else cpu
    at = case.load if facts.size is None or host == "shared_store" else facts.size.load
    target = case.scenario.terms.target_utilisation
    smallest = min(facts.smallest.get(host, 1), sized)
    busy = tolerated_utilisation(sized, at, cpu, target, smallest=smallest)
    needed = cpu * _ratio(case, design, CPU[host], where)
    return vcpus_at(load * at / case.load, needed, busy, smallest=smallest)


def _ratio(case: Case, design: str, figure: str, where: Where) -> Values | float:
    surface = case.facts[design].surfaces.get(figure)
    return 1.0 if surface is None else ratio_to_here(surface, where)


Cause = Literal["effort", "servers", "traffic", "storage", "latency", "availability", "exposure"]
CAUSES: tuple[Cause, ...] = ("effort", "servers", "traffic", "storage", "latency", "availability", "exposure")
SPENT = CAUSES[:4]
"""What is paid for; the others are losses and what waiting is worth."""
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

    A figure that nobody knows (NaN) costs nothing; `simlib.decision.choice.decide` says so where it would matter.
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


HERE: Where = {}
"""The scenario's own load and everything else as it is there."""


@dataclass(frozen=True, eq=False)
class Accounts:
    """The bills of all designs under the same draws, and the yearly discount rate (one, or one per draw)."""

    case: Case
    bills: Mapping[str, Bill]
    rate: Values | float

    @property
    def annuity(self) -> Values:
        """What 1 per year is worth over the horizon."""
        return annuity(self.case.years, self.rate)


def yearly_costs(accounts: Accounts, design: str, where: Where = HERE) -> Mapping[Cause, Values]:
    """Cause -> money per year, one value per draw."""
    bill = accounts.bills[design]
    found: dict[Cause, Values] = {cause: np.zeros_like(bill.one_off) for cause in CAUSES}
    for cause, amount, follows in bill.lines:
        found[cause] = found[cause] + amount * scale(accounts.case, design, follows, where)
    return found


def running_cost(accounts: Accounts, design: str, where: Where = HERE) -> Values:
    """Money per year without people."""
    yearly = yearly_costs(accounts, design, where)
    return sum((yearly[cause] for cause in RUNNING), np.zeros_like(accounts.bills[design].one_off))


def total_cost(accounts: Accounts, design: str, where: Where = HERE) -> Values:
    """Money over the horizon, one value per draw; the difference of two designs is a net present value."""
    yearly = yearly_costs(accounts, design, where)
    return accounts.bills[design].one_off + accounts.annuity * sum(yearly.values(), np.zeros(()))


def mean_total(accounts: Accounts, design: str, loads: Values) -> Values:
    """The mean over the draws of the total cost, one value per load. The rate must be one number."""
    bill = accounts.bills[design]
    yearly = np.zeros_like(loads)
    for _, amount, follows in bill.lines:
        yearly = yearly + amount.mean() * scale(accounts.case, design, follows, {LOAD: loads})
    return np.asarray(bill.one_off.mean() + accounts.annuity * yearly)


def totals_by_load(accounts: Accounts, design: str, loads: Values) -> Values:
    """Total cost, a row per load and a column per draw."""
    bill = accounts.bills[design]
    yearly = np.zeros((len(loads), len(bill.one_off)))
    for _, amount, follows in bill.lines:
        yearly += np.outer(scale(accounts.case, design, follows, {LOAD: loads}), amount)
    return np.asarray(bill.one_off + accounts.annuity * yearly)

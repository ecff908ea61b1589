"""Total cost of ownership of a design over the horizon, at present value, at any load.

Amounts are those at the scenario's load. vCPUs are the fewest that there can be until these are as busy as they may be,
and rise in proportion from there; what every request takes rises with the number of requests. Where a response surface
is fitted the figure of one request follows it too, as the ratio of the surface at the inputs to the surface in the
scenario; beyond the range of the surface it stays what it is at its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.choice.case import Case
from simlib.decision.choice.cost_causes import CPU, CostBasis, CostDriver
from simlib.decision.choice.design_case import compute_surface_ratio, find_input_range
from simlib.decision.choice.inputs import State
from simlib.decision.economics.formulas import (
    annuity,
    compute_labour_cost,
    compute_tolerated_utilisation,
    compute_vcpus,
)
from simlib.decision.effort import EffortDraws

SimulationInputs = Mapping[str, Floats]
"""Input of the simulation -> values; inputs that are not named are those of the scenario."""
AS_SIMULATED: SimulationInputs = {}
LOAD = "load"


def compute_scale(case: Case, design: str, driver: CostDriver, inputs: SimulationInputs) -> Floats:
    """Factor on an amount; 1 at the scenario's own inputs, but the number of vCPUs for the driver "vcpus"."""
    load = np.asarray(inputs.get(LOAD, case.load), dtype=np.float64)
    if driver.kind == "constant":
        return np.ones_like(load)
    if driver.kind == "vcpus":
        return _count_vcpus(case, design, driver.name, load, inputs)
    share = load / (_clip_to_surface(case, design, driver.name, load) if driver.kind == "total" else case.load)
    return np.asarray(share * _compute_ratio(case, design, driver.name, inputs), dtype=np.float64)


def _clip_to_surface(case: Case, design: str, figure: str, load: Floats) -> Floats | float:
    """Load up to which the surface of a total includes its growth already."""
    surface = case.design_cases[design].surfaces.get(figure)
    if surface is None or LOAD not in surface.inputs:
        return case.load
    low, _, high = find_input_range(surface, surface.inputs.index(LOAD))
    return np.asarray(np.clip(load, low, high), dtype=np.float64)


def _count_vcpus(case: Case, design: str, host: str, load: Floats, inputs: SimulationInputs) -> Floats:
    design_case = case.design_cases[design]
    sized, cpu = design_case.count_vcpus(host), design_case.means.get(CPU[host], np.nan)
    if not sized:
        return np.zeros_like(load)
    cpu = 0.0 if np.isnan(cpu) else cpu
    sized_load = case.load if design_case.size is None or host == "shared_store" else design_case.size.load
    target = case.scenario.terms.target_utilisation
    smallest = min(design_case.smallest.get(host, 1), sized)
    busy = compute_tolerated_utilisation(sized, sized_load, cpu, target, smallest=smallest)
    needed = cpu * _compute_ratio(case, design, CPU[host], inputs)
    return compute_vcpus(load * sized_load / case.load, needed, busy, smallest=smallest)


def _compute_ratio(case: Case, design: str, figure: str, inputs: SimulationInputs) -> Floats | float:
    surface = case.design_cases[design].surfaces.get(figure)
    return 1.0 if surface is None else compute_surface_ratio(surface, inputs)


class CostItem(NamedTuple):
    """One cost: money per year, one value per draw, at the scenario's load (per vCPU for the driver "vcpus")."""

    cause: str
    amount: Floats
    driver: CostDriver


class DesignCost(NamedTuple):
    """Costs of a design: money once, and the items of every year."""

    one_off: Floats
    items: tuple[CostItem, ...]


def compute_design_cost(
    case: Case, design: str, state: State, figures: Mapping[str, Floats], effort: EffortDraws
) -> DesignCost:
    """Costs of one design; ``state``: input -> values, ``figures``: figure of the simulation -> values, per draw.

    More load is more users, each with as many requests as before. What is stored, how many tokens are revoked, and the
    loss in an hour down grow with them. An unknown figure (NaN) costs nothing; `Decision.left_out` says so where it
    would matter.
    """
    known_figures = {name: np.nan_to_num(values) for name, values in figures.items()}
    basis = CostBasis(case.design_cases[design], state, known_figures, effort, case.scenario.terms.target_utilisation)
    items = (
        CostItem(cause.name, amount, driver) for cause in case.causes for amount, driver in cause.compute_items(basis)
    )
    return DesignCost(compute_labour_cost(effort.one_off_days, state["developer_day"]), tuple(items))


@dataclass(frozen=True, eq=False)
class Accounts:
    """Costs of all designs under the same draws, and the yearly discount rate (one, or one per draw)."""

    case: Case
    costs: Mapping[str, DesignCost]
    rate: Floats | float

    @property
    def annuity(self) -> Floats:
        """Present value of 1 per year over the horizon."""
        return annuity(self.case.years, self.rate)

    def compute_totals(self) -> dict[str, Floats]:
        """Design -> total cost over the horizon, one value per draw."""
        return {design: compute_total_cost(self, design) for design in self.costs}


def compute_yearly_costs(accounts: Accounts, design: str, inputs: SimulationInputs = AS_SIMULATED) -> dict[str, Floats]:
    """Cause -> money per year, one value per draw."""
    cost = accounts.costs[design]
    yearly = {cause.name: np.zeros_like(cost.one_off) for cause in accounts.case.causes}
    for cause, amount, driver in cost.items:
        yearly[cause] = yearly[cause] + amount * compute_scale(accounts.case, design, driver, inputs)
    return yearly


def compute_running_cost(accounts: Accounts, design: str, inputs: SimulationInputs = AS_SIMULATED) -> Floats:
    """Money per year without people."""
    yearly = compute_yearly_costs(accounts, design, inputs)
    running = (yearly[cause.name] for cause in accounts.case.causes if not cause.is_labour)
    return sum(running, np.zeros_like(accounts.costs[design].one_off))


def compute_spending(accounts: Accounts, design: str) -> Floats:
    """Present value of what is paid over the horizon, without losses that are only valued."""
    yearly = compute_yearly_costs(accounts, design)
    spent = sum(yearly[cause.name] for cause in accounts.case.causes if cause.is_spent)
    return np.asarray(accounts.costs[design].one_off + accounts.annuity * spent)


def compute_total_cost(accounts: Accounts, design: str, inputs: SimulationInputs = AS_SIMULATED) -> Floats:
    """Money over the horizon, one value per draw; the difference of two designs is a net present value."""
    yearly = compute_yearly_costs(accounts, design, inputs)
    return accounts.costs[design].one_off + accounts.annuity * sum(yearly.values(), np.zeros(()))


def compute_mean_total(accounts: Accounts, design: str, inputs: SimulationInputs) -> Floats:
    """Mean over the draws of the total cost, one value per value of the inputs. The rate must be one number."""
    cost = accounts.costs[design]
    yearly = np.zeros_like(next(iter(inputs.values())))
    for _, amount, driver in cost.items:
        yearly = yearly + amount.mean() * compute_scale(accounts.case, design, driver, inputs)
    return np.asarray(cost.one_off.mean() + accounts.annuity * yearly)


def compute_totals_by_load(accounts: Accounts, design: str, loads: Floats) -> Floats:
    """Total cost, a row per load and a column per draw."""
    cost = accounts.costs[design]
    yearly = np.zeros((len(loads), len(cost.one_off)))
    for _, amount, driver in cost.items:
        yearly += np.outer(compute_scale(accounts.case, design, driver, {LOAD: loads}), amount)
    return np.asarray(cost.one_off + accounts.annuity * yearly)

"""Levers of a decision: its inputs with the mean total costs that other values of them would give, all else equal.

Prices and amounts, horizon and discount rate, load and other inputs of the simulation, work items, the team factor, and
the effort of each design as a whole. Each moves in the cost model of the decision itself, under the same draws, so that
the decision taken anew with a switch value as the input finds the two designs equal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.choice.cost_causes import REVOCATIONS
from simlib.decision.choice.cost_model import RATE
from simlib.decision.choice.inputs import Input, find_present_design
from simlib.decision.choice.monte_carlo import Draws
from simlib.decision.choice.robustness import Switch
from simlib.decision.choice.selection import Selection
from simlib.decision.choice.switches import Lever, Totals, find_switches
from simlib.decision.choice.total_cost import LOAD, Accounts, compute_mean_total, compute_total_cost
from simlib.decision.economics.formulas import HOURS_PER_YEAR, annuity
from simlib.decision.effort import (
    TEAM,
    EffortLedger,
    compute_team_factor,
    compute_work,
    draw_item_uniforms,
    list_needed_items,
    pert_ppf,
    resolve_counts,
)
from simlib.decision.gain.metamodel_inputs import MEANINGS

DAYS = "person-days"
OWN_EFFORT = "effort of "
"""Begin of the name of the lever that moves the effort of one design as a whole."""
HORIZON = "horizon_years"
LONGEST_YEARS, LOAD_SPAN = 100.0, 1000.0
_BOUNDS = {"outage_hours_per_year": (0.0, HOURS_PER_YEAR)}
_TAILS = np.array([0.025, 0.975])
_LINEAR = 1e-9


@dataclass(frozen=True, eq=False)
class Situation:
    """Inputs from which a decision's total costs follow; ``designs`` are those that are compared."""

    accounts: Accounts
    draws: Draws
    inputs: Mapping[str, Input]
    ledger: EffortLedger
    seed: int
    designs: Sequence[str]

    @cached_property
    def totals(self) -> dict[str, float]:
        """Design -> mean total cost."""
        return {name: float(compute_total_cost(self.accounts, name).mean()) for name in self.designs}

    @cached_property
    def efforts(self) -> dict[str, float]:
        """Design -> mean cost of its effort, once and over the horizon."""
        return {name: float((self.price * self._add_days(name)).mean()) for name in self.designs}

    @property
    def price(self) -> Floats:
        """Price of a day in each draw."""
        return self.draws.state["developer_day"]

    @property
    def annuity(self) -> float:
        """Present value of 1 in each year."""
        return float(self.accounts.annuity)

    def _add_days(self, design: str) -> Floats:
        effort = self.draws.effort[design]
        return effort.one_off_days + self.annuity * effort.yearly_days


def search_switches(situation: Situation, selection: Selection | None) -> tuple[Switch, ...]:
    """Switch values between the best design and those that are not equivalent to it; none without such designs."""
    if selection is None:
        return ()
    rivals = [name for name in selection.order[1:] if name not in selection.equivalents]
    return find_switches(list_levers(situation), selection.best, rivals) if rivals else ()


def list_levers(situation: Situation) -> tuple[Lever, ...]:
    """All levers of a decision whose discount rate is one number."""
    return (
        *_list_amounts(situation),
        *_list_terms(situation),
        *_list_simulated(situation),
        *_list_efforts(situation),
        *_list_items(situation),
    )


def _list_amounts(situation: Situation) -> Iterator[Lever]:
    revocations = float(situation.draws.state[REVOCATIONS].mean())
    for name, own in situation.inputs.items():
        value = float(situation.draws.state[name].mean())
        draws, unit = situation.draws, own.unit
        if name == "exposed_hour" and not (value or revocations):
            # Without revocations no hour is exposed, and no price of one could be searched.
            draws = replace(draws, state={**draws.state, REVOCATIONS: np.ones_like(draws.state[REVOCATIONS])})
            unit = f"{own.unit}, with one revocation a year"
        totals = _straighten(partial(_compute_totals, situation, draws, name), value)
        yield Lever(name, unit, value, own.low, own.high, totals, _BOUNDS.get(name, (0.0, float("inf"))))


def _compute_totals(situation: Situation, draws: Draws, name: str, value: float) -> dict[str, float]:
    """Mean total costs with one input certain."""
    case = situation.accounts.case
    state = {**draws.state, name: np.full_like(draws.state[name], value)}
    accounts = replace(draws, state=state).build_accounts(case, situation.designs)
    return {design: float(compute_total_cost(accounts, design).mean()) for design in situation.designs}


def _straighten(totals: Totals, value: float) -> Totals:
    """The same function; where three places are on one line, that line, which is a hundred times faster."""
    step = value if value > 0 else 1.0
    at_0, at_1, at_2 = totals(0.0), totals(step), totals(2 * step)

    def is_line(design: str) -> bool:
        size = max(abs(at_0[design]), abs(at_2[design]))
        return abs(at_0[design] + at_2[design] - 2 * at_1[design]) <= _LINEAR * size

    if not all(is_line(design) for design in at_0):
        return totals
    return lambda place: {name: at_0[name] + (at_1[name] - at_0[name]) * place / step for name in at_0}


def _list_terms(situation: Situation) -> Iterator[Lever]:
    """Horizon and discount rate, which weigh the same years otherwise."""
    terms, accounts = situation.accounts.case.scenario.terms, situation.accounts
    once = {name: float(accounts.costs[name].one_off.mean()) for name in situation.designs}
    yearly = {name: (situation.totals[name] - once[name]) / situation.annuity for name in situation.designs}

    def compute_totals(years: float, rate: float) -> dict[str, float]:
        factor = float(annuity(years, rate))
        return {name: once[name] + factor * yearly[name] for name in once}

    years, rate = terms.horizon_years, terms.discount_rate
    yield Lever(HORIZON, "years", years, years, years, lambda place: compute_totals(place, rate), (0.0, LONGEST_YEARS))
    yield Lever(RATE, "a year", rate, 0.0, 2 * rate, lambda place: compute_totals(years, place), (0.0, 1.0))


def _list_simulated(situation: Situation) -> Iterator[Lever]:
    """Load, and the other inputs that response surfaces follow, within the range of these."""
    case = situation.accounts.case
    ranges = {LOAD: (case.load, case.load, case.load), **case.input_ranges}

    def compute_totals(name: str, value: float) -> dict[str, float]:
        place = {name: np.array([value])}
        return {one: float(compute_mean_total(situation.accounts, one, place)[0]) for one in situation.designs}

    for name, (low, value, high) in ranges.items():
        unit = "requests per second" if name == LOAD else MEANINGS.get(name, "").partition(";")[0]
        bounds = (value / LOAD_SPAN, value * LOAD_SPAN) if name == LOAD else (low, high)
        yield Lever(name, unit, value, low, high, partial(compute_totals, name), bounds)


def _list_efforts(situation: Situation) -> Iterator[Lever]:
    """Effort of one design as a whole, in person-days over the horizon, and the factor on that of all."""
    years = situation.accounts.case.years
    for name in situation.designs:
        effort = situation.draws.effort[name]
        days = effort.one_off_days + years * effort.yearly_days
        value, (low, high) = float(days.mean()), (float(end) for end in np.quantile(days, _TAILS))
        if value > 0:
            totals = partial(_scale_efforts, situation, (name,), value)
            yield Lever(f"{OWN_EFFORT}{name}", f"{DAYS} over {years:g} years", value, low, high, totals)
    low, high = (float(end) for end in compute_team_factor(_TAILS))
    yield Lever("team_factor", "", 1.0, low, high, partial(_scale_efforts, situation, tuple(situation.designs), 1.0))


def _scale_efforts(situation: Situation, scaled: tuple[str, ...], unit: float, value: float) -> dict[str, float]:
    factor = value / unit - 1.0
    return {
        name: total + (factor * situation.efforts[name] if name in scaled else 0.0)
        for name, total in situation.totals.items()
    }


def _list_items(situation: Situation) -> Iterator[Lever]:
    """Work items of which some designs need more than others."""
    scenario, ledger = situation.accounts.case.scenario, situation.ledger
    counts, present = resolve_counts(scenario), find_present_design(scenario)
    designs = {name: scenario.designs[name] for name in situation.designs}
    works = {name: compute_work(ledger, design, counts, present=present) for name, design in designs.items()}
    n = len(situation.price)
    weight = situation.price * compute_team_factor(draw_item_uniforms(TEAM, n, situation.seed))
    for item in map(ledger.find_item, list_needed_items(ledger, designs.values(), counts, present=present)):
        times = {name: {**work.one_off, **work.yearly}.get(item.id, 0) for name, work in works.items()}
        if len(set(times.values())) > 1:
            days = pert_ppf(draw_item_uniforms(item.id, n, situation.seed), item.low, item.likely, item.high)
            factor = situation.annuity if item.kind == "recurring" else 1.0
            charge = (factor * float(weight.mean()), factor * float((weight * days).mean()))
            unit = f"{DAYS} a year" if item.kind == "recurring" else DAYS
            totals = partial(_replace_days, situation, times, *charge)
            yield Lever(f"{item.id} {item.title}", unit, item.mean, item.low, item.high, totals)


def _replace_days(
    situation: Situation, times: Mapping[str, int], price: float, charged: float, value: float
) -> dict[str, float]:
    """Mean total costs with one item certain: its charge as drawn is replaced by that of ``value`` days."""
    return {name: total + times[name] * (price * value - charged) for name, total in situation.totals.items()}

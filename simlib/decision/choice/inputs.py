"""Inputs of a decision besides simulation and effort: prices and yearly amounts, each with distribution and source.

Also the reference designs of a decision: the baseline, and the design with a cache.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from simlib.analysis.columns import Floats
from simlib.decision.choice.case import Case
from simlib.decision.choice.cost_causes import CAUSES, OUTAGES, REQUESTS, REVOCATIONS, CostCause, list_prices
from simlib.decision.comparison import find_cached_opponent
from simlib.decision.economics.formulas import SECONDS_PER_YEAR
from simlib.decision.economics.prices import resolve_prices
from simlib.decision.effort import TEAM_SIGMA, Counts, EffortLedger, pert_ppf
from simlib.decision.gain.loads import compute_load
from simlib.decision.gain.metamodel_inputs import LOAD, MEANINGS
from simlib.scenario.design import Design
from simlib.scenario.economics import Amount, Estimate, Worth
from simlib.scenario.loads import ReplayLoad
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates

State = Mapping[str, Floats]
"""Input -> its values, one per draw or a single one."""
STATED = "as stated for this decision, else the default"


@dataclass(frozen=True)
class Input:
    """Number that a decision rests on: a three-point estimate with a beta-PERT distribution, certain if all are equal.

    ``unit`` and ``source`` are shown to readers.
    """

    name: str
    low: float
    likely: float
    high: float
    unit: str
    source: str

    @property
    def is_certain(self) -> bool:
        """Whether it has one value only."""
        return self.low == self.high

    def compute_quantiles(self, uniforms: Floats | float) -> Floats:
        """Quantiles, of the shape of the uniforms."""
        return pert_ppf(uniforms, self.low, self.likely, self.high)

    @property
    def description(self) -> str:
        """Value, unit and source."""
        low, likely, high = (_format_value(value) for value in (self.low, self.likely, self.high))
        value = likely if self.is_certain else f"{likely} ({low} to {high})"
        return f"{value} {self.unit}".rstrip() + f"; {self.source}"


def _format_value(value: float) -> str:
    """Six significant digits, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:,.6g}"


def list_money_inputs(scenario: Scenario, causes: Iterable[CostCause] = CAUSES) -> Mapping[str, Input]:
    """Name -> input: prices, values of the scenario's ``worth`` that some cause needs, and yearly amounts.

    Raises InputError when a price is neither in the scenario nor in data/prices.csv in its currency.
    """
    prices = resolve_prices(scenario.prices)
    inputs = [
        Input(key, price.low, price.likely, price.high, f"{price.currency} {price.unit}".rstrip(), price.origin)
        for key, price in prices.by_key.items()
    ]
    inputs += [
        _build_stated(price.key, getattr(scenario.worth, price.key), f"{prices.currency} {price.unit}")
        for price in list_prices(causes)
        if price.key in Worth.model_fields
    ]
    inputs.append(_build_requests(scenario))
    inputs += [_build_stated(name, getattr(scenario.terms, name), "per year") for name in (REVOCATIONS, OUTAGES)]
    return MappingProxyType({item.name: item for item in inputs})


def draw_inputs(inputs: Mapping[str, Input], draws: int, seed: int) -> State:
    """Draws of every input, each from a stream of its own name, so that a further input changes no other."""
    variates = Variates(seed, 0)
    return {
        name: own.compute_quantiles(variates.draw_column(f"decision.{name}", draws)) for name, own in inputs.items()
    }


def _build_requests(scenario: Scenario) -> Input:
    stated = scenario.terms.requests_per_year
    if stated is not None:
        return _build_stated(REQUESTS, stated, "per year")
    count = compute_load(scenario) * SECONDS_PER_YEAR
    origin = "the replayed log" if isinstance(scenario.world.load, ReplayLoad) else "world.load"
    return Input(REQUESTS, count, count, count, "per year", f"the rate of {origin} all year long (assumption)")


def _build_stated(name: str, amount: Amount, unit: str) -> Input:
    if isinstance(amount, Estimate):
        return Input(name, amount.low, amount.likely, amount.high, unit, STATED)
    return Input(name, amount, amount, amount, unit, STATED)


def describe_inputs(case: Case, inputs: Mapping[str, Input], counts: Counts, ledger: EffortLedger) -> dict[str, str]:
    """Input -> value, unit, and source or "assumption", for readers."""
    terms = case.scenario.terms
    ranges = {name: ends for name, ends in case.input_ranges.items() if name != LOAD}
    return {
        **{name: own.description for name, own in inputs.items()},
        "load": f"{case.load:,.6g} requests per second; as simulated",
        **{name: _describe_range(name, *ends) for name, ends in ranges.items()},
        "horizon_years": f"{terms.horizon_years:g} years; {STATED}",
        "discount_rate": f"{terms.discount_rate:g} a year; {STATED}",
        "target_utilisation": f"{terms.target_utilisation:g} of paid vCPUs that are not sized otherwise; {STATED}",
        "effort": f"{len(ledger.items)} work items of {ledger.source}, three-point estimates; see its sources",
        "team_factor": f"lognormal, mean 1, sigma {TEAM_SIGMA:g}, shared by all items; assumption",
        "organisation": (
            f"{counts.stacks} stack(s), {counts.services} service(s), {counts.clients} client(s), "
            f"{counts.authorization_servers} authorization server(s); as stated for this decision, else counted in the "
            "scenario's world"
        ),
    }


def _describe_range(name: str, low: float, own: float, high: float) -> str:
    """Input of the simulation that only sensitivity analysis moves."""
    return f"{own:,.4g} (moved from {low:,.4g} to {high:,.4g}, an assumption) {MEANINGS.get(name, '')}; as simulated"


def find_baseline(scenario: Scenario) -> str:
    """Name of the design that others are compared with; raises InputError when the scenario has none of that name."""
    name = scenario.terms.baseline
    return next(iter(scenario.designs)) if name is None else scenario.design(name).name


def find_present_design(scenario: Scenario) -> Design | None:
    """Design in use today, None when there is none; raises InputError for an unknown name."""
    name = scenario.terms.present
    return None if name is None else scenario.design(name)


def find_opponent(scenario: Scenario, baseline: str) -> str | None:
    """First design that caches introspection answers; None when that is the baseline."""
    return find_cached_opponent(scenario, baseline)

"""What a decision takes besides simulation and effort: every input with its distribution and where it is from.

Against what designs are held: the baseline, and always the design with a cache.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from simlib.decision.arrays import Values
from simlib.decision.choice.case import Case
from simlib.decision.comparison import cached_opponent
from simlib.decision.economics.formulas import SECONDS_PER_YEAR
from simlib.decision.economics.prices import resolve_prices
from simlib.decision.effort import TEAM_SIGMA, Counts, EffortLedger, pert_ppf
from simlib.decision.gain.loads import load_of
from simlib.decision.gain.metamodel_inputs import LOAD, MEANINGS
from simlib.decision.promises import caches_answers
from simlib.scenario.design import Design
from simlib.scenario.economics import Amount, Estimate
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.scenario.world import ReplayLoad

State = Mapping[str, Values]
"""Input -> its values, one per draw or a single one."""

WORTH = {"second": "per second less of one request", "hour_down": "per hour down", "exposed_hour": "per exposed hour"}
REQUESTS, REVOCATIONS, OUTAGES = "requests_per_year", "revocations_per_year", "outage_hours_per_year"
STATED = "as stated for this decision, else the default"


@dataclass(frozen=True)
class Input:
    """One number that a decision rests on: a three-point estimate, spread as beta-PERT, or known where all are equal.

    ``unit`` and ``source`` are as a reader sees them.
    """

    name: str
    low: float
    likely: float
    high: float
    unit: str
    source: str

    @property
    def known(self) -> bool:
        """Whether it has one value only."""
        return self.low == self.high

    def at(self, uniforms: Values | float) -> Values:
        """Quantiles, of the shape of the uniforms."""
        return pert_ppf(uniforms, self.low, self.likely, self.high)

    @property
    def told(self) -> str:
        """Value, unit and source."""
        low, likely, high = (_shown(value) for value in (self.low, self.likely, self.high))
        value = likely if self.known else f"{likely} ({low} to {high})"
        return f"{value} {self.unit}".rstrip() + f"; {self.source}"


def _shown(value: float) -> str:
    """Six digits, and never an exponent, which is how programs count and not how people do."""
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:,.6g}"


def money_inputs(scenario: Scenario) -> Mapping[str, Input]:
    """Prices, what things are worth, and what happens in a year, by name.

    Raises InputError when a price is neither in the scenario nor in data/prices.csv in its currency.
    """
    prices = resolve_prices(scenario.prices)
    found = [
        Input(key, price.low, price.likely, price.high, f"{price.currency} {price.unit}".rstrip(), price.told)
        for key, price in prices.by_key.items()
    ]
    found += [_given(name, getattr(scenario.worth, name), f"{prices.currency} {what}") for name, what in WORTH.items()]
    found.append(_requests(scenario))
    found += [_given(name, getattr(scenario.terms, name), "per year") for name in (REVOCATIONS, OUTAGES)]
    return MappingProxyType({one.name: one for one in found})


def drawn(inputs: Mapping[str, Input], draws: int, seed: int) -> State:
    """Draws of every input, each by its own name, so that a further input leaves the others as they are."""
    variates = Variates(seed, 0)
    return {name: one.at(variates.column(f"decision.{name}", draws)) for name, one in inputs.items()}


def _requests(scenario: Scenario) -> Input:
    given = scenario.terms.requests_per_year
    if given is not None:
        return _given(REQUESTS, given, "per year")
    count = load_of(scenario) * SECONDS_PER_YEAR
    whose = "the replayed log" if isinstance(scenario.world.load, ReplayLoad) else "world.load"
    return Input(REQUESTS, count, count, count, "per year", f"the rate of {whose} all year long (assumption)")


def _given(name: str, amount: Amount, unit: str) -> Input:
    if isinstance(amount, Estimate):
        return Input(name, amount.low, amount.likely, amount.high, unit, STATED)
    return Input(name, amount, amount, amount, unit, STATED)


def told_inputs(case: Case, inputs: Mapping[str, Input], counts: Counts, ledger: EffortLedger) -> dict[str, str]:
    """Every input as a reader sees it: value, unit, and its source or "assumption"."""
    terms = case.scenario.terms
    ranges = {name: ends for name, ends in case.simulated.items() if name != LOAD}
    return {
        **{name: one.told for name, one in inputs.items()},
        "load": f"{case.load:,.6g} requests per second; as simulated",
        **{name: _followed(name, *ends) for name, ends in ranges.items()},
        "horizon_years": f"{terms.horizon_years:g} years; {STATED}",
        "discount_rate": f"{terms.discount_rate:g} a year; {STATED}",
        "target_utilisation": f"{terms.target_utilisation:g} of paid vCPUs that are not sized otherwise; {STATED}",
        "effort": f"{len(ledger.items)} work items of {ledger.source}, three-point estimates; see its sources",
        "team_factor": f"lognormal, median 1, sigma {TEAM_SIGMA:g}, shared by all items; assumption",
        "organisation": (
            f"{counts.stacks} stack(s), {counts.services} service(s), {counts.clients} client(s), "
            f"{counts.authorization_servers} authorization server(s); as stated for this decision, else counted in the "
            "scenario's world"
        ),
    }


def _followed(name: str, low: float, own: float, high: float) -> str:
    """An input of the simulation that is only moved to see what drives the decision."""
    return f"{own:,.4g} (moved from {low:,.4g} to {high:,.4g}, an assumption) {MEANINGS.get(name, '')}; as simulated"


def baseline_of(scenario: Scenario) -> str:
    """The design that others are held against; raises InputError when the scenario has none of that name."""
    name = scenario.terms.baseline
    return next(iter(scenario.designs)) if name is None else scenario.design(name).name


def present_of(scenario: Scenario) -> Design | None:
    """The design that runs today, None when nothing does; raises InputError for an unknown name."""
    name = scenario.terms.present
    return None if name is None else scenario.design(name)


def opponent_of(scenario: Scenario, baseline: str) -> str | None:
    """The first design that caches answers about opaque tokens, when it is not the baseline anyway."""
    first = next(iter(scenario.designs))
    found = cached_opponent(scenario) or (first if caches_answers(scenario.designs[first]) else None)
    return None if found == baseline else found


def counts_of(scenario: Scenario) -> Counts:
    """What work items scale with: as the scenario says, else counted in its world."""
    world, own = scenario.world, scenario.organisation
    return Counts(
        stacks=own.stacks or 1,
        services=own.services or 1 + len(world.inner_services),
        clients=own.clients or max(len(world.clients), 1),
    )

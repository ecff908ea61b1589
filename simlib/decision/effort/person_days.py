"""Person-days of designs as indicators: PERT means with what is not known about items and team around them.

How many stacks, services and clients there are to build for: what was said, else what the world has.
"""

from collections.abc import Callable, Mapping

import numpy as np

from simlib.decision.effort.estimates import EffortDraws, ExpectedEffort, Floats, compute_expected_effort, draw_effort
from simlib.decision.effort.indicator import LEVEL, Indicator, Value
from simlib.decision.effort.item_keys import Counts
from simlib.decision.effort.items import EffortLedger
from simlib.scenario.design import Design
from simlib.scenario.scenario import Scenario

Of = Callable[[EffortDraws], Floats]
Told = Mapping[str, tuple[ExpectedEffort, EffortDraws]]
"""Design -> means and draws."""


def build_person_day_indicators(
    ledger: EffortLedger, designs: Mapping[str, Design], counts: Counts, present: Design | None, n: int, seed: int
) -> list[Indicator]:
    """To build and to run; more than the first design; and what going over from a present design takes and changes."""

    def told(some: Mapping[str, Design], *, common: bool = True, start: Design | None = None) -> Told:
        drawn = draw_effort(ledger, some, counts, n, seed, present=start, common=common)
        means = compute_expected_effort(ledger, some, counts, present=start, common=common)
        return {name: (means[name], drawn[name]) for name in some}

    source = f"work items, {ledger.source}: beta-PERT, shared team factor"
    everything, beyond, first = told(designs), told(designs, common=False), next(iter(designs))
    rows = [
        _days("one_off_days_in_all", "to build, in all", everything, 0, source),
        _days("one_off_days", "to build, beyond what all need", beyond, 0, source),
        _days("yearly_days", "to run, each year", beyond, 1, source),
    ]
    if len(designs) > 1:
        rows += [
            _more("one_off_days_difference", f"to build, more than {first}", beyond, 0, source, first, beyond[first]),
            _more("yearly_days_difference", f"each year, more than {first}", beyond, 1, source, first, beyond[first]),
        ]
    if present is not None:
        rows.append(_days("migration_days", f"to go over from {present.name}", told(designs, start=present), 0, source))
        if present.name != first:
            now = told({present.name: present}, common=False)[present.name]
            label = f"each year, more than {present.name}"
            rows.append(_more("present_yearly_days_difference", label, beyond, 1, source, present.name, now))
    return rows


_OF: tuple[Of, Of] = (lambda drawn: drawn.one_off_days, lambda drawn: drawn.yearly_days)


def _days(name: str, label: str, told: Told, which: int, source: str) -> Indicator:
    values = {design: (means[which], *_ends(_OF[which](drawn))) for design, (means, drawn) in told.items()}
    return Indicator(name, label, "person-days", "assumed", source, values)


def _more(
    name: str, label: str, told: Told, which: int, source: str, than: str, other: tuple[ExpectedEffort, EffortDraws]
) -> Indicator:
    """Differences of the same draws, so that what both designs share does not widen them."""
    values: dict[str, Value | None] = {
        design: (means[which] - other[0][which], *_ends(_OF[which](drawn) - _OF[which](other[1])))
        if design != than
        else None
        for design, (means, drawn) in told.items()
    }
    return Indicator(name, label, "person-days", "assumed", source, values)


def _ends(draws: Floats) -> tuple[float, float]:
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def resolve_counts(
    scenario: Scenario | None, *, stacks: int | None = None, services: int | None = None, clients: int | None = None
) -> Counts:
    """The numbers given; for those that are not, the scenario's ``[organisation]``, else its world: one stack, its
    services, its kinds of clients. Without a scenario one of each.
    """
    said = None if scenario is None else scenario.organisation
    world = None if scenario is None else scenario.world
    usual = {
        "stacks": 1,
        "services": 1 if world is None else 1 + len(world.inner_services),
        "clients": 1 if world is None else max(1, len({client.kind for client in world.clients})),
    }
    given = {"stacks": stacks, "services": services, "clients": clients}
    chosen = {name: _first(given[name], getattr(said, name, None), usual[name]) for name in usual}
    return Counts(**chosen)


def _first(*numbers: int | None) -> int:
    return next(number for number in numbers if number is not None)

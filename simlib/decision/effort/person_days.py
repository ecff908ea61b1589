"""Person-days of designs as indicators: PERT means with intervals, and the numbers of stacks, services and clients."""

from collections.abc import Callable, Mapping

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.effort.estimates import EffortDraws, ExpectedEffort, compute_expected_effort, draw_effort
from simlib.decision.effort.indicator import LEVEL, Indicator, Value
from simlib.decision.effort.items import EffortLedger
from simlib.decision.effort.work import Counts
from simlib.scenario.design import Design
from simlib.scenario.hosts import ServerKind
from simlib.scenario.scenario import Scenario

Component = Callable[[EffortDraws], Floats]
Effort = Mapping[str, tuple[ExpectedEffort, EffortDraws]]
"""Design -> means and draws."""


def build_person_day_indicators(
    ledger: EffortLedger, designs: Mapping[str, Design], counts: Counts, present: Design | None, n: int, seed: int
) -> list[Indicator]:
    """Rows of effort to build and to run, of differences to the first design, and of migration."""

    def compute_effort(selected: Mapping[str, Design], *, common: bool = True, start: Design | None = None) -> Effort:
        drawn = draw_effort(ledger, selected, counts, n, seed, present=start, common=common)
        means = compute_expected_effort(ledger, selected, counts, present=start, common=common)
        return {name: (means[name], drawn[name]) for name in selected}

    source = f"work items, {ledger.source}: beta-PERT, shared team factor"
    everything, beyond, first = compute_effort(designs), compute_effort(designs, common=False), next(iter(designs))
    rows = [
        _build_row("one_off_days_in_all", "to build, in all", everything, 0, source),
        _build_row("one_off_days", "to build, beyond what all need", beyond, 0, source),
        _build_row("yearly_days", "to run, each year", beyond, 1, source),
    ]
    if len(designs) > 1:
        rows += [
            _build_difference_row(
                "one_off_days_difference", f"to build, more than {first}", beyond, 0, source, first, beyond[first]
            ),
            _build_difference_row(
                "yearly_days_difference", f"each year, more than {first}", beyond, 1, source, first, beyond[first]
            ),
        ]
    if present is not None:
        rows.append(
            _build_row(
                "migration_days", f"to migrate from {present.name}", compute_effort(designs, start=present), 0, source
            )
        )
        if present.name != first:
            now = compute_effort({present.name: present}, common=False)[present.name]
            label = f"each year, more than {present.name}"
            rows.append(
                _build_difference_row("present_yearly_days_difference", label, beyond, 1, source, present.name, now)
            )
    return rows


_COMPONENTS: tuple[Component, Component] = (lambda drawn: drawn.one_off_days, lambda drawn: drawn.yearly_days)


def _build_row(name: str, label: str, effort: Effort, which: int, source: str) -> Indicator:
    values = {
        design: (means[which], *_compute_interval(_COMPONENTS[which](drawn)))
        for design, (means, drawn) in effort.items()
    }
    return Indicator(name, label, "person-days", "assumed", source, values)


def _build_difference_row(
    name: str,
    label: str,
    effort: Effort,
    which: int,
    source: str,
    than: str,
    other: tuple[ExpectedEffort, EffortDraws],
) -> Indicator:
    """Differences of the same draws, so that what both designs share does not widen them."""
    values: dict[str, Value | None] = {
        design: (
            means[which] - other[0][which],
            *_compute_interval(_COMPONENTS[which](drawn) - _COMPONENTS[which](other[1])),
        )
        if design != than
        else None
        for design, (means, drawn) in effort.items()
    }
    return Indicator(name, label, "person-days", "assumed", source, values)


def _compute_interval(draws: Floats) -> tuple[float, float]:
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def resolve_counts(
    scenario: Scenario | None,
    *,
    stacks: int | None = None,
    services: int | None = None,
    clients: int | None = None,
    server_kind: ServerKind | None = None,
) -> Counts:
    """Numbers stated; for others the scenario's ``[organisation]``, else its world: one stack, its services, its kinds
    of clients. Without a scenario one of each, and an authorization server that is built.
    """
    organisation = None if scenario is None else scenario.organisation
    world = None if scenario is None else scenario.world
    defaults = {
        "stacks": 1,
        "services": 1 if world is None else 1 + len(world.inner_services),
        "clients": 1 if world is None else max(1, len({client.kind for client in world.clients})),
    }
    stated = {"stacks": stacks, "services": services, "clients": clients}
    chosen = {name: _find_first(stated[name], getattr(organisation, name, None), defaults[name]) for name in defaults}
    default: ServerKind = "built" if world is None else world.authorization_server.kind
    return Counts(**chosen, server_kind=server_kind or default)


def _find_first(*numbers: int | None) -> int:
    return next(number for number in numbers if number is not None)

"""Alternatives to a verdict: the same choice under other assumptions, and the costs that no design differs in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.choice.cost_causes import EFFORT, CostDriver
from simlib.decision.choice.inputs import find_present_design
from simlib.decision.choice.levers import Situation
from simlib.decision.choice.monte_carlo import compute_spread
from simlib.decision.choice.results import CommonCosts
from simlib.decision.choice.robustness import Alternative, Assumption
from simlib.decision.choice.selection import Selection, select_best
from simlib.decision.choice.total_cost import AS_SIMULATED, Accounts, compute_scale
from simlib.decision.effort import (
    Counts,
    EffortDraws,
    EffortLedger,
    compute_work,
    draw_effort,
    draw_shared_effort,
    list_product_items,
    resolve_counts,
)
from simlib.scenario.hosts import ServerKind

_ALIKE = 1e-9
"""Relative difference below which two amounts are one."""


def compute_alternatives(
    situation: Situation, selection: Selection | None, margin: float, level: float
) -> tuple[Alternative, ...]:
    """Verdicts with simlib's estimates in place of a team's own, and with the other kind of authorization server.

    Empty without a design that keeps the limits.
    """
    if selection is None:
        return ()
    scenario = situation.accounts.case.scenario
    counts, ledger = resolve_counts(scenario), situation.ledger
    alternatives = []
    if ledger.base is not None:
        effort = _draw(situation, ledger.base, counts)
        items = ledger.list_own_items()
        alternatives.append(_judge(situation, selection, "bundled estimates", effort, margin, level, items))
    items = _list_product_items(situation, counts)
    if items:
        kind: ServerKind = "built" if counts.server_kind == "product" else "product"
        effort = _draw(situation, ledger, replace(counts, server_kind=kind))
        alternatives.append(_judge(situation, selection, kind, effort, margin, level, items))
    return tuple(alternatives)


def _list_product_items(situation: Situation, counts: Counts) -> tuple[str, ...]:
    """Items of any design that come with a product and are work without one, the migration considered."""
    scenario, built = situation.accounts.case.scenario, replace(counts, server_kind="built")
    present = find_present_design(scenario)
    needed: set[str] = set()
    for design in (scenario.designs[name] for name in situation.designs):
        work = compute_work(situation.ledger, design, built, present=present)
        needed |= set(work.items) & set(list_product_items(situation.ledger, design))
    return tuple(item.id for item in situation.ledger.items if item.id in needed)


def _draw(situation: Situation, ledger: EffortLedger, counts: Counts) -> Mapping[str, EffortDraws]:
    scenario = situation.accounts.case.scenario
    designs = {name: scenario.designs[name] for name in situation.designs}
    present = find_present_design(scenario)
    return draw_effort(ledger, designs, counts, len(situation.price), situation.seed, present=present)


def _judge(
    situation: Situation,
    selection: Selection,
    assumption: Assumption,
    effort: Mapping[str, EffortDraws],
    margin: float,
    level: float,
    items: tuple[str, ...],
) -> Alternative:
    case = situation.accounts.case
    accounts = replace(situation.draws, effort={**situation.draws.effort, **effort}).build_accounts(
        case, situation.designs
    )
    other = select_best(accounts.compute_totals(), margin, level)
    turns = other.best not in (selection.best, *selection.equivalents)
    decided = other.word != "undecided"
    changes = turns or decided != (selection.word != "undecided")
    return Alternative(assumption, other.best, other.p_best[other.best], turns, items, decided, changes)


def compute_common_costs(situation: Situation, level: float) -> CommonCosts | None:
    """Costs that are the same in every design: work items that all need as often, and items of equal amounts.

    None for fewer than two designs.
    """
    accounts, designs, price = situation.accounts, situation.designs, situation.price
    if len(designs) < 2:
        return None
    scenario = accounts.case.scenario
    chosen = {name: scenario.designs[name] for name in designs}
    counts, present = resolve_counts(scenario), find_present_design(scenario)
    effort = draw_shared_effort(situation.ledger, chosen, counts, len(price), situation.seed, present=present)
    parts = {cause.name: np.zeros_like(price) for cause in accounts.case.causes}
    parts[EFFORT] = price * (effort.one_off_days + accounts.annuity * effort.yearly_days)
    for cause, amount in _list_equal_items(accounts, designs):
        parts[cause] = parts[cause] + accounts.annuity * amount
    total = sum(parts.values(), np.zeros_like(price))
    return CommonCosts(
        total=compute_spread(total, level),
        parts={cause: compute_spread(amount, level) for cause, amount in parts.items()},
        effort_days=compute_spread(effort.one_off_days, level),
        yearly_days=compute_spread(effort.yearly_days, level),
        work_items=effort.items,
    )


def _list_equal_items(accounts: Accounts, designs: Sequence[str]) -> Iterator[tuple[str, Floats]]:
    """Cause and yearly amount of each item that is the same in all designs; effort is compared work item by item."""
    first, *others = (_scale_items(accounts, name) for name in designs)
    for key, amount in first.items():
        if key[0] != EFFORT and all(key in own and _is_alike(own[key], amount) for own in others):
            yield key[0], amount


def _is_alike(amount: Floats, other: Floats) -> bool:
    return bool(np.allclose(amount, other, rtol=_ALIKE, atol=0.0))


def _scale_items(accounts: Accounts, design: str) -> dict[tuple[str, CostDriver], Floats]:
    """Cause and driver -> money per year at the scenario's load."""
    amounts: dict[tuple[str, CostDriver], Floats] = {}
    for cause, amount, driver in accounts.costs[design].items:
        scaled = np.asarray(amount * compute_scale(accounts.case, design, driver, AS_SIMULATED))
        amounts[cause, driver] = amounts.get((cause, driver), np.zeros_like(scaled)) + scaled
    return amounts

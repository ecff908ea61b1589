"""How complicated designs are by other measures than person-days, and the work items behind the person-days."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simlib.decision.choice.inputs import counts_of, present_of
from simlib.decision.effort import EffortLedger, Indicator, explain_design, indicators
from simlib.decision.effort.explaining import Explained
from simlib.decision.effort.indicators import lived_counts
from simlib.report.effort_tables import SCALES, head_of, value_text
from simlib.report.record.tables import to_csv
from simlib.scenario.scenario import Scenario

COLUMNS = (
    *("design", "id", "title", "because_of", "kind", "times", "scales_with", "pd_low", "pd_likely", "pd_high"),
    *("source", "basis", "failure_without"),
)


@dataclass(frozen=True)
class Complexity:
    """Design -> its work items, and the indicators that are counted or measured."""

    items: Mapping[str, tuple[Explained, ...]] = field(default_factory=dict)
    indicators: tuple[Indicator, ...] = ()


def complexity_of(scenario: Scenario, ledger: EffortLedger) -> Complexity:
    """Of every design of a scenario; person-days are left to the ranking of the decision.

    Where something runs already the work items are those that are left to do.
    """
    counts, present = counts_of(scenario), present_of(scenario)
    found = indicators(ledger, scenario.designs, counts, lived=lived_counts(scenario))
    return Complexity(
        {name: explain_design(ledger, design, counts, present=present) for name, design in scenario.designs.items()},
        tuple(one for one in found if one.mark != "assumed"),
    )


def indicator_rows(complexity: Complexity) -> list[dict[str, object]]:
    """One row per indicator: what it says, of which kind it is, and design -> value."""
    return [
        {
            "label": head_of(one),
            "mark": one.mark,
            "source": one.source,
            "cells": {name: value_text(one, value) for name, value in one.values.items()},
        }
        for one in complexity.indicators
    ]


def indicators_csv(complexity: Complexity) -> str:
    """One row per indicator and design: one number, lowest and highest, or a middle with both ends."""
    rows = [
        {
            "indicator": one.name,
            "label": one.label,
            "unit": one.unit,
            "kind": one.mark,
            "design": design,
            **dict(zip(("value", "low", "high"), _three(value), strict=True)),
            "source": one.source,
        }
        for one in complexity.indicators
        for design, value in one.values.items()
    ]
    return to_csv(("indicator", "label", "unit", "kind", "design", "value", "low", "high", "source"), rows)


def effort_csv(complexity: Complexity) -> str:
    """One row per design and work item, with its estimates and sources."""
    rows = [
        {
            "design": design,
            "id": own.item.id,
            "title": own.item.title,
            "because_of": "; ".join(own.because),
            "kind": own.item.kind,
            "times": own.times,
            "scales_with": SCALES[own.item.scales_with],
            "pd_low": own.item.low,
            "pd_likely": own.item.likely,
            "pd_high": own.item.high,
            "source": own.item.source,
            "basis": own.item.basis,
            "failure_without": own.item.failure_without,
        }
        for design, items in complexity.items.items()
        for own in items
    ]
    return to_csv(COLUMNS, rows)


def largest_items(complexity: Complexity, design: str, most: int = 3) -> list[str]:
    """The work items of a design that every design does not need, the largest first, in words."""
    own = [one for one in complexity.items.get(design, ()) if not one.item.common]
    own.sort(key=lambda one: (-one.item.mean * one.times, one.item.id))
    return [f"{one.item.title} ({_days(one)}, {one.item.id})" for one in own[:most]]


def _days(one: Explained) -> str:
    often = {"recurring": "a year", "migration": "to go over"}.get(one.item.kind, "once")
    return f"{one.item.mean * one.times:.1f} person-days {often}"


def _three(value: tuple[float, ...] | None) -> tuple[float | None, float | None, float | None]:
    if value is None:
        return None, None, None
    if len(value) == 1:
        return value[0], None, None
    return (None, *value) if len(value) == 2 else (value[0], value[1], value[2])

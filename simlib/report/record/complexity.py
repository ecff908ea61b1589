"""Complexity of designs: indicators besides person-days, and the work items that the person-days are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simlib.decision.choice.inputs import find_present_design
from simlib.decision.effort import EffortLedger, Indicator, explain_design, measure_indicators, resolve_counts
from simlib.decision.effort.explaining import ItemExplanation
from simlib.decision.effort.indicators import count_process
from simlib.report.effort_tables import SCALES, format_head, format_value
from simlib.report.record.tables import format_csv
from simlib.scenario.scenario import Scenario

COLUMNS = (
    *("design", "id", "title", "because_of", "kind", "times", "scales_with", "pd_low", "pd_likely", "pd_high"),
    *("source", "basis", "failure_without"),
)


@dataclass(frozen=True)
class Complexity:
    """Design -> its work items, and the indicators that are counted or measured."""

    items: Mapping[str, tuple[ItemExplanation, ...]] = field(default_factory=dict)
    indicators: tuple[Indicator, ...] = ()


def measure_complexity(scenario: Scenario, ledger: EffortLedger) -> Complexity:
    """Complexity of every design of a scenario, without person-days, which are in the ranking of the decision.

    Where a design is in use already, the work items are those that remain to be done.
    """
    counts, present = resolve_counts(scenario), find_present_design(scenario)
    measured = measure_indicators(ledger, scenario.designs, counts, process_counts=count_process(scenario))
    return Complexity(
        {name: explain_design(ledger, design, counts, present=present) for name, design in scenario.designs.items()},
        tuple(indicator for indicator in measured if indicator.mark != "assumed"),
    )


def build_indicator_rows(complexity: Complexity) -> list[dict[str, object]]:
    """One row per indicator: label, kind, source, and design -> value."""
    return [
        {
            "label": format_head(indicator),
            "mark": indicator.mark,
            "source": indicator.source,
            "cells": {name: format_value(indicator, value) for name, value in indicator.values.items()},
        }
        for indicator in complexity.indicators
    ]


def format_indicators_csv(complexity: Complexity) -> str:
    """One row per indicator and design as CSV: a value, a range, or a value with both ends."""
    rows = [
        {
            "indicator": indicator.name,
            "label": indicator.label,
            "unit": indicator.unit,
            "kind": indicator.mark,
            "design": design,
            **dict(zip(("value", "low", "high"), _split_value(value), strict=True)),
            "source": indicator.source,
        }
        for indicator in complexity.indicators
        for design, value in indicator.values.items()
    ]
    return format_csv(("indicator", "label", "unit", "kind", "design", "value", "low", "high", "source"), rows)


def format_effort_csv(complexity: Complexity) -> str:
    """One row per design and work item as CSV, with estimates and sources."""
    rows = [
        {
            "design": design,
            "id": explanation.item.id,
            "title": explanation.item.title,
            "because_of": "; ".join(explanation.brought_by),
            "kind": explanation.item.kind,
            "times": explanation.times,
            "scales_with": SCALES[explanation.item.scales_with],
            "pd_low": explanation.item.low,
            "pd_likely": explanation.item.likely,
            "pd_high": explanation.item.high,
            "source": explanation.item.source,
            "basis": explanation.item.basis,
            "failure_without": explanation.item.failure_without,
        }
        for design, items in complexity.items.items()
        for explanation in items
    ]
    return format_csv(COLUMNS, rows)


def list_largest_items(complexity: Complexity, design: str, most: int = 3) -> list[str]:
    """Work items of a design that not all designs need, the largest first, in words."""
    explanations = [explanation for explanation in complexity.items.get(design, ()) if not explanation.item.common]
    explanations.sort(key=lambda explanation: (-explanation.item.mean * explanation.times, explanation.item.id))
    return [
        f"{explanation.item.title} ({_format_days(explanation)}, {explanation.item.id})"
        for explanation in explanations[:most]
    ]


def _format_days(explanation: ItemExplanation) -> str:
    period = {"recurring": "a year", "migration": "to migrate"}.get(explanation.item.kind, "once")
    return f"{explanation.item.mean * explanation.times:.1f} person-days {period}"


def _split_value(value: tuple[float, ...] | None) -> tuple[float | None, float | None, float | None]:
    if value is None:
        return None, None, None
    if len(value) == 1:
        return value[0], None, None
    return (None, *value) if len(value) == 2 else (value[0], value[1], value[2])

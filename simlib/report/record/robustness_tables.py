"""CSV tables of a decision's robustness: switch values, verdicts under other assumptions, costs that are the same."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from simlib.decision.choice.results import Decision

Row = Mapping[str, Any]
SWITCHES, ALTERNATIVES, COMMON = "switches.csv", "alternatives.csv", "common.csv"
ROBUSTNESS_TABLES: Mapping[str, Sequence[str]] = {
    SWITCHES: ("input", "unit", "value", "low", "high", "switch_value", "within_range", "design"),
    ALTERNATIVES: (
        "assumption",
        "best",
        "share_of_draws",
        "decided",
        "turns_the_verdict",
        "changes_the_verdict",
        "work_items",
    ),
    COMMON: ("cause", "mean", "median", "low", "high", "currency"),
}
"""File -> its columns."""


def list_switch_rows(decision: Decision) -> Iterable[Row]:
    """Switch values, the nearest first."""
    for switch in decision.switches:
        yield {
            "input": switch.input,
            "unit": switch.unit,
            "value": switch.value,
            "low": switch.low,
            "high": switch.high,
            "switch_value": switch.at,
            "within_range": "yes" if switch.is_within and switch.low < switch.high else "no",
            "design": switch.design,
        }


def list_alternative_rows(decision: Decision) -> Iterable[Row]:
    """The verdict under other assumptions."""
    for own in decision.alternatives:
        yield {
            "assumption": own.assumption,
            "best": own.best,
            "share_of_draws": own.share,
            "decided": "yes" if own.decided else "no",
            "turns_the_verdict": "yes" if own.turns else "no",
            "changes_the_verdict": "yes" if own.changes else "no",
            "work_items": " ".join(own.items),
        }


def list_common_rows(decision: Decision) -> Iterable[Row]:
    """Present value of costs that are the same in every design, by cause and in total."""
    if decision.common is None:
        return
    parts = {**decision.common.parts, "total": decision.common.total}
    for cause, part in parts.items():
        ends = {end: getattr(part, end) for end in ("mean", "median", "low", "high")}
        yield {"cause": cause, **ends, "currency": decision.scenario.prices.currency}

"""CSV tables of a decision with full precision: base units (seconds, bytes, shares), money in the prices' currency."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from simlib.decision.choice.results import Decision, Spread
from simlib.report.record.cost_pairs import COLUMNS, COST_PAIRS, list_cost_pair_rows
from simlib.report.record.inputs import list_inputs
from simlib.report.record.net_present_value import list_pairs
from simlib.report.record.robustness_tables import (
    ALTERNATIVES,
    COMMON,
    ROBUSTNESS_TABLES,
    SWITCHES,
    list_alternative_rows,
    list_common_rows,
    list_switch_rows,
)
from simlib.scenario.setting_changes import Remedy, format_value

Row = Mapping[str, Any]
_ENDS = ("mean", "median", "low", "high")


def _name_columns(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}_{end}" for name in names for end in _ENDS)


TABLES: Mapping[str, Sequence[str]] = {
    "limits.csv": ("design", "limit", "allowed", "found", "word", "reason", "more_replications", "would_do", "caveat"),
    "ranking.csv": (
        *("design", "place", "p_best"),
        *_name_columns("effort_days", "yearly_days", "running_cost_per_year", "total_cost"),
        *("currency", "level", "draws"),
    ),
    "cost.csv": ("design", "cause", *_ENDS, "currency"),
    "npv.csv": (
        *("design", "against", *_name_columns("npv"), "p_positive", "payback_years", "never_pays_back"),
        *(
            "flip_per_million",
            "break_even_loads",
            "steps",
            "certain_below",
            "certain_above",
            "always",
            "load_low",
            "load_high",
        ),
        *("never_breaks_even", *_name_columns("break_even"), "currency"),
    ),
    "npv_parts.csv": ("design", "against", "cause", *_ENDS, "currency"),
    "curve.csv": ("design", "against", "load", "mean", "low", "high", "currency"),
    "sizes.csv": (
        *("design", "load", "chosen", "service_vcpus", "authorization_server_vcpus", "database_vcpus"),
        *("cost_per_hour", "currency", "met", "simulated", "reasons"),
    ),
    "sensitivity.csv": (
        *("design", "against", "input", "unit", "low", "high", "npv_low", "npv_high"),
        *("first", "first_half_width", "total", "total_half_width", "unexplained"),
    ),
    "frontier.csv": ("figure", "design", *_name_columns("effort_days", "gain"), "dominated_by", "surely_dominated_by"),
    "inputs.csv": ("input", "value_and_source", "kind", "who_can_say_better", "where"),
    **ROBUSTNESS_TABLES,
    COST_PAIRS: COLUMNS,
}
"""File -> its columns."""


def build_decision_tables(decision: Decision) -> dict[str, str]:
    """File name -> CSV, with a header even where there are no rows."""
    return {name: format_csv(columns, _ROWS[name](decision)) for name, columns in TABLES.items()}


def format_csv(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Rows as CSV; empty cells where a value is undefined."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _blank_undefined(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _blank_undefined(value: Any) -> Any:
    return "" if isinstance(value, float) and math.isnan(value) else value


def _flatten_spread(name: str, spread: Spread | None) -> dict[str, Any]:
    return {f"{name}_{end}": None if spread is None else getattr(spread, end) for end in _ENDS}


def _flatten_ends(spread: Spread) -> dict[str, Any]:
    return {end: getattr(spread, end) for end in _ENDS}


def _find_currency(decision: Decision) -> dict[str, Any]:
    return {"currency": decision.scenario.prices.currency}


def _list_limits(decision: Decision) -> Iterable[Row]:
    for outcome in decision.limits:
        yield {
            "design": outcome.design,
            "limit": outcome.limit,
            "allowed": outcome.allowed,
            "found": outcome.found,
            "word": outcome.word,
            "reason": outcome.reason,
            "more_replications": outcome.more_replications,
            "would_do": " or ".join(
                _format_remedy(remedy, breaks)
                for remedy, breaks in zip_longest(outcome.remedies, outcome.breaks, fillvalue=())
            ),
            "caveat": outcome.caveat,
        }


def _format_remedy(remedy: Remedy, breaks: tuple[str, ...]) -> str:
    values = " and ".join(f"{change.key} = {format_value(change.value)}" for change in remedy)
    return f"{values} (breaks {' and '.join(breaks)})" if breaks else values


def _list_ranking(decision: Decision) -> Iterable[Row]:
    for ranked in decision.ranking:
        yield {
            "design": ranked.design,
            "place": ranked.place or "out",
            "p_best": ranked.p_best,
            **_flatten_spread("effort_days", ranked.effort_days),
            **_flatten_spread("yearly_days", ranked.yearly_days),
            **_flatten_spread("running_cost_per_year", ranked.running_cost_per_year),
            **_flatten_spread("total_cost", ranked.total_cost),
            "level": decision.level,
            "draws": decision.draws,
            **_find_currency(decision),
        }


def _list_costs(decision: Decision) -> Iterable[Row]:
    for ranked in decision.ranking:
        for cause, part in ranked.cost_parts.items():
            yield {"design": ranked.design, "cause": cause, **_flatten_ends(part), **_find_currency(decision)}


def _list_net_present_values(decision: Decision) -> Iterable[Row]:
    for pair in list_pairs(decision):
        yield {
            "design": pair.design,
            "against": pair.against,
            **_flatten_spread("npv", pair.npv),
            "p_positive": pair.p_positive,
            "payback_years": pair.payback_years,
            "never_pays_back": pair.never_pays_back,
            "flip_per_million": pair.flip_per_million,
            "break_even_loads": _join_values(crossing.load for crossing in pair.crossings),
            "steps": _join_values(crossing.step for crossing in pair.crossings),
            "certain_below": _join_values(crossing.below and crossing.below.near for crossing in pair.crossings),
            "certain_above": _join_values(crossing.above and crossing.above.near for crossing in pair.crossings),
            "always": pair.always,
            "load_low": pair.load_range[0],
            "load_high": pair.load_range[1],
            "never_breaks_even": pair.never_breaks_even,
            **_flatten_spread("break_even", pair.break_even),
            **_find_currency(decision),
        }


def _join_values(values: Iterable[float | None]) -> str:
    """One entry per crossing, "-" where there is none."""
    return " ".join("-" if value is None else str(value) for value in values)


def _list_parts(decision: Decision) -> Iterable[Row]:
    for pair in list_pairs(decision):
        for cause, part in pair.parts.items():
            yield {
                "design": pair.design,
                "against": pair.against,
                "cause": cause,
                **_flatten_ends(part),
                **_find_currency(decision),
            }


def _list_curves(decision: Decision) -> Iterable[Row]:
    for pair in list_pairs(decision):
        curve = pair.curve
        for load, mean, low, high in zip(curve.loads, curve.mean, curve.low, curve.high, strict=True):
            yield {
                "design": pair.design,
                "against": pair.against,
                "load": load,
                "mean": mean,
                "low": low,
                "high": high,
                **_find_currency(decision),
            }


def _list_sizes(decision: Decision) -> Iterable[Row]:
    for size in decision.gain.sizes.values():
        chosen = (size.service_vcpus, size.authorization_server_vcpus, size.database_vcpus)
        for trial in size.trials:
            vcpus = (trial.service_vcpus, trial.authorization_server_vcpus, trial.database_vcpus)
            yield {
                "design": size.design,
                "load": size.load,
                "chosen": "yes" if size.met and vcpus == chosen else "no",
                "service_vcpus": trial.service_vcpus,
                "authorization_server_vcpus": trial.authorization_server_vcpus,
                "database_vcpus": trial.database_vcpus,
                "cost_per_hour": trial.cost_per_hour,
                "met": "yes" if trial.met else "no",
                "simulated": "yes" if trial.simulated else "no",
                "reasons": "; ".join(trial.reasons),
                **_find_currency(decision),
            }


def _list_sensitivities(decision: Decision) -> Iterable[Row]:
    for sensitivity in decision.sensitivity:
        indices = {index.input: index for index in sensitivity.sobol}
        for swing in sensitivity.tornado:
            index = indices.get(swing.input)
            yield {
                "design": sensitivity.design,
                "against": sensitivity.against,
                "input": swing.input,
                "unit": swing.unit,
                "low": swing.low,
                "high": swing.high,
                "npv_low": swing.npv_low,
                "npv_high": swing.npv_high,
                **({} if index is None else {k: v for k, v in vars(index).items() if k != "input"}),
                "unexplained": sensitivity.unexplained,
            }


def _list_frontiers(decision: Decision) -> Iterable[Row]:
    for frontier in decision.frontiers:
        for point in frontier.points:
            yield {
                "figure": frontier.figure,
                "design": point.design,
                **_flatten_spread("effort_days", point.effort_days),
                **_flatten_spread("gain", point.gain),
                "dominated_by": " ".join(point.dominated_by),
                "surely_dominated_by": " ".join(point.surely_dominated_by),
            }


def _list_input_rows(decision: Decision) -> Iterable[Row]:
    for item in list_inputs(decision):
        yield dict(zip(("input", "value_and_source", "kind", "who_can_say_better", "where"), item, strict=True))


_ROWS: Mapping[str, Callable[[Decision], Iterable[Row]]] = {
    "limits.csv": _list_limits,
    "ranking.csv": _list_ranking,
    "cost.csv": _list_costs,
    "npv.csv": _list_net_present_values,
    "npv_parts.csv": _list_parts,
    "curve.csv": _list_curves,
    "sizes.csv": _list_sizes,
    "sensitivity.csv": _list_sensitivities,
    "frontier.csv": _list_frontiers,
    "inputs.csv": _list_input_rows,
    SWITCHES: list_switch_rows,
    ALTERNATIVES: list_alternative_rows,
    COMMON: list_common_rows,
    COST_PAIRS: list_cost_pair_rows,
}

"""A decision as CSV tables with full precision: base units (seconds, bytes, shares), money in the prices' currency."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from simlib.decision.choice.results import Decision, Spread
from simlib.report.record.assumptions import inputs
from simlib.report.record.worth import pairs

Row = Mapping[str, Any]
_ENDS = ("mean", "median", "low", "high")


def _columns(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}_{end}" for name in names for end in _ENDS)


TABLES: Mapping[str, Sequence[str]] = {
    "limits.csv": ("design", "limit", "allowed", "found", "word", "reason", "more_replications"),
    "ranking.csv": (
        *("design", "place", "p_best"),
        *_columns("effort_days", "yearly_days", "running_cost_per_year", "total_cost"),
        *("currency", "level", "draws"),
    ),
    "cost.csv": ("design", "cause", *_ENDS, "currency"),
    "npv.csv": (
        *("design", "against", *_columns("npv"), "p_positive", "payback_years", "never_pays_back"),
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
        *("never_breaks_even", *_columns("break_even"), "currency"),
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
    "frontier.csv": ("figure", "design", *_columns("effort_days", "gain"), "dominated_by"),
    "inputs.csv": ("input", "value_and_source", "kind", "who_can_say_better", "where"),
}
"""File -> its columns."""


def decision_tables(decision: Decision) -> dict[str, str]:
    """Name of the file -> CSV, a header even where there is nothing to tell."""
    return {name: to_csv(columns, _ROWS[name](decision)) for name, columns in TABLES.items()}


def to_csv(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Rows as CSV; empty cells where a value is undefined."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    return "" if isinstance(value, float) and math.isnan(value) else value


def _spread(name: str, own: Spread | None) -> dict[str, Any]:
    return {f"{name}_{end}": None if own is None else getattr(own, end) for end in _ENDS}


def _ends(own: Spread) -> dict[str, Any]:
    return {end: getattr(own, end) for end in _ENDS}


def _currency(decision: Decision) -> dict[str, Any]:
    return {"currency": decision.scenario.prices.currency}


def _limits(decision: Decision) -> Iterable[Row]:
    for own in decision.limits:
        yield {
            "design": own.design,
            "limit": own.limit,
            "allowed": own.allowed,
            "found": own.found,
            "word": own.word,
            "reason": own.reason,
            "more_replications": own.more_replications,
        }


def _ranking(decision: Decision) -> Iterable[Row]:
    for own in decision.ranking:
        yield {
            "design": own.design,
            "place": own.place or "out",
            "p_best": own.p_best,
            **_spread("effort_days", own.effort_days),
            **_spread("yearly_days", own.yearly_days),
            **_spread("running_cost_per_year", own.running_cost_per_year),
            **_spread("total_cost", own.total_cost),
            "level": decision.level,
            "draws": decision.draws,
            **_currency(decision),
        }


def _costs(decision: Decision) -> Iterable[Row]:
    for own in decision.ranking:
        for cause, part in own.cost_parts.items():
            yield {"design": own.design, "cause": cause, **_ends(part), **_currency(decision)}


def _npv(decision: Decision) -> Iterable[Row]:
    for own in pairs(decision):
        yield {
            "design": own.design,
            "against": own.against,
            **_spread("npv", own.npv),
            "p_positive": own.p_positive,
            "payback_years": own.payback_years,
            "never_pays_back": own.never_pays_back,
            "flip_per_million": own.flip_per_million,
            "break_even_loads": _listed(crossing.load for crossing in own.crossings),
            "steps": _listed(crossing.step for crossing in own.crossings),
            "certain_below": _listed(crossing.below and crossing.below.near for crossing in own.crossings),
            "certain_above": _listed(crossing.above and crossing.above.near for crossing in own.crossings),
            "always": own.always,
            "load_low": own.load_range[0],
            "load_high": own.load_range[1],
            "never_breaks_even": own.never_breaks_even,
            **_spread("break_even", own.break_even),
            **_currency(decision),
        }


def _listed(values: Iterable[float | None]) -> str:
    """One entry per crossing, "-" where there is none."""
    return " ".join("-" if value is None else str(value) for value in values)


def _parts(decision: Decision) -> Iterable[Row]:
    for own in pairs(decision):
        for cause, part in own.parts.items():
            yield {
                "design": own.design,
                "against": own.against,
                "cause": cause,
                **_ends(part),
                **_currency(decision),
            }


def _curves(decision: Decision) -> Iterable[Row]:
    for own in pairs(decision):
        curve = own.curve
        for load, mean, low, high in zip(curve.loads, curve.mean, curve.low, curve.high, strict=True):
            yield {
                "design": own.design,
                "against": own.against,
                "load": load,
                "mean": mean,
                "low": low,
                "high": high,
                **_currency(decision),
            }


def _sizes(decision: Decision) -> Iterable[Row]:
    for size in decision.gain.sizes.values():
        chosen = (size.service_vcpus, size.authorization_server_vcpus, size.database_vcpus)
        for trial in size.trials:
            own = (trial.service_vcpus, trial.authorization_server_vcpus, trial.database_vcpus)
            yield {
                "design": size.design,
                "load": size.load,
                "chosen": "yes" if size.met and own == chosen else "no",
                "service_vcpus": trial.service_vcpus,
                "authorization_server_vcpus": trial.authorization_server_vcpus,
                "database_vcpus": trial.database_vcpus,
                "cost_per_hour": trial.cost_per_hour,
                "met": "yes" if trial.met else "no",
                "simulated": "yes" if trial.simulated else "no",
                "reasons": "; ".join(trial.reasons),
                **_currency(decision),
            }


def _sensitivity(decision: Decision) -> Iterable[Row]:
    for own in decision.sensitivity:
        indices = {index.input: index for index in own.sobol}
        for swing in own.tornado:
            index = indices.get(swing.input)
            yield {
                "design": own.design,
                "against": own.against,
                "input": swing.input,
                "unit": swing.unit,
                "low": swing.low,
                "high": swing.high,
                "npv_low": swing.npv_low,
                "npv_high": swing.npv_high,
                **({} if index is None else {k: v for k, v in vars(index).items() if k != "input"}),
                "unexplained": own.unexplained,
            }


def _frontiers(decision: Decision) -> Iterable[Row]:
    for frontier in decision.frontiers:
        for point in frontier.points:
            yield {
                "figure": frontier.figure,
                "design": point.design,
                **_spread("effort_days", point.effort_days),
                **_spread("gain", point.gain),
                "dominated_by": " ".join(point.dominated_by),
            }


def _inputs(decision: Decision) -> Iterable[Row]:
    for own in inputs(decision):
        yield dict(zip(("input", "value_and_source", "kind", "who_can_say_better", "where"), own, strict=True))


_ROWS: Mapping[str, Callable[[Decision], Iterable[Row]]] = {
    "limits.csv": _limits,
    "ranking.csv": _ranking,
    "cost.csv": _costs,
    "npv.csv": _npv,
    "npv_parts.csv": _parts,
    "curve.csv": _curves,
    "sizes.csv": _sizes,
    "sensitivity.csv": _sensitivity,
    "frontier.csv": _frontiers,
    "inputs.csv": _inputs,
}

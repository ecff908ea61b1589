"""Document of a decision in JSON types: the content of decision.json."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import METRICS
from simlib.decision.choice.results import Decision
from simlib.decision.gain.values import Size

FORMAT = 1
SHARES = (
    "p_best, p_positive and share are shares of the draws, given these estimates, and no probabilities of being right"
)
_FIELDS = (
    *("word", "chosen", "reason", "equivalents", "margin", "more_replications", "open_because", "baseline", "opponent"),
    *("limits", "ranking", "against", "sensitivity", "frontiers", "inputs", "left_out"),
    *("pairs", "switches", "alternatives", "common"),
)


def build_decision_document(decision: Decision) -> dict[str, Any]:
    """Content of a decision without its draws and the scenario itself, which run.json holds.

    Numbers that are not finite are null. Equal decisions give equal documents, with their keys in the same order.
    """
    scenario = decision.scenario
    return {
        "format": FORMAT,
        "scenario": scenario.name,
        "currency": scenario.prices.currency,
        "horizon_years": scenario.terms.horizon_years,
        "level": decision.level,
        "draws": decision.draws,
        "shares": SHARES,
        **{name: convert_to_json(getattr(decision, name)) for name in _FIELDS},
        "designs": {name: _build_design(decision, name) for name in scenario.designs},
        "metrics": {name: {"label": metric.label, "sentence": metric.sentence} for name, metric in METRICS.items()},
        "lengths": convert_to_json(decision.gain.lengths),
    }


def _build_design(decision: Decision, name: str) -> dict[str, Any]:
    size = decision.gain.sizes.get(name)
    return {
        "title": decision.scenario.designs[name].title,
        "work_items": list(decision.effort[name].items),
        "size": None if size is None else _build_size(size),
        "figures": {
            metric: convert_to_json(own) for metric, own in decision.verdicts.intervals[name].items() if own.n > 0
        },
        "busiest_host": decision.verdicts.busiest_hosts.get(name) or None,
        "few_excursions": sorted(metric for own, metric in decision.verdicts.few_excursions if own == name),
        "in_gap": sorted(metric for own, metric in decision.verdicts.gaps if own == name),
    }


def _build_size(size: Size) -> dict[str, Any]:
    return {key: convert_to_json(value) for key, value in _list_fields(size).items() if key != "design"}


def convert_to_json(value: Any) -> Any:
    """Dataclasses, named tuples, mappings and sequences as JSON types; raises TypeError for other types."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Interval):
        return {name: convert_to_json(getattr(value, name)) for name in ("mean", "low", "high", "n")}
    if is_dataclass(value) or hasattr(value, "_asdict"):
        return {name: convert_to_json(own) for name, own in _list_fields(value).items()}
    if isinstance(value, Mapping):
        return {str(key): convert_to_json(own) for key, own in value.items()}
    if isinstance(value, list | tuple):
        return [convert_to_json(own) for own in value]
    return _convert_number(value)


def _convert_number(value: Any) -> int | float | None:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    raise TypeError(f"{type(value).__name__} is no type of JSON")


def _list_fields(value: Any) -> dict[str, Any]:
    """Names and values of a dataclass or a named tuple."""
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    named: dict[str, Any] = value._asdict()
    return named

"""Comparison as CSV tables, as text and as a JSON document, in base units (seconds, bytes, shares)."""

import csv
import io
import math
from collections.abc import Iterator, Mapping
from typing import Any

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import METRICS
from simlib.analysis.utilisation import BUSIEST
from simlib.decision import (
    Judgement,
    LimitOutcome,
    ProfileDependence,
    ValidityBounds,
    Verdicts,
    list_promise_sentences,
)
from simlib.report.pair_tables import list_best_rows, list_pair_rows
from simlib.report.profile_tables import build_profiles_document

COLUMNS = (
    "design",
    "metric",
    "unit",
    "replications",
    "mean",
    "low",
    "high",
    "difference",
    "difference_low",
    "difference_high",
    "margin",
    "word",
    "more_replications",
    "host",
    "few_excursions",
    "in_gap",
)


def build_summary_rows(verdicts: Verdicts) -> Iterator[dict[str, Any]]:
    """One row per design and metric with the keys `COLUMNS`; None where a value is undefined.

    Differences are paired, to the baseline; the intervals of all pairs of designs hold together. Interval
    ends are infinite with one replication. ``host`` is the busiest one, for its utilisation; ``few_excursions`` is true
    for a quantile whose interval covers less than it states, ``in_gap`` for one in a gap between two kinds of requests.
    """
    for design in verdicts.designs:
        for name, metric in METRICS.items():
            interval = _find_steady_interval(verdicts, design, name)
            judgement = verdicts.judgements.get(design, {}).get(name)
            difference = judgement.difference if judgement else None
            yield {
                "design": design,
                "metric": name,
                "unit": metric.unit,
                "replications": verdicts.intervals[design][name].n,
                **_build_interval("mean", "low", "high", interval),
                **_build_interval("difference", "difference_low", "difference_high", difference),
                "margin": judgement.margin if judgement else None,
                "word": verdicts.find_word(design, name),
                "more_replications": judgement.more_replications if judgement else None,
                "host": verdicts.busiest_hosts.get(design) if name == BUSIEST else None,
                "few_excursions": (design, name) in verdicts.few_excursions or None,
                "in_gap": (design, name) in verdicts.gaps or None,
            }


def format_summary_csv(verdicts: Verdicts) -> str:
    """`build_summary_rows` as CSV with full precision; empty cells where a value is undefined."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(build_summary_rows(verdicts))
    return text.getvalue()


def format_replications_csv(verdicts: Verdicts) -> str:
    """One row per replication of each design with full precision; empty cells where a figure is undefined."""
    return str(verdicts.comparison.table.to_csv(index=False, lineterminator="\n"))


def format_verdict(verdicts: Verdicts, dependence: ProfileDependence | None = None) -> str:
    """Limits, best designs, differences, bounds, other cost profiles and notes as sentences, one per line."""
    under_others = () if dependence is None else dependence.sentences
    promises = list_promise_sentences(verdicts.promises)
    judged = (*verdicts.limit_sentences, *verdicts.best_sentences, *verdicts.headlines)
    sentences = (*judged, *promises, *under_others, *verdicts.notes)
    return "\n".join(sentences) + "\n"


def build_comparison_document(verdicts: Verdicts, dependence: ProfileDependence | None = None) -> dict[str, Any]:
    """A comparison as JSON types; None for what is undefined or infinite, and for profiles that were not run."""
    scenario = verdicts.scenario
    table = verdicts.comparison.table
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "seed": scenario.run.seed,
        "replications": scenario.run.replications,
        "level": scenario.run.level,
        "baseline": verdicts.baseline,
        "designs": {design: _build_design(verdicts, design) for design in verdicts.designs},
        "summary": [_drop_infinite(row) for row in build_summary_rows(verdicts)],
        "metrics": {name: {"label": metric.label, "sentence": metric.sentence} for name, metric in METRICS.items()},
        "opponent": verdicts.opponent,
        "against_opponent": [
            _build_judgement(j) for by_metric in verdicts.opponents.values() for j in by_metric.values()
        ],
        "pair_level": verdicts.pair_level,
        "pairs": [_drop_infinite(row) for row in list_pair_rows(verdicts)],
        "best": [_drop_infinite(row) for row in list_best_rows(verdicts)],
        "best_sentences": list(verdicts.best_sentences),
        "limits": [_build_limit(outcome, scenario.limits.model_dump()) for outcome in verdicts.limits],
        "limit_sentences": list(verdicts.limit_sentences),
        "headlines": list(verdicts.headlines),
        "promises": build_promises_document(verdicts.promises),
        "not_settled": [
            {"design": drift.design, "metric": drift.metric}
            | _drop_infinite(_build_interval("difference", "difference_low", "difference_high", drift.difference))
            for drift in verdicts.drifts
        ],
        "notes": list(verdicts.notes),
        "profiles": None if dependence is None else build_profiles_document(dependence),
        "rows": [_drop_infinite(row) for row in table.to_dict(orient="records")],
    }


def build_promises_document(promises: Mapping[str, ValidityBounds]) -> dict[str, Any]:
    """Design -> most seconds for which an invalid token is accepted (None: unlimited), and the marks."""
    return {
        name: _drop_infinite(
            {
                "after_expiry_s": bounds.after_expiry_s,
                "after_revocation_s": bounds.after_revocation_s,
                "outlives_expiry": bounds.outlives_expiry,
                "outlives_revocation": bounds.outlives_revocation,
            }
        )
        for name, bounds in promises.items()
    }


def _build_design(verdicts: Verdicts, design: str) -> dict[str, Any]:
    stability = verdicts.stability[design]
    return {
        "title": verdicts.scenario.designs[design].title,
        "unstable": stability.unstable,
        "busiest_host": verdicts.busiest_hosts.get(design) or None,
        "station_forms": dict(verdicts.comparison.forms[design]),
        "backlog_slope": _drop_infinite(_build_interval("mean", "low", "high", stability.slope)),
    }


def _build_judgement(judgement: Judgement) -> dict[str, Any]:
    row = {
        "design": judgement.design,
        "metric": judgement.metric.name,
        "unit": judgement.metric.unit,
        **_build_interval("difference", "difference_low", "difference_high", judgement.difference),
        "margin": judgement.margin,
        "word": judgement.word,
        "more_replications": judgement.more_replications,
    }
    return _drop_infinite(row)


def _build_limit(outcome: LimitOutcome, stated: Mapping[str, Any]) -> dict[str, Any]:
    """One limit and design; ``limit`` is the stated value (true for a flag), null for stability."""
    return {
        "design": outcome.design,
        "metric": outcome.limit,
        "limit": stated.get(outcome.limit),
        "allowed": outcome.allowed,
        "found": outcome.found,
        "word": outcome.word,
        "reason": outcome.reason,
        "more_replications": outcome.more_replications,
        "caveat": outcome.caveat or None,
        "remedies": [[change._asdict() for change in remedy] for remedy in outcome.remedies],
        **({"remedies_break": outcome.breaks} if any(outcome.breaks) else {}),
    }


def _find_steady_interval(verdicts: Verdicts, design: str, name: str) -> Interval | None:
    return verdicts.intervals[design][name] if verdicts.is_steady(design, name) else None


def _build_interval(mean: str, low: str, high: str, interval: Interval | None) -> dict[str, float | None]:
    if interval is None or interval.n == 0:
        return {mean: None, low: None, high: None}
    return {mean: interval.mean, low: interval.low, high: interval.high}


def _drop_infinite(row: Mapping[Any, Any]) -> dict[str, Any]:
    """The row with None in place of NaN and infinity, which JSON lacks."""
    return {
        str(key): None if isinstance(value, float) and not math.isfinite(value) else value for key, value in row.items()
    }

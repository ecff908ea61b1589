"""A comparison as plain tables and as one JSON document, in base units (seconds, bytes, shares)."""

import csv
import io
import math
from collections.abc import Iterator, Mapping
from typing import Any

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import METRICS
from simlib.decision import Judgement, LimitCheck, ProfileDependence, Verdicts, promise_sentences, promised
from simlib.report.profile_tables import profiles_document
from simlib.scenario.scenario import Scenario

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
)


def summary_rows(verdicts: Verdicts) -> Iterator[dict[str, Any]]:
    """One row per design and metric with the keys `COLUMNS`; None where there is nothing to say.

    Differences are to the first design, pair by pair. Interval ends are infinite with one replication.
    """
    for design in verdicts.designs:
        for name, metric in METRICS.items():
            shown = _steady_interval(verdicts, design, name)
            judgement = verdicts.judgements.get(design, {}).get(name)
            difference = judgement.difference if judgement else None
            yield {
                "design": design,
                "metric": name,
                "unit": metric.unit,
                "replications": verdicts.intervals[design][name].n,
                **_interval("mean", "low", "high", shown),
                **_interval("difference", "difference_low", "difference_high", difference),
                "margin": judgement.margin if judgement else None,
                "word": verdicts.word(design, name),
                "more_replications": judgement.more_replications if judgement else None,
            }


def summary_csv(verdicts: Verdicts) -> str:
    """`summary_rows` as CSV with full precision; empty cells where there is nothing to say."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(summary_rows(verdicts))
    return text.getvalue()


def replications_csv(verdicts: Verdicts) -> str:
    """One row per replication of each design with full precision; empty cells where a figure is undefined."""
    return str(verdicts.comparison.table.to_csv(index=False, lineterminator="\n"))


def verdict_text(verdicts: Verdicts, dependence: ProfileDependence | None = None) -> str:
    """What is said in words: limits, differences, promises, other cost profiles, what to keep in mind; a line each."""
    under_others = () if dependence is None else dependence.sentences
    promises = promise_sentences(verdicts.scenario)
    said = (*verdicts.limit_sentences, *verdicts.headlines, *promises, *under_others, *verdicts.notes)
    return "\n".join(said) + "\n"


def comparison_document(verdicts: Verdicts, dependence: ProfileDependence | None = None) -> dict[str, Any]:
    """A comparison as JSON types; None for what is undefined or infinite, and for profiles that were not tried."""
    scenario = verdicts.scenario
    table = verdicts.comparison.table
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "seed": scenario.run.seed,
        "replications": scenario.run.replications,
        "level": scenario.run.level,
        "baseline": verdicts.baseline,
        "designs": {design: _design(verdicts, design) for design in verdicts.designs},
        "summary": [_finite(row) for row in summary_rows(verdicts)],
        "opponent": verdicts.opponent,
        "against_opponent": [_judged(j) for own in verdicts.opponents.values() for j in own.values()],
        "limits": [_limit(check) for check in verdicts.limits],
        "limit_sentences": list(verdicts.limit_sentences),
        "headlines": list(verdicts.headlines),
        "promises": promises_document(scenario),
        "notes": list(verdicts.notes),
        "profiles": None if dependence is None else profiles_document(dependence),
        "rows": [_finite(row) for row in table.to_dict(orient="records")],
    }


def promises_document(scenario: Scenario) -> dict[str, Any]:
    """Design -> for how many seconds at most a token works when it should not (None: any time), and the marks."""
    return {
        name: _finite(
            {
                "after_expiry_s": own.after_expiry_s,
                "after_revocation_s": own.after_revocation_s,
                "outlives_expiry": own.outlives_expiry,
                "outlives_revocation": own.outlives_revocation,
            }
        )
        for name, own in promised(scenario).items()
    }


def _design(verdicts: Verdicts, design: str) -> dict[str, Any]:
    own = verdicts.stability[design]
    return {
        "title": verdicts.scenario.designs[design].title,
        "unstable": own.unstable,
        "station_forms": dict(verdicts.comparison.forms[design]),
        "backlog_slope": _finite(_interval("mean", "low", "high", own.slope)),
    }


def _judged(judgement: Judgement) -> dict[str, Any]:
    row = {
        "design": judgement.design,
        "metric": judgement.metric.name,
        "unit": judgement.metric.unit,
        **_interval("difference", "difference_low", "difference_high", judgement.difference),
        "margin": judgement.margin,
        "word": judgement.word,
        "more_replications": judgement.more_replications,
    }
    return _finite(row)


def _limit(check: LimitCheck) -> dict[str, Any]:
    return {"design": check.design, "metric": check.metric.name, "limit": check.limit, "word": check.word}


def _steady_interval(verdicts: Verdicts, design: str, name: str) -> Interval | None:
    return verdicts.intervals[design][name] if verdicts.steady(design, name) else None


def _interval(mean: str, low: str, high: str, interval: Interval | None) -> dict[str, float | None]:
    if interval is None or interval.n == 0:
        return {mean: None, low: None, high: None}
    return {mean: interval.mean, low: interval.low, high: interval.high}


def _finite(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Without NaN and infinity, which JSON does not know."""
    return {
        str(key): None if isinstance(value, float) and not math.isfinite(value) else value for key, value in row.items()
    }

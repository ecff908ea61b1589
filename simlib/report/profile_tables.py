"""Dependence of verdicts on the cost profile, as rows for pages and terminals, as CSV and as JSON types."""

import csv
import io
from dataclasses import dataclass
from typing import Any

from simlib.analysis.metrics import METRICS
from simlib.decision import Judgement, ProfileDependence
from simlib.report.cells import Cell, format_difference, format_further_replications, format_label

COLUMNS = (
    "metric",
    "unit",
    "design",
    "reference",
    "profile",
    "replications",
    "difference",
    "difference_low",
    "difference_high",
    "margin",
    "word",
    "reading",
)
_NONE = Cell("", "", "unstable")


@dataclass(frozen=True)
class ProfileRow:
    """One metric of one design against another: a cell per profile, and "same", "changes" or "open"."""

    label: str
    pair: str
    reading: str
    cells: tuple[Cell, ...]


def build_profile_rows(dependence: ProfileDependence) -> list[ProfileRow]:
    """Rows of the table, metric by metric; a cell has the paired difference and its verdict."""
    return [
        ProfileRow(
            format_label(METRICS[pair.metric]),
            f"{pair.design} against {pair.reference}",
            pair.reading,
            tuple(_NONE if judgement is None else _build_cell(judgement) for judgement in pair.judgements.values()),
        )
        for pair in dependence.pairs
    ]


def _build_cell(judgement: Judgement) -> Cell:
    return Cell("", format_difference(judgement), judgement.word, format_further_replications(judgement))


def format_profiles_csv(dependence: ProfileDependence) -> str:
    """One row per pair, metric and profile as CSV with full precision, in base units; empty where undefined."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_build_rows(dependence))
    return text.getvalue()


def build_profiles_document(dependence: ProfileDependence) -> dict[str, Any]:
    """The same as JSON types; None for what is undefined or infinite."""
    finite = [
        {key: None if isinstance(v, float) and v - v != 0 else v for key, v in row.items()}
        for row in _build_rows(dependence)
    ]
    return {
        "profiles": dict(dependence.replications),
        "unpriced": {name: {"design": d, "lacks": lack} for name, (d, lack) in dependence.unpriced.items()},
        "sentences": list(dependence.sentences),
        "words": finite,
    }


def _build_rows(dependence: ProfileDependence) -> list[dict[str, Any]]:
    return [
        {
            "metric": pair.metric,
            "unit": METRICS[pair.metric].unit,
            "design": pair.design,
            "reference": pair.reference,
            "profile": profile,
            "replications": dependence.replications[profile],
            **_build_difference(judgement),
            "word": pair.words[profile],
            "reading": pair.reading,
        }
        for pair in dependence.pairs
        for profile, judgement in pair.judgements.items()
    ]


def _build_difference(judgement: Judgement | None) -> dict[str, float | None]:
    if judgement is None or judgement.difference.n == 0:
        return {"difference": None, "difference_low": None, "difference_high": None, "margin": None}
    interval = judgement.difference
    return {
        "difference": interval.mean,
        "difference_low": interval.low,
        "difference_high": interval.high,
        "margin": judgement.margin,
    }

"""All pairs of designs and the best of them: matrices for pages and terminals, CSV and JSON types."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simlib.analysis.metrics import METRICS, Metric
from simlib.decision import Judgement, Verdicts
from simlib.decision.best_designs import Standing
from simlib.decision.figure_notes import IN_GAP
from simlib.decision.notes import HEADLINE_METRICS, ONLY_WHEN_DIFFERENT
from simlib.decision.pairs import count_pairs
from simlib.report.cells import (
    Cell,
    format_difference,
    format_further_replications,
    format_label,
    format_mean,
)

COLUMNS = (
    *("metric", "unit", "design", "against", "replications", "difference", "difference_low", "difference_high"),
    *("level", "family_level", "margin", "word", "more_replications", "in_gap"),
)
BEST_COLUMNS = ("metric", "unit", "design", "low", "high", "family_level", "margin", "word", "more_replications")


@dataclass(frozen=True)
class PairMatrix:
    """One metric: row design -> column design -> paired difference, row minus column; its own mean on the diagonal."""

    metric: Metric
    label: str
    rows: Mapping[str, Mapping[str, Cell]]


def build_pair_matrices(verdicts: Verdicts) -> list[PairMatrix]:
    """Matrices of the headline metrics, as far as they are defined; none for fewer than two stable designs."""
    names = [*HEADLINE_METRICS, *(name for name in ONLY_WHEN_DIFFERENT if _differs(verdicts, name))]
    designs = [design for design in verdicts.designs if design not in verdicts.unstable]
    defined = [name for name in names if any(own[name].difference.n for own in verdicts.pairs.values())]
    return [
        PairMatrix(
            METRICS[name],
            format_label(METRICS[name]),
            {design: {other: _build_cell(verdicts, name, design, other) for other in designs} for design in designs},
        )
        for name in defined
    ]


def _differs(verdicts: Verdicts, name: str) -> bool:
    return any(own[name].word != "equivalent" for own in verdicts.pairs.values())


def _build_cell(verdicts: Verdicts, name: str, design: str, other: str) -> Cell:
    if design == other:
        standing = verdicts.best[name].standings[design] if name in verdicts.best else None
        mean = format_mean(METRICS[name], verdicts.intervals[design][name])
        word = "" if standing is None else _name_standing(standing)
        return Cell(mean, "", word, mark=_mark_gap(verdicts, name, design))
    judgement = verdicts.pairs[design, other][name]
    if judgement.word == "undefined":
        return Cell("", "", judgement.word)
    more, mark = format_further_replications(judgement), _mark_gap(verdicts, name, design, other)
    return Cell("", format_difference(judgement), judgement.word, more, mark)


def _mark_gap(verdicts: Verdicts, name: str, *designs: str) -> str:
    """Mark of a quantile, or of a difference of two, of which one lies in a gap: its interval covers less."""
    return IN_GAP if any((design, name) in verdicts.gaps for design in designs) else ""


def _name_standing(standing: Standing) -> str:
    words = {"equivalent": "as good as the best", "worse": "not the best"}
    return words.get(standing.word, standing.word)


def describe_family(verdicts: Verdicts) -> str:
    """Sentence about the levels of the intervals of differences."""
    stable = len(verdicts.designs) - len(verdicts.unstable)
    level, each = verdicts.scenario.run.level * 100, verdicts.pair_level * 100
    if count_pairs(stable) == 1:
        return f"The interval of the difference is a paired {level:g} % one."
    return (
        f"In each metric the paired intervals of all {count_pairs(stable)} differences among {stable} designs hold "
        f"together with {level:g} % (Bonferroni: {each:.4g} % each)."
    )


def list_pair_rows(verdicts: Verdicts) -> Iterator[dict[str, Any]]:
    """One row per pair and metric with the keys `COLUMNS`; each pair once, the later design against the earlier."""
    order = {design: number for number, design in enumerate(verdicts.designs)}
    for (design, other), judgements in verdicts.pairs.items():
        if order[design] > order[other]:
            yield from (_build_row(verdicts, judgement) for judgement in judgements.values())


def _build_row(verdicts: Verdicts, judgement: Judgement) -> dict[str, Any]:
    interval = judgement.difference
    ends = (interval.mean, interval.low, interval.high) if interval.n else (None, None, None)
    return {
        "metric": judgement.metric.name,
        "unit": judgement.metric.unit,
        "design": judgement.design,
        "against": judgement.baseline,
        "replications": interval.n,
        **dict(zip(("difference", "difference_low", "difference_high"), ends, strict=True)),
        "level": interval.level,
        "family_level": verdicts.scenario.run.level,
        "margin": judgement.margin,
        "word": judgement.word,
        "more_replications": judgement.more_replications,
        "in_gap": bool(_mark_gap(verdicts, judgement.metric.name, judgement.design, judgement.baseline)) or None,
    }


def list_best_rows(verdicts: Verdicts) -> Iterator[dict[str, Any]]:
    """One row per metric and stable design with the keys `BEST_COLUMNS`: its difference to the best of the others."""
    for name, best in verdicts.best.items():
        for standing in best.standings.values():
            is_defined = standing.word != "undefined"
            yield {
                "metric": name,
                "unit": best.metric.unit,
                "design": standing.design,
                "low": standing.low if is_defined else None,
                "high": standing.high if is_defined else None,
                "family_level": best.level,
                "margin": best.margin,
                "word": standing.word,
                "more_replications": standing.more_replications,
            }


def format_pairs_csv(verdicts: Verdicts) -> str:
    """`list_pair_rows` as CSV with full precision; empty cells where a value is undefined."""
    return _format_csv(COLUMNS, list_pair_rows(verdicts))


def format_best_csv(verdicts: Verdicts) -> str:
    """`list_best_rows` as CSV with full precision; empty cells where a value is undefined."""
    return _format_csv(BEST_COLUMNS, list_best_rows(verdicts))


def _format_csv(columns: tuple[str, ...], rows: Iterator[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()

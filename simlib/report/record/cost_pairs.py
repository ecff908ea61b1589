"""Every pair of designs by total cost, as a matrix for pages and as rows of a CSV table."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from simlib.decision.choice.cost_pairs import CostPair, CostWord
from simlib.decision.choice.results import Decision
from simlib.report.record.formatting import format_chance, format_number

COST_PAIRS = "cost_pairs.csv"
COLUMNS = ("design", "against", "mean", "low", "high", "level", "family_level", "p_less", "margin", "word", "currency")
OPPOSITE: Mapping[CostWord, CostWord] = {"costs less": "costs more", "costs more": "costs less"}
STYLES = {"costs less": "better", "costs more": "worse"}


class CostCell(NamedTuple):
    """Row design minus column design: mean, interval, word and its style, and in which share of draws it costs less."""

    mean: str
    interval: str
    word: str
    style: str
    less: str


def build_cost_matrix(decision: Decision) -> dict[str, dict[str, CostCell | None]]:
    """Row design -> column design -> cell, None on the diagonal; empty for fewer than three designs."""
    names = list(decision.effort)
    if len(names) < 3:
        return {}
    pairs = {(pair.design, pair.against): pair for pair in decision.pairs}
    pairs |= {(pair.against, pair.design): _turn(pair) for pair in decision.pairs}
    return {
        name: {other: _build_cell(pairs[name, other]) if (name, other) in pairs else None for other in names}
        for name in names
    }


def _turn(pair: CostPair) -> CostPair:
    """The same pair in the other order."""
    word = OPPOSITE.get(pair.word, pair.word)
    ends = (-pair.mean, -pair.high, -pair.low)
    return CostPair(pair.against, pair.design, *ends, pair.level, pair.p_more, pair.p_less, word)


def _build_cell(pair: CostPair) -> CostCell:
    interval = f"{format_number(pair.low)} to {format_number(pair.high)}"
    style = STYLES.get(pair.word, pair.word)
    return CostCell(format_number(pair.mean), interval, pair.word, style, format_chance(pair.p_less))


def list_cost_pair_rows(decision: Decision) -> Iterator[Mapping[str, Any]]:
    """One row per pair with the keys `COLUMNS`."""
    for pair in decision.pairs:
        yield {
            "design": pair.design,
            "against": pair.against,
            "mean": pair.mean,
            "low": pair.low,
            "high": pair.high,
            "level": pair.level,
            "family_level": decision.level,
            "p_less": pair.p_less,
            "margin": decision.margin,
            "word": pair.word,
            "currency": decision.scenario.prices.currency,
        }

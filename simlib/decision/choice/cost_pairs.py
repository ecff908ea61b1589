"""Every pair of designs by total cost: differences draw by draw, with intervals that hold for all pairs together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.pairs import compute_pair_level

CostWord = Literal["costs less", "costs more", "equivalent", "undecided"]


@dataclass(frozen=True)
class CostPair:
    """Total cost of one design minus that of another over the horizon, money.

    ``low`` to ``high``: its central share of the draws at ``level``, with which the intervals of all pairs hold
    together (Bonferroni). ``p_less`` and ``p_more``: shares of the draws in which the design costs less, and more. The
    word: "costs less" or "costs more" where the interval lies on one side of 0 and reaches beyond the margin,
    "equivalent" where it lies within the margin.
    """

    design: str
    against: str
    mean: float
    low: float
    high: float
    level: float
    p_less: float
    p_more: float
    word: CostWord


def compare_costs(
    totals: Mapping[str, Floats], designs: Sequence[str], margin: float, level: float
) -> tuple[CostPair, ...]:
    """Compare every two designs once, the later with the earlier; ``totals``: design -> total cost per draw."""
    each = compute_pair_level(level, len(designs))
    return tuple(
        _compare(design, other, np.asarray(totals[design] - totals[other]), margin, each)
        for other, design in combinations(designs, 2)
    )


def _compare(design: str, other: str, difference: Floats, margin: float, level: float) -> CostPair:
    low, high = (float(end) for end in np.quantile(difference, [(1 - level) / 2, (1 + level) / 2]))
    word: CostWord = "undecided"
    if -margin <= low and high <= margin:
        word = "equivalent"
    elif high < 0 or low > 0:
        word = "costs less" if high < 0 else "costs more"
    less, more = float((difference < 0).mean()), float((difference > 0).mean())
    return CostPair(design, other, float(difference.mean()), low, high, level, less, more, word)

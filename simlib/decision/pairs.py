"""All pairs of designs: paired differences under common random numbers, whose intervals hold together in each metric.

The level of each interval is that of Bonferroni: k designs have P = k (k - 1) / 2 pairs, and each interval the error
(1 - level) / P. So with the probability ``level`` all P intervals of a metric cover, whatever dependence common random
numbers make between them (Yang and Nelson, "Using common random numbers and control variates in multiple-comparison
procedures", Operations Research 39 (1991); Hsu, Multiple Comparisons, 1996). For two designs it is the paired interval
itself. The family is one metric: several metrics read together have a larger error.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import permutations

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import COMPANIONS, METRICS, Metric
from simlib.analysis.quantiles import correct_values
from simlib.decision.verdicts import Judgement, judge_difference
from simlib.experiment import Comparison
from simlib.scenario.limits import Margins

Judgements = Mapping[str, Judgement]
"""Metric -> judgement."""
Pairs = Mapping[tuple[str, str], Judgements]
"""Design and the one that it is compared with -> judgements; both orders."""
BESIDE = {beside: name for name, beside in COMPANIONS.items()}
"""Metric -> the one beside which it stands."""


def count_pairs(designs: int) -> int:
    """Number of pairs among so many designs, at least 1."""
    return max(designs * (designs - 1) // 2, 1)


def compute_pair_level(level: float, designs: int) -> float:
    """Level of the interval of each pair with which all pairs among so many designs hold together at a level."""
    return 1.0 - (1.0 - level) / count_pairs(designs)


def judge_pairs(
    comparison: Comparison,
    intervals: Mapping[str, Mapping[str, Interval]],
    designs: Sequence[str],
    baseline: str,
) -> Pairs:
    """Judge every pair of some designs in every metric; margins are shares of the baseline's means."""
    margins, level = comparison.scenario.margins, compute_pair_level(comparison.scenario.run.level, len(designs))
    values = {(design, name): comparison.list_values(design, name) for design in designs for name in METRICS}
    corrected = {
        (design, name): correct_values(comparison.find_rows(design), name) for design in designs for name in METRICS
    }
    return {
        (design, other): {
            name: judge_difference(
                metric,
                design,
                values[design, name],
                other,
                values[other, name],
                compute_margin(metric, margins, intervals[baseline][name].mean),
                level,
                corrected=(corrected[design, name], corrected[other, name]),
            )
            for name, metric in METRICS.items()
        }
        for design, other in permutations(designs, 2)
    }


def select_against(pairs: Pairs, other: str) -> dict[str, Judgements]:
    """Design -> its judgements against one other design."""
    return {design: judgements for (design, against), judgements in pairs.items() if against == other}


def compute_margin(metric: Metric, margins: Margins, baseline_mean: float) -> float:
    """Largest difference that does not matter, in the unit of the metric.

    A figure that stands beside another has the other's margin, where none of its own is stated.
    """
    for name in (metric.name, BESIDE.get(metric.name, "")):
        stated: float | None = getattr(margins, name, None)
        if stated is not None:
            return stated
    return margins.relative * abs(baseline_mean) if math.isfinite(baseline_mean) else 0.0

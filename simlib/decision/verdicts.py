"""Verdicts on single metrics: the word that a paired interval allows, and its sentence."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from simlib.analysis.intervals import Interval, compare_pairs, estimate_replications
from simlib.analysis.metrics import Metric
from simlib.analysis.quantiles import compare_quantiles
from simlib.decision.further_replications import N_MAX

Word = Literal["better", "worse", "higher", "lower", "equivalent", "undecided", "undefined"]


@dataclass(frozen=True)
class Judgement:
    """Judgement of a design against its baseline in one metric.

    ``difference`` is design minus baseline and ``margin`` the largest difference that does not matter, both in the
    unit of the metric. ``more_replications`` is 0 unless the word is "undecided", and None when more would be
    needed than are affordable.
    """

    metric: Metric
    design: str
    baseline: str
    difference: Interval
    margin: float
    word: Word
    more_replications: int | None = 0


def judge_difference(
    metric: Metric,
    design: str,
    values: ArrayLike,
    baseline: str,
    baseline_values: ArrayLike,
    margin: float,
    level: float = 0.95,
    n_max: int = N_MAX,
    corrected: tuple[ArrayLike | None, ArrayLike | None] = (None, None),
) -> Judgement:
    """Judge one metric from its values in equally numbered replications of two designs.

    - "equivalent": the interval lies wholly within +-margin, even when it excludes 0 (a real difference that does
      not matter);
    - "better" or "worse" ("higher" or "lower" where no direction is good): the interval lies wholly on one side of
      0 and reaches beyond the margin; it says which side, not that the whole difference exceeds the margin;
    - "undecided": it holds 0 and reaches beyond the margin;
    - "undefined": no replication has the metric in both designs.

    ``corrected``: the values of both with the bias of a quantile taken off, where it is one. Raises ValueError for a
    negative margin or unequal numbers of replications.
    """
    if not 0 <= margin < math.inf:
        raise ValueError(f"margin of {metric.name} must be finite and >= 0, not {margin}")
    own, base = corrected
    if own is None or base is None:
        difference = compare_pairs(values, baseline_values, level)
    else:
        difference = compare_quantiles(values, baseline_values, own, base, level)
        values, baseline_values = own, base  # whose spread further replications would make narrower
    word = _choose_word(metric, difference, margin)
    more = _count_more(difference, values, baseline_values, margin, n_max) if word == "undecided" else 0
    return Judgement(metric, design, baseline, difference, margin, word, more)


def _choose_word(metric: Metric, difference: Interval, margin: float) -> Word:
    if difference.n == 0:
        return "undefined"
    if difference.is_within(margin):
        return "equivalent"
    if not difference.excludes(0.0):
        return "undecided"
    lower = difference.high < 0
    if metric.lower_is_better is None:
        return "lower" if lower else "higher"
    return "better" if lower == metric.lower_is_better else "worse"


def _count_more(difference: Interval, values: ArrayLike, baseline: ArrayLike, margin: float, n_max: int) -> int | None:
    """Further replications that would decide, if mean and spread stay as observed; None beyond ``n_max`` in all."""
    # The interval decides as soon as it fits either between the mean and 0, or between the mean and the margin.
    half_width = max(abs(difference.mean), margin - abs(difference.mean))
    total = estimate_replications(np.subtract(values, baseline), half_width, difference.level, n_max)
    return None if total is None else max(total - difference.n, 1)


def describe_judgement(judgement: Judgement) -> str:
    """Judgement as a sentence with units and interval, without a full stop."""
    what = f"{judgement.metric.label} of {judgement.design}"
    verb = "are" if judgement.metric.is_plural else "is"
    if judgement.word == "undefined":
        return f"{what} cannot be compared with {judgement.baseline}: no replication has it in both"
    margin, difference = format_margin(judgement.metric, judgement.margin), _format_signed(judgement)
    if judgement.word == "equivalent":
        return f"{what} {verb} equivalent to {judgement.baseline} within {margin}: {difference}"
    if judgement.word == "undecided":
        return f"{what} against {judgement.baseline}: {difference}, margin {margin}: {_describe_need(judgement)}"
    text = f"{what} {verb} {_format_directed(judgement)}"
    return text if judgement.word in ("lower", "higher") else f"{text}: {judgement.word}"


def summarise(judgement: Judgement) -> str:
    """Judgement as an item of a list under its word: label, size or margin, interval."""
    label = judgement.metric.label
    if judgement.word == "undefined":
        return label
    if judgement.word == "equivalent":
        return f"{label} (within {format_margin(judgement.metric, judgement.margin)})"
    if judgement.word == "undecided":
        return f"{label} ({_describe_need(judgement).removeprefix('undecided, ').removeprefix('and ')})"
    size, low, high, direction = _split_sign(judgement)
    return f"{label} ({size}{_format_unit(judgement.metric)} {direction}, {low} to {high})"


def _format_directed(judgement: Judgement) -> str:
    """Size and direction of a difference whose sign is known, with its interval."""
    size, low, high, direction = _split_sign(judgement)
    unit = _format_unit(judgement.metric)
    return (
        f"{size}{unit} {direction} than {judgement.baseline} "
        f"({judgement.difference.level * 100:g} % interval {low} to {high}{unit})"
    )


def _split_sign(judgement: Judgement) -> tuple[str, str, str, str]:
    """Size and interval ends without their sign, and the sign as a word."""
    difference = judgement.difference
    lower = difference.high < 0
    low, high = (-difference.high, -difference.low) if lower else (difference.low, difference.high)
    size, low_text, high_text = _format_numbers(judgement, abs(difference.mean), low, high)
    return size, low_text, high_text, "lower" if lower else "higher"


def _format_signed(judgement: Judgement) -> str:
    difference = judgement.difference
    unit = _format_unit(judgement.metric)
    mean, low, high = _format_numbers(judgement, difference.mean, difference.low, difference.high)
    span = f"{low} to {high}{unit}" if math.isfinite(difference.half_width) else "not known from one replication"
    return f"difference {mean}{unit} ({difference.level * 100:g} % interval {span})"


def _describe_need(judgement: Judgement) -> str:
    more = judgement.more_replications
    if more is None:
        return "undecided, and no affordable number of replications would decide"
    return f"undecided, about {more} more replication{'' if more == 1 else 's'}"


def _format_numbers(judgement: Judgement, *values: float) -> list[str]:
    """Values with one significant digit of the half width; more would be noise."""
    metric, half = judgement.metric, judgement.difference.half_width * judgement.metric.factor
    digits = min(max(-math.floor(math.log10(half)), 0), 9) if 0 < half < math.inf else metric.digits
    # A bound that is not 0 must not look like 0, since the word depends on whether the interval contains 0.
    enough = (d for d in range(digits, digits + 3) if all(v == 0 or round(v * metric.factor, d) for v in values))
    digits = next(enough, digits)
    return [f"{round(value * metric.factor, digits) + 0.0:,.{digits}f}" for value in values]


def format_margin(metric: Metric, margin: float) -> str:
    """Margin of a metric with its unit."""
    return f"{margin * metric.factor:,.4g}{_format_unit(metric)}"


def _format_unit(metric: Metric) -> str:
    """Unit with a leading space; differences of shares are in percentage points."""
    unit = {"%": "percentage points", "1/s": "per second"}.get(metric.display_unit, metric.display_unit)
    return f" {unit}" if unit else ""

"""The cells of a comparison as text, for terminals and pages alike.

A table of figures with their intervals: designs down, figures across.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simlib.analysis.intervals import Interval, student
from simlib.analysis.metrics import METRICS, Metric
from simlib.decision import Judgement, Verdicts

if TYPE_CHECKING:
    import pandas as pd

UNDEFINED = "\N{EN DASH}"
SHOWN_THOUGH_UNDEFINED = ("exposure_s", "exposure_requests")
"""That these are undefined is worth a row: a note says why."""
SHOWN_IF_ANY = ("sign_in_share",)
"""A row of zeros would say nothing: in most worlds nobody signs in."""


@dataclass(frozen=True)
class Cell:
    """One metric of one design: its mean, its difference to the first design, and the word for that.

    ``value`` and ``difference`` hold means with half widths, ``word`` how the difference is judged; empty where there
    is none.
    """

    value: str
    difference: str = ""
    word: str = ""
    more: str = ""


@dataclass(frozen=True)
class Row:
    """One metric: its label with the unit, and a cell per design."""

    metric: Metric
    label: str
    cells: Mapping[str, Cell]


def comparison_rows(verdicts: Verdicts) -> list[Row]:
    """The rows of the table of a comparison, without metrics that no design has or that have nothing to count."""
    return [
        Row(metric, label_of(metric), {design: cell(verdicts, design, name) for design in verdicts.designs})
        for name, metric in METRICS.items()
        if _has_row(verdicts, name)
    ]


def _has_row(verdicts: Verdicts, name: str) -> bool:
    if name in SHOWN_THOUGH_UNDEFINED:
        return True
    own = [verdicts.intervals[design][name] for design in verdicts.designs]
    return any(interval.n and (name not in SHOWN_IF_ANY or interval.mean) for interval in own)


def label_of(metric: Metric) -> str:
    """The label of a metric with its unit."""
    return f"{metric.label}, {metric.shown_unit}" if metric.shown_unit else metric.label


def cell(verdicts: Verdicts, design: str, name: str) -> Cell:
    """What is said about one metric of one design."""
    if not verdicts.steady(design, name):
        return Cell("unstable")
    return _judged(verdicts, design, name, verdicts.judgements)


def opponent_rows(verdicts: Verdicts) -> list[Row]:
    """The rows of the table against the design that caches; empty when no design is held against it."""
    if not verdicts.opponents:
        return []
    designs = (str(verdicts.opponent), *verdicts.opponents)
    return [
        Row(row.metric, row.label, {d: _judged(verdicts, d, row.metric.name, verdicts.opponents) for d in designs})
        for row in comparison_rows(verdicts)
    ]


def _judged(verdicts: Verdicts, design: str, name: str, judgements: Mapping[str, Mapping[str, Judgement]]) -> Cell:
    value = mean_text(METRICS[name], verdicts.intervals[design][name])
    judgement = judgements.get(design, {}).get(name)
    if judgement is None or judgement.word == "undefined":
        return Cell(value)
    return Cell(value, difference_text(judgement), judgement.word, more_text(judgement))


def mean_text(metric: Metric, interval: Interval) -> str:
    """Mean and half width in the unit that a person sees; the mean alone when nothing is known about its spread."""
    if interval.n == 0:
        return UNDEFINED
    return _plus_minus(metric, interval)


def difference_text(judgement: Judgement) -> str:
    """The paired difference with its sign and half width."""
    if judgement.difference.n == 0:
        return UNDEFINED
    return _plus_minus(judgement.metric, judgement.difference, "+")


def more_text(judgement: Judgement) -> str:
    """How many more replications would decide; empty unless undecided."""
    if judgement.word != "undecided":
        return ""
    more = judgement.more_replications
    return "more would not help" if more is None else f"about {more} more"


def digits_for(metric: Metric, half_width: float) -> int:
    """Decimals that show two significant digits of a half width (in the unit shown); more would be noise."""
    if not 0 < half_width < math.inf:
        return metric.digits
    return min(max(1 - math.floor(math.log10(half_width)), 0), 6)


def _plus_minus(metric: Metric, interval: Interval, sign: str = "") -> str:
    half = interval.half_width * metric.factor
    digits = digits_for(metric, half)
    mean = f"{round(interval.mean * metric.factor, digits) + 0.0:{sign},.{digits}f}".replace("-", "\N{MINUS SIGN}")
    if not math.isfinite(half):
        return mean
    return f"{mean} ± {half:,.{digits}f}" if half > 0 else f"{mean} ± 0"


def measured_table(
    frame: "pd.DataFrame", metrics: Sequence[Metric], titles: Mapping[str, str] | None = None, level: float = 0.95
) -> "pd.DataFrame":
    """Mean and half width over the replications of each design, as text in the unit that a person sees.

    ``frame`` has a row per design and replication, as `simlib.experiment.replicate` makes it, and a column for the name
    of each metric. ``titles`` says which designs there are rows for and what they are called; all, by their names,
    without it.
    """
    import pandas as pd

    titles = {str(name): str(name) for name in frame["design"].unique()} if titles is None else titles
    own = {title: frame[frame["design"] == name] for name, title in titles.items()}
    rows = {
        title: [mean_text(metric, student(values[metric.name], level)) for metric in metrics]
        for title, values in own.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=[label_of(metric) for metric in metrics])

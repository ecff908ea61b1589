"""Cells of a comparison as text, for terminals, pages and notebooks: means with half widths, and verdicts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import LISTED_IF_OTHER, METRICS, Metric
from simlib.analysis.quantiles import compute_interval
from simlib.analysis.summary import FINISHED_QUANTILES, TIMED_QUANTILES
from simlib.analysis.utilisation import BUSIEST
from simlib.decision import Judgement, Verdicts
from simlib.decision.figure_notes import FEW_EXCURSIONS, IN_GAP
from simlib.decision.notes import NOT_SETTLED

if TYPE_CHECKING:
    import pandas as pd

UNDEFINED = "\N{EN DASH}"
LISTED_THOUGH_UNDEFINED = ("exposure_s", "exposure_requests")
"""Metrics that have a row even where they are undefined; a note says why."""
LISTED_IF_NONZERO = ("sign_in_share", "refused_valid_share")
"""Metrics that have no row of zeros: most scenarios have no sign-ins, and refuse no valid token."""
MARKS = {NOT_SETTLED: "not settled", FEW_EXCURSIONS: "short run", IN_GAP: "in a gap"}
"""Mark beside a mean -> its words; the notes explain both."""
QUANTILES = frozenset({**TIMED_QUANTILES, **FINISHED_QUANTILES})
ROUNDING = 1e-6
ASYMMETRIC = 0.1
"""Share of the half width by which the ends of a quantile's interval differ from it, beyond which both are written."""


@dataclass(frozen=True)
class Cell:
    """One metric of one design: mean, paired difference to another design, and the verdict on it.

    ``value`` and ``difference`` are means with half widths; ``more`` says how many further replications an undecided
    verdict needs; ``mark`` stands beside a mean whose interval covers less than it states (the notes
    explain it). Texts are empty where they do not apply.
    """

    value: str
    difference: str = ""
    word: str = ""
    more: str = ""
    mark: str = ""

    @property
    def mark_words(self) -> str:
        """The words for which the marks stand."""
        return ", ".join(words for mark, words in MARKS.items() if mark in self.mark)


@dataclass(frozen=True)
class Row:
    """One metric: its label with the unit, and a cell per design."""

    metric: Metric
    label: str
    cells: Mapping[str, Cell]


def build_comparison_rows(verdicts: Verdicts) -> list[Row]:
    """Rows of the table of a comparison, without metrics that are undefined for every design."""
    return [
        Row(metric, format_label(metric), {design: build_cell(verdicts, design, name) for design in verdicts.designs})
        for name, metric in METRICS.items()
        if _has_row(verdicts, name)
    ]


def _has_row(verdicts: Verdicts, name: str) -> bool:
    if name in LISTED_THOUGH_UNDEFINED:
        return True
    if name in LISTED_IF_OTHER:
        return any(
            own[name].n and own[name].mean != own[LISTED_IF_OTHER[name]].mean for own in _list_intervals(verdicts)
        )
    intervals = [own[name] for own in _list_intervals(verdicts)]
    return any(interval.n and (name not in LISTED_IF_NONZERO or interval.mean) for interval in intervals)


def _list_intervals(verdicts: Verdicts) -> list[Mapping[str, Interval]]:
    return [verdicts.intervals[design] for design in verdicts.designs]


def format_label(metric: Metric) -> str:
    """The label of a metric with its unit."""
    return f"{metric.label}, {metric.display_unit}" if metric.display_unit else metric.label


def build_cell(verdicts: Verdicts, design: str, name: str) -> Cell:
    """The cell of one metric of one design; "unstable" where its queue grows."""
    if not verdicts.is_steady(design, name):
        return Cell("unstable")
    return _build_judged_cell(verdicts, design, name, verdicts.judgements)


def build_opponent_rows(verdicts: Verdicts) -> list[Row]:
    """Rows of the table against the design with a cache; empty where no design is compared with it."""
    if not verdicts.opponents:
        return []
    designs = (str(verdicts.opponent), *verdicts.opponents)
    return [
        Row(
            row.metric,
            row.label,
            {d: _build_judged_cell(verdicts, d, row.metric.name, verdicts.opponents) for d in designs},
        )
        for row in build_comparison_rows(verdicts)
    ]


def _build_judged_cell(
    verdicts: Verdicts, design: str, name: str, judgements: Mapping[str, Mapping[str, Judgement]]
) -> Cell:
    value = format_mean(METRICS[name], verdicts.intervals[design][name])
    mark = NOT_SETTLED if any((drift.design, drift.metric) == (design, name) for drift in verdicts.drifts) else ""
    mark += FEW_EXCURSIONS if (design, name) in verdicts.few_excursions else ""
    mark += IN_GAP if (design, name) in verdicts.gaps else ""
    if name == BUSIEST and verdicts.busiest_hosts.get(design):
        value = f"{value} ({verdicts.busiest_hosts[design]})"
    judgement = judgements.get(design, {}).get(name)
    if judgement is None or judgement.word == "undefined":
        return Cell(value, mark=mark)
    more = format_further_replications(judgement)
    return Cell(value, format_difference(judgement), judgement.word, more, mark)


def format_mean(metric: Metric, interval: Interval) -> str:
    """Mean and half width in the display unit; the mean alone where there is one replication."""
    if interval.n == 0:
        return UNDEFINED
    return _format_interval(metric, interval)


def format_difference(judgement: Judgement) -> str:
    """The paired difference with its sign and half width."""
    if judgement.difference.n == 0:
        return UNDEFINED
    return _format_interval(judgement.metric, judgement.difference, "+")


def format_further_replications(judgement: Judgement) -> str:
    """Further replications that an undecided verdict needs; empty for other verdicts."""
    if judgement.word != "undecided":
        return ""
    more = judgement.more_replications
    return "more would not help" if more is None else f"about {more} more"


def count_decimals(metric: Metric, half_width: float) -> int:
    """Decimals that show two significant digits of a half width (in the display unit); more would be noise."""
    if not 0 < half_width < math.inf:
        return metric.digits
    return min(max(1 - math.floor(math.log10(half_width)), 0), 6)


def _format_interval(metric: Metric, interval: Interval, sign: str = "") -> str:
    half = interval.half_width * metric.factor
    digits = count_decimals(metric, half)

    def write(value: float) -> str:
        text = f"{round(value * metric.factor, digits) + 0.0:{sign},.{digits}f}"
        return text.replace("-", "\N{MINUS SIGN}")

    if not math.isfinite(half):
        return write(interval.mean)
    off_centre = abs(interval.high + interval.low - 2 * interval.mean) / 2 * metric.factor
    tolerance = ASYMMETRIC if metric.name in QUANTILES else ROUNDING  # of others it is a limit of what is possible
    if off_centre > tolerance * half:
        return f"{write(interval.mean)} ({write(interval.low)} to {write(interval.high)})"
    return f"{write(interval.mean)} ± {half:,.{digits}f}" if half > 0 else f"{write(interval.mean)} ± 0"


def tabulate_measurements(
    frame: "pd.DataFrame", metrics: Sequence[Metric], titles: Mapping[str, str] | None = None, level: float = 0.95
) -> "pd.DataFrame":
    """Mean and half width over the replications of each design, as text in the unit that a person sees.

    ``frame`` has a row per design and replication, as `simlib.experiment.replicate` makes it, and a column for the name
    of each metric. ``titles`` says which designs there are rows for and what they are called; all, by their names,
    without it.
    """
    import pandas as pd

    titles = {str(name): str(name) for name in frame["design"].unique()} if titles is None else titles
    rows_by_title = {title: frame[frame["design"] == name] for name, title in titles.items()}
    rows = {
        title: [format_mean(metric, compute_interval(values, metric.name, level)) for metric in metrics]
        for title, values in rows_by_title.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=[format_label(metric) for metric in metrics])

"""Drift within runs: first against second half of what is counted, over replications, with all tests taken together.

In a stationary run both halves of a figure have the same expectation, so their difference is centred on 0 whatever the
figure. A run that is too short for what it measures, or that began in an unusual state, shows a difference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan, sqrt

import numpy as np

from simlib.analysis.columns import Mask
from simlib.analysis.intervals import Interval, student
from simlib.analysis.metrics import METRICS
from simlib.analysis.summary import summarise
from simlib.scenario.records import Columns, Records

INSTANTS: Mapping[str, str] = {
    "requests": "arrival",
    "calls": "sent",
    "tokens": "issued",
    "revocations": "effective",
    "stations": "time",
    "visits": "arrival",
    "faults": "begin",
}
"""Table -> the column by which its rows belong to a part of a run."""
FEWEST = 3
"""Replications below which the spread of a difference is not known."""


@dataclass(frozen=True)
class Drift:
    """A figure of a design that drifts: the interval of its second half minus its first one, over replications."""

    design: str
    metric: str
    difference: Interval


def measure_drift(records: Records, warm_up_s: float) -> dict[str, float]:
    """Metric -> its value in the second half of what is counted minus that in the first; NaN where undefined.

    Numbers of requests and tokens are left out: they say how long a half is.
    """
    middle = _find_middle(records, warm_up_s)
    if middle is None:
        return {}
    first, second = summarise(_cut(records, middle), warm_up_s), summarise(records, middle)
    return {
        name: second.get(name, nan) - first.get(name, nan)
        for name, metric in METRICS.items()
        if metric.unit or metric.factor != 1 or metric.digits
    }


def _find_middle(records: Records, warm_up_s: float) -> float | None:
    """The sample of the stations next to the middle of what is counted; None when there is none inside."""
    times = np.unique(records["stations"]["time"])
    inside = times[(times > warm_up_s) & (times < records.horizon)]
    if not inside.size:
        return None
    return float(inside[np.abs(inside - (warm_up_s + records.horizon) / 2).argmin()])


def _cut(records: Records, until: float) -> Records:
    """The records of a run as if it had been observed until an instant."""
    tables = {name: _keep(columns, INSTANTS.get(name), until, name) for name, columns in records.tables.items()}
    return Records(tables, records.names, until, records.workers, records.forms)


def _keep(columns: Columns, instant: str | None, until: float, table: str) -> Columns:
    if instant is None:
        return columns
    kept: Mask = columns[instant] <= until if table == "stations" else columns[instant] < until
    return {name: column[kept] for name, column in columns.items()}


def find_drifts(
    drifts: Mapping[str, Mapping[str, Sequence[float]]], margins: Mapping[str, Mapping[str, float]], level: float
) -> tuple[Drift, ...]:
    """The figures whose halves differ by more than chance allows, and by more than their margin.

    ``drifts``: design -> metric -> difference in each replication. The probability that any of all figures of all
    designs is reported although none drifts
    is at most 1 - ``level`` (Holm, Scandinavian Journal of Statistics 6, 1979).
    """
    tested = []
    for design, metrics in drifts.items():
        for metric, values in metrics.items():
            probability = _compute_p_value(values)
            if probability is not None:
                tested.append((probability, design, metric))
    found = []
    for rank, (probability, design, metric) in enumerate(sorted(tested)):
        if probability > (1 - level) / (len(tested) - rank):
            break
        interval = student(drifts[design][metric], level)
        if abs(interval.mean) > margins.get(design, {}).get(metric, 0.0):
            found.append(Drift(design, metric, interval))
    return tuple(found)


def _compute_p_value(values: Sequence[float]) -> float | None:
    """Two-sided p-value of Student's test that the mean is 0; None where there is nothing to test."""
    from scipy.special import stdtr

    defined = np.asarray(values, dtype=np.float64)
    defined = defined[~np.isnan(defined)]
    n = len(defined)
    if n < FEWEST:
        return None
    deviation = float(defined.std(ddof=1))
    if not deviation > 1e-12 * float(np.abs(defined).max(initial=0.0)):
        return None  # all the same: a figure that does not vary, or one that differs by rounding
    return 2 * float(stdtr(n - 1, -abs(float(defined.mean())) * sqrt(n) / deviation))

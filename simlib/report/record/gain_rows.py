"""Rows of the simulated figures: means over the replications with their intervals, and bounds by settings."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from simlib.analysis.gain_figures import GAIN_METRICS
from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import METRICS, Metric
from simlib.analysis.quantiles import Rows, compute_interval, lies_in_gap, rests_on_few_excursions
from simlib.analysis.utilisation import BUSIEST
from simlib.decision.choice.results import Decision
from simlib.decision.figure_notes import FEW_EXCURSIONS, IN_GAP
from simlib.report.cells import format_label
from simlib.report.record.formatting import UNDEFINED, format_decimals, format_number
from simlib.report.record.tables import format_csv

if TYPE_CHECKING:
    import pandas as pd

MEASURED, COUNTED = "measured", "counted"
ALWAYS = ("exposure_s",)
"""Figures with a row even where all are undefined: an undefined exposure says that no token was revoked."""
_SIMULATED = (
    *("mean_s", "mean_all_s", "p50_s", "p95_s", "p95_all_s", "p99_s", "p99_all_s", "checking_mean_s"),
    *("rs_cpu_s", "as_cpu_s", "store_cpu_s", "shared_store_cpu_s"),
    *("as_requests_per_s", "as_utilisation", "rs_utilisation", "busiest_utilisation", "store_utilisation"),
    *("store_operations_per_request", "store_s", "tokens_issued_per_s", "rows_written_per_s"),
    *("kept_rows", "stored_bytes", "bytes_per_request", "header_bytes", "hit_ratio", "no_call_ratio"),
    *("failed_share", "availability"),
)
_EXPOSURE = ("exposure_s", "exposure_requests")
_STALENESS = ("staleness_mean_s", "staleness_p99_s", "staleness_max_s")
_DIGITS = 4
"""Most significant digits of a mean, so that columns remain readable."""
_EXACT_DIGITS = 6
"""Significant digits of a value without a spread: 99.9937 % must not become 100 %."""
COLUMNS = (
    *("figure", "label", "unit", "kind", "better", "design", "mean", "low", "high", "replications", "level"),
    *("host", "few_excursions", "in_gap"),
)
SHORT_RUN, NEXT_TO_GAP = f"{FEW_EXCURSIONS} short run", f"{IN_GAP} in a gap"
YEARLY = Metric("availability_year", "availability over a year with the stated outages", "", False, 4, "%", 1e2)
EXPECTED = Metric("expected_exposure_s", "exposure after revocation, mean by settings", "s", True)
REVOKED = Metric("exposure_bound_s", "exposure after revocation, worst case by settings", "s", True)
CLAIMS = Metric("claims_bound_s", "age of what is known about a user, worst case by settings", "s", True)
_ALL: Mapping[str, Metric] = MappingProxyType({**METRICS, **GAIN_METRICS})


@dataclass(frozen=True)
class GainRow:
    """One figure: its metric, its kind (measured or counted), and design -> interval in the metric's base unit.

    The interval of a bound has no width. ``unsteady``: designs whose queues grow, for which it is undefined.
    ``hosts``: design -> its busiest host, for the utilisation of that. ``few_excursions``: designs for which it is a
    quantile whose interval covers less than it states; ``gaps``: those in which it lies in a gap.
    """

    metric: Metric
    kind: str
    intervals: Mapping[str, Interval]
    unsteady: frozenset[str] = frozenset()
    hosts: Mapping[str, str] = field(default_factory=dict)
    few_excursions: frozenset[str] = frozenset()
    gaps: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """Label with the display unit."""
        return format_label(self.metric)

    def format_value(self, design: str) -> str:
        """Mean, and in brackets interval and remark, in the unit of the label; a dash where it is undefined."""
        if design in self.unsteady:
            return "unstable"
        text = _format_interval(self.metric, self.intervals[design])
        marks = ((SHORT_RUN, self.few_excursions), (NEXT_TO_GAP, self.gaps))
        remark = self.hosts.get(design, "") or ", ".join(words for words, marked in marks if design in marked)
        if not remark or not self.intervals[design].n:
            return text
        return f"{text.removesuffix(')')}; {remark})" if text.endswith(")") else f"{text} ({remark})"


def build_gain_rows(decision: Decision) -> list[GainRow]:
    """One row per figure that some design has: latency, CPU, loads, token store, bytes, availability, revocation.

    Bounds by settings are below the measured figures of the same quantity.
    """
    return list(_list_rows(decision))


def _list_rows(decision: Decision) -> Iterator[GainRow]:
    structures, bounds = decision.gain.structures, decision.promises
    yield from _build_measured_rows(decision, _SIMULATED)
    if structures:
        yield _build_counted_row(decision, YEARLY, lambda name: structures[name].availability)
    yield from _build_measured_rows(decision, _EXPOSURE)
    if structures:
        yield _build_counted_row(decision, EXPECTED, lambda name: structures[name].expected_exposure_s)
    yield _build_counted_row(decision, REVOKED, lambda name: bounds[name].after_revocation_s)
    yield from _build_measured_rows(decision, _STALENESS)
    yield _build_counted_row(decision, CLAIMS, lambda name: bounds[name].after_claims_change_s)


def _build_measured_rows(decision: Decision, names: tuple[str, ...]) -> Iterator[GainRow]:
    table, designs, verdicts = decision.gain.table, list(decision.scenario.designs), decision.verdicts
    rows = {design: _list_columns(table.loc[table["design"] == design]) for design in designs}
    for name in (name for name in names if name in table.columns):
        intervals = {design: _compute_interval(decision, rows[design], design, name) for design in designs}
        if name in ALWAYS or any(interval.n for interval in intervals.values()):
            unsteady = frozenset(design for design in designs if not verdicts.is_steady(design, name))
            few, gaps = (
                frozenset(design for design in designs if applies(rows[design], name))
                for applies in (rests_on_few_excursions, lies_in_gap)
            )
            hosts = verdicts.busiest_hosts if name == BUSIEST else {}
            yield GainRow(_ALL[name], MEASURED, intervals, unsteady, hosts, few, gaps)


def _list_columns(table: "pd.DataFrame") -> Mapping[str, Any]:
    """Columns as arrays, of which a frame would make a new object at each access."""
    return {str(name): column.to_numpy() for name, column in table.items()}


def _compute_interval(decision: Decision, rows: Rows, design: str, name: str) -> Interval:
    """Interval over the replications of a design, limited to values that are possible."""
    metric, interval = _ALL[name], compute_interval(rows, name, decision.level)
    bound = decision.promises[design].after_revocation_s if name == "exposure_s" else metric.highest
    return interval.limit(metric.lowest, bound)


def _build_counted_row(decision: Decision, metric: Metric, bound: Callable[[str], float]) -> GainRow:
    values = {design: bound(design) for design in decision.scenario.designs}
    return GainRow(metric, COUNTED, {name: Interval(value, value, value, 1.0, 1) for name, value in values.items()})


def _format_interval(metric: Metric, interval: Interval) -> str:
    if not interval.n:
        return UNDEFINED
    mean, low, high = (value * metric.factor for value in (interval.mean, interval.low, interval.high))
    half = (high - low) / 2
    if not half > 0:
        return format_number(mean, _EXACT_DIGITS)
    if not math.isfinite(half):  # a single replication
        return format_number(mean, _DIGITS)
    decimals = min(1 - math.floor(math.log10(half)), _limit_decimals(mean))
    texts = [format_decimals(round(value, decimals), max(decimals, 0)) for value in (mean, low, high)]
    return format_number(mean, _EXACT_DIGITS) if texts[1] == texts[2] else f"{texts[0]} ({texts[1]} to {texts[2]})"


def _limit_decimals(mean: float) -> int:
    return _DIGITS - 1 - math.floor(math.log10(abs(mean))) if mean else _DIGITS


def format_gain_csv(decision: Decision) -> str:
    """One row per figure and design in base units; empty where a value is undefined, "unlimited" without a bound."""
    rows = (
        _build_csv_row(row, design, interval)
        for row in build_gain_rows(decision)
        for design, interval in row.intervals.items()
    )
    return format_csv(COLUMNS, rows)


def _build_csv_row(row: GainRow, design: str, interval: Interval) -> dict[str, Any]:
    is_defined, measured = interval.n > 0 and design not in row.unsteady, row.kind == MEASURED
    better = row.metric.lower_is_better
    return {
        "figure": row.metric.name,
        "label": row.metric.label,
        "unit": row.metric.unit,
        "kind": row.kind,
        "better": "" if better is None else "lower" if better else "higher",
        "design": design,
        "mean": ("unlimited" if math.isinf(interval.mean) else interval.mean) if is_defined else None,
        "low": interval.low if is_defined and measured and interval.n > 1 else None,
        "high": interval.high if is_defined and measured and interval.n > 1 else None,
        "replications": interval.n if measured else None,
        "level": interval.level if measured else None,
        "host": row.hosts.get(design),
        "few_excursions": True if design in row.few_excursions else None,
        "in_gap": True if design in row.gaps else None,
    }

"""What was simulated, figure by figure: means over the replications with their intervals, and bounds by settings."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from simlib.analysis.gain_figures import GAIN_METRICS
from simlib.analysis.intervals import Interval, student
from simlib.analysis.metrics import METRICS, Metric
from simlib.decision.choice.results import Decision
from simlib.decision.promises import claims_bounds, promised
from simlib.report.cells import label_of
from simlib.report.record.formatting import UNDEFINED, at, number
from simlib.report.record.tables import to_csv

if TYPE_CHECKING:
    import pandas as pd

MEASURED, COUNTED = "measured", "counted"
ALWAYS = ("exposure_s",)
"""Told although no design has it: an undefined exposure says that no token was revoked."""
_SIMULATED = (
    *("mean_s", "p50_s", "p95_s", "p99_s", "checking_mean_s"),
    *("rs_cpu_s", "as_cpu_s", "store_cpu_s", "shared_store_cpu_s"),
    *("as_requests_per_s", "as_utilisation", "rs_utilisation", "store_utilisation"),
    *("store_operations_per_request", "store_s", "tokens_issued_per_s", "rows_written_per_s"),
    *("kept_rows", "stored_bytes", "bytes_per_request", "header_bytes", "hit_ratio"),
    *("failed_share", "availability"),
)
_AFTER = ("exposure_s", "exposure_requests")
_KNOWN = ("staleness_mean_s", "staleness_p99_s", "staleness_max_s")
_DIGITS = 4
"""Significant digits of a mean, at most: more of them cannot be read side by side."""
_EXACT = 6
"""Those of a value without a spread: 99.9937 % must not become 100 %."""
COLUMNS = (*("figure", "label", "unit", "kind", "better", "design", "mean", "low", "high", "replications", "level"),)
YEARLY = Metric("availability_year", "availability over a year with the stated outages", "", False, 4, "%", 1e2)
EXPECTED = Metric("expected_exposure_s", "exposure after revocation, mean by settings", "s", True)
REVOKED = Metric("exposure_bound_s", "exposure after revocation, worst case by settings", "s", True)
CLAIMS = Metric("claims_bound_s", "age of what is known about a user, worst case by settings", "s", True)
_ALL: Mapping[str, Metric] = MappingProxyType({**METRICS, **GAIN_METRICS})


@dataclass(frozen=True)
class GainRow:
    """One figure: what it is, whether it was measured or counted, and design -> interval in the metric's base unit.

    An interval without width is that of a bound. ``unsteady``: designs whose queues grow, which have no such figure.
    """

    metric: Metric
    kind: str
    intervals: Mapping[str, Interval]
    unsteady: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """What it is called, with the unit that a person sees."""
        return label_of(self.metric)

    def told(self, design: str) -> str:
        """Mean and interval in the unit of the label; a dash where it is undefined."""
        if design in self.unsteady:
            return "unstable"
        return _told(self.metric, self.intervals[design])


def gain_rows(decision: Decision) -> list[GainRow]:
    """One row per figure that some design has: latency, CPU, loads, token store, bytes, availability, revocation.

    Bounds by settings stand below what was measured of the same.
    """
    return list(_rows(decision))


def _rows(decision: Decision) -> Iterator[GainRow]:
    scenario, structures = decision.scenario, decision.gain.structures
    yield from _measured(decision, _SIMULATED)
    if structures:
        yield _counted(decision, YEARLY, lambda name: structures[name].availability)
    yield from _measured(decision, _AFTER)
    if structures:
        yield _counted(decision, EXPECTED, lambda name: structures[name].expected_exposure_s)
    bounds, claims = promised(scenario), claims_bounds(scenario)
    yield _counted(decision, REVOKED, lambda name: bounds[name].after_revocation_s)
    yield from _measured(decision, _KNOWN)
    yield _counted(decision, CLAIMS, lambda name: claims[name])


def _measured(decision: Decision, names: tuple[str, ...]) -> Iterator[GainRow]:
    table, designs, verdicts = decision.gain.table, list(decision.scenario.designs), decision.verdicts
    for name in (name for name in names if name in table.columns):
        own = {design: _interval(table, design, name, decision.level) for design in designs}
        if name in ALWAYS or any(interval.n for interval in own.values()):
            unsteady = frozenset(design for design in designs if not verdicts.steady(design, name))
            yield GainRow(_ALL[name], MEASURED, own, unsteady)


def _interval(table: "pd.DataFrame", design: str, name: str, level: float) -> Interval:
    """None of the figures can be below 0 and no share above 1, so no end of an interval is."""
    own = student(table.loc[table["design"] == design, name], level)
    if own.n < 2:
        return own
    high = min(own.high, 1.0) if _ALL[name].shown_unit == "%" else own.high
    return replace(own, low=max(own.low, 0.0), high=max(high, own.mean))


def _counted(decision: Decision, metric: Metric, bound: Callable[[str], float]) -> GainRow:
    values = {design: bound(design) for design in decision.scenario.designs}
    return GainRow(metric, COUNTED, {name: Interval(own, own, own, 1.0, 1) for name, own in values.items()})


def _told(metric: Metric, interval: Interval) -> str:
    if not interval.n:
        return UNDEFINED
    mean, low, high = (value * metric.factor for value in (interval.mean, interval.low, interval.high))
    half = (high - low) / 2
    if not half > 0:
        return number(mean, _EXACT)
    if not math.isfinite(half):  # a single replication
        return number(mean, _DIGITS)
    decimals = min(1 - math.floor(math.log10(half)), _most_decimals(mean))
    told = [at(round(value, decimals), max(decimals, 0)) for value in (mean, low, high)]
    return number(mean, _EXACT) if told[1] == told[2] else f"{told[0]} ({told[1]} to {told[2]})"


def _most_decimals(mean: float) -> int:
    return _DIGITS - 1 - math.floor(math.log10(abs(mean))) if mean else _DIGITS


def gain_csv(decision: Decision) -> str:
    """One row per figure and design in base units; empty where a value is undefined, "unlimited" without a bound."""
    rows = (_csv_row(row, design, own) for row in gain_rows(decision) for design, own in row.intervals.items())
    return to_csv(COLUMNS, rows)


def _csv_row(row: GainRow, design: str, own: Interval) -> dict[str, Any]:
    known, measured = own.n > 0 and design not in row.unsteady, row.kind == MEASURED
    better = row.metric.lower_is_better
    return {
        "figure": row.metric.name,
        "label": row.metric.label,
        "unit": row.metric.unit,
        "kind": row.kind,
        "better": "" if better is None else "lower" if better else "higher",
        "design": design,
        "mean": ("unlimited" if math.isinf(own.mean) else own.mean) if known else None,
        "low": own.low if known and measured and own.n > 1 else None,
        "high": own.high if known and measured and own.n > 1 else None,
        "replications": own.n if measured else None,
        "level": own.level if measured else None,
    }

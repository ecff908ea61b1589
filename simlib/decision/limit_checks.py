"""Checks of all limits of a comparison, design by design, with the properties and utilisations that they rest on."""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import METRICS
from simlib.analysis.stability import Stability
from simlib.analysis.utilisation import HOST_UTILISATION
from simlib.decision.limits import DesignProperties, LimitOutcome, check_structural_limits, read_properties
from simlib.decision.metric_limits import check_metric_limits, check_stability
from simlib.decision.promises import ValidityBounds
from simlib.experiment import Comparison
from simlib.scenario.scenario import Scenario

HEADER = "header_bytes"
STEADY_ANYWAY = (
    "as_requests_per_s",
    "as_utilisation",
    "rs_utilisation",
    "busiest_utilisation",
    "gateway_utilisation",
    "store_utilisation",
    "shared_store_utilisation",
)
"""Rates of a station have a steady value even when a backlog grows; all else then depends on the length of the run, CPU
time per request included, since fewer requests are served than arrive."""


class LimitBasis(NamedTuple):
    """Basis on which limits of one design are judged besides its metrics: properties, and host -> mean utilisation."""

    properties: DesignProperties
    utilisations: Mapping[str, float]


def read_limit_basis(
    comparison: Comparison, intervals: Mapping[str, Mapping[str, Interval]], promises: Mapping[str, ValidityBounds]
) -> Mapping[str, LimitBasis]:
    """Design -> basis of its limits."""
    return {
        name: LimitBasis(
            _read_properties(comparison, name, intervals[name]["hit_ratio"].mean, promises[name]),
            _read_utilisations(comparison, name),
        )
        for name in comparison.designs
    }


def _read_properties(comparison: Comparison, design: str, hit_ratio: float, bounds: ValidityBounds) -> DesignProperties:
    has_headers = HEADER in comparison.table.columns
    headers = [value for value in comparison.list_values(design, HEADER) if value == value] if has_headers else []
    scenario = comparison.scenario
    return read_properties(scenario, scenario.design(design), bounds, hit_ratio, max(headers, default=math.nan))


def _read_utilisations(comparison: Comparison, design: str) -> Mapping[str, float]:
    rows = comparison.find_rows(design)
    columns = [name for name in map(str, rows.columns) if name.startswith(HOST_UTILISATION)]
    means = {name.removeprefix(HOST_UTILISATION): float(rows[name].mean()) for name in columns}
    return {host: mean for host, mean in means.items() if mean == mean}


def check_limits(
    scenario: Scenario,
    intervals: Mapping[str, Mapping[str, Interval]],
    stability: Mapping[str, Stability],
    bases: Mapping[str, LimitBasis],
) -> Iterator[LimitOutcome]:
    """Outcomes of all limits that are stated, design by design; keeping up with the load is one as soon as any is."""
    if all(value is False for value in scenario.limits.model_dump(exclude_none=True).values()):
        return
    for name, design in scenario.designs.items():
        unsteady = [metric for metric in METRICS if metric not in STEADY_ANYWAY] if stability[name].unstable else []
        properties, utilisations = bases[name]
        yield from check_stability(scenario, design, stability[name], utilisations)
        yield from check_metric_limits(scenario, design, intervals[name], unsteady, properties.bounds, utilisations)
        yield from check_structural_limits(scenario, design, properties)

"""Limits on the size of servers: those of the scenario, or assumed ones, judged by upper ends of intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from simlib.analysis.intervals import Interval, student
from simlib.analysis.metrics import METRICS
from simlib.analysis.stability import assess_stability
from simlib.experiment.replicate import Replication
from simlib.scenario.limits import Limits

LOAD_METRICS = ("mean_s", "p50_s", "p95_s", "p99_s", "as_utilisation", "rs_utilisation")
"""Metrics that more servers improve; without a limit on one of these, any server that is stable would do."""
SIZED_LIMITS = (*LOAD_METRICS, "failed_share")
UTILISATIONS = ("rs_utilisation", "as_utilisation", "store_utilisation")
P99_RATIO = 2.0
"""Without a limit: largest ratio of p99 to that of servers without queues. An assumption."""


@dataclass(frozen=True)
class Requirement:
    """Metric -> largest allowed upper end of its interval; ``assumed``: the scenario sets none of its own."""

    limits: Mapping[str, float]
    assumed: bool


def read_limits(limits: Limits) -> Requirement:
    """Limits of a scenario that depend on the size of servers."""
    stated = {name: value for name, value in limits.model_dump(exclude_none=True).items() if name in SIZED_LIMITS}
    return Requirement(MappingProxyType(stated), not any(name in stated for name in LOAD_METRICS))


def add_assumed_limits(own: Requirement, target_utilisation: float, unloaded_p99_s: float) -> Requirement:
    """Requirement with the assumed limits added: target utilisation, and p99 near that of unloaded servers."""
    further = {**dict.fromkeys(UTILISATIONS, target_utilisation), "p99_s": P99_RATIO * unloaded_p99_s}
    return Requirement(MappingProxyType({**own.limits, **further}), True)


def list_broken_limits(requirement: Requirement, runs: Sequence[Replication], level: float) -> tuple[str, ...]:
    """Reasons for limits that are not surely kept, one each; empty when the size is large enough.

    The upper end of each interval counts. A metric that is undefined in every run is no reason.
    """
    reasons = _list_instabilities(runs)
    for name, limit in requirement.limits.items():
        interval = compute_interval(runs, name, level)
        if interval.n > 0 and not interval.high <= limit:
            reasons.append(_write_reason(name, interval, limit))
    return tuple(reasons)


def compute_interval(runs: Sequence[Replication], metric: str, level: float) -> Interval:
    """Interval of one metric over the replications of a size."""
    return student([run.figures[metric] for run in runs], level)


def _list_instabilities(runs: Sequence[Replication]) -> list[str]:
    arrivals = student([run.figures["arrivals_per_s"] for run in runs]).mean
    if not arrivals > 0:
        return []
    own = assess_stability([run.figures["backlog_slope"] for run in runs], arrivals)
    return [f"backlog grows by {own.growth_share:.1%} of what arrives"] if own.unstable else []


def _write_reason(name: str, interval: Interval, limit: float) -> str:
    metric = METRICS[name]
    factor, unit = metric.factor, f" {metric.display_unit}" if metric.display_unit else ""
    return f"{metric.label} up to {interval.high * factor:.4g}{unit} where {limit * factor:.4g}{unit} is allowed"

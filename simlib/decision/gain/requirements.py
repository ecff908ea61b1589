"""What the servers of a design must keep: the limits of a scenario that a size can help with, or an assumption."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from simlib.analysis.intervals import Interval, student
from simlib.analysis.metrics import METRICS
from simlib.analysis.stability import assess_stability
from simlib.experiment.replicate import Replication
from simlib.scenario.scenario import Limits

OF_LOAD = ("mean_s", "p50_s", "p95_s", "p99_s", "as_utilisation", "rs_utilisation")
"""Metrics that more servers make better; without a limit on one of these, any server that just keeps up would do."""
KEPT = (*OF_LOAD, "failed_share")
UTILISATIONS = ("rs_utilisation", "as_utilisation", "store_utilisation")
SLOWER = 2.0
"""Where no limit is set: p99 may be so many times that of servers that nobody waits for. An assumption."""


@dataclass(frozen=True)
class Requirement:
    """Metric -> the most that the upper end of its interval may be; ``assumed``: the scenario sets none of its own."""

    limits: Mapping[str, float]
    assumed: bool


def given_limits(limits: Limits) -> Requirement:
    """The limits of a scenario that servers can keep or break; what no size changes is not asked here."""
    given = {name: value for name, value in limits.model_dump(exclude_none=True).items() if name in KEPT}
    return Requirement(MappingProxyType(given), not any(name in given for name in OF_LOAD))


def assumed_limits(own: Requirement, target_utilisation: float, unloaded_p99_s: float) -> Requirement:
    """With the assumption beside what is given: servers as busy as is wanted, and p99 not far above the unloaded."""
    further = {**dict.fromkeys(UTILISATIONS, target_utilisation), "p99_s": SLOWER * unloaded_p99_s}
    return Requirement(MappingProxyType({**own.limits, **further}), True)


def broken(requirement: Requirement, runs: Sequence[Replication], level: float) -> tuple[str, ...]:
    """Which limits are not surely kept, one short reason each; empty when the size is good enough.

    The upper end of each interval counts. A metric that is undefined in every run is no reason, but for a backlog.
    """
    found = _unstable(runs)
    for name, limit in requirement.limits.items():
        interval = interval_of(runs, name, level)
        if interval.n > 0 and not interval.high <= limit:
            found.append(_reason(name, interval, limit))
    return tuple(found)


def interval_of(runs: Sequence[Replication], metric: str, level: float) -> Interval:
    """The interval of one metric over the replications of a size."""
    return student([run.figures[metric] for run in runs], level)


def _unstable(runs: Sequence[Replication]) -> list[str]:
    arrivals = student([run.figures["arrivals_per_s"] for run in runs]).mean
    if not arrivals > 0:
        return []
    own = assess_stability([run.figures["backlog_slope"] for run in runs], arrivals)
    return [f"backlog grows by {own.growth_share:.1%} of what arrives"] if own.unstable else []


def _reason(name: str, interval: Interval, limit: float) -> str:
    metric = METRICS[name]
    factor, unit = metric.factor, f" {metric.shown_unit}" if metric.shown_unit else ""
    return f"{metric.label} up to {interval.high * factor:.4g}{unit} where {limit * factor:.4g}{unit} is allowed"

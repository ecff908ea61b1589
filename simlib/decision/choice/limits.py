"""Hard limits: a design that breaks one is excluded, with the reason.

Figures are judged by their intervals, at the servers that are paid for.
"""

from collections.abc import Iterator
from math import isfinite

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import METRICS
from simlib.decision.choice.case import Case
from simlib.decision.choice.design_case import DesignCase
from simlib.decision.comparison import Verdicts
from simlib.decision.limits import EXCLUDING, OPEN, DesignProperties, LimitOutcome, LimitWord, check_structural_limits
from simlib.decision.metric_limits import check_metric_limits, check_stability


def judge_limits(case: Case, verdicts: Verdicts) -> tuple[LimitOutcome, ...]:
    """Outcomes of all limits and designs, in the order of the designs.

    Metrics are those at the sized servers, which are paid for; where servers were not sized, those of the scenario's
    own replicas.
    """
    outcomes: list[LimitOutcome] = []
    for name, design_case in case.design_cases.items():
        design = case.scenario.design(name)
        if design_case.size is None:  # sized servers are stable
            utilisations = verdicts.limit_bases[name].utilisations
            outcomes += check_stability(case.scenario, design, verdicts.stability[name], utilisations)
        metrics = tuple(_check_metrics(case, design_case, verdicts))
        outcomes += [*metrics, *_check_size(design_case, metrics)]
        outcomes += check_structural_limits(case.scenario, design, _read_properties(design_case, verdicts))
    return tuple(outcomes)


def _read_properties(design_case: DesignCase, verdicts: Verdicts) -> DesignProperties:
    """Properties of a design: those of its case where that has them."""
    own, structure = verdicts.limit_bases[design_case.design].properties, design_case.structure
    properties = own._replace(header_bytes=design_case.header_bytes)
    if structure is None:
        return properties
    return properties._replace(
        opaque_to_clients=structure.opaque_to_clients,
        outage_tolerance_s=structure.outage_tolerance_s,
        served=structure.served,
    )


def list_excluded_designs(outcomes: tuple[LimitOutcome, ...]) -> frozenset[str]:
    """Designs that break a limit."""
    return frozenset(outcome.design for outcome in outcomes if outcome.word in EXCLUDING)


def list_open_limits(outcomes: tuple[LimitOutcome, ...], design: str) -> tuple[LimitOutcome, ...]:
    """Limits that a design neither surely keeps nor surely breaks."""
    return tuple(outcome for outcome in outcomes if outcome.design == design and outcome.word in OPEN)


def _check_metrics(case: Case, design_case: DesignCase, verdicts: Verdicts) -> Iterator[LimitOutcome]:
    name, sized = design_case.design, {} if design_case.size is None else design_case.size.intervals
    intervals = {
        metric: sized[metric] if _is_observed(sized.get(metric)) else own
        for metric, own in verdicts.intervals[name].items()
    }
    # At servers of another size a metric is steady although it was not at the scenario's own.
    unsteady = [
        metric for metric in METRICS if not verdicts.is_steady(name, metric) and not _is_observed(sized.get(metric))
    ]
    design, bounds = case.scenario.design(name), design_case.bounds
    utilisations = verdicts.limit_bases[name].utilisations if design_case.size is None else {}
    yield from check_metric_limits(case.scenario, design, intervals, unsteady, bounds, utilisations)


def _is_observed(interval: Interval | None) -> bool:
    return interval is not None and interval.n > 0 and isfinite(interval.half_width)


def _check_size(design_case: DesignCase, metrics: tuple[LimitOutcome, ...]) -> Iterator[LimitOutcome]:
    """Limit broken by a design for which no size was found; open where more replications might find one."""
    if design_case.size is None or design_case.size.met:
        return
    reasons = dict.fromkeys(reason for trial in design_case.size.trials[-1:] for reason in trial.reasons)
    words = {metric.word for metric in metrics}
    word: LimitWord = "undecided" if "undecided" in words and not words & set(EXCLUDING) else "broken"
    largest = (
        f"none up to {design_case.count_vcpus('service')} + {design_case.count_vcpus('authorization_server')} vCPUs"
    )
    cause = f" ({'; '.join(reasons)})" if reasons else ""
    reason = f"No size surely keeps the limits{cause}."
    more = max((metric.more_replications or 0 for metric in metrics if metric.word == "undecided"), default=0)
    needed = (more or None) if word == "undecided" else 0
    yield LimitOutcome(design_case.design, "servers", "a size that keeps the limits", largest, word, reason, needed)

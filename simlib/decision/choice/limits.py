"""Hard limits: a design that breaks one is excluded, with the reason.

Figures are judged by their intervals. Structural limits (availability, revocation lag, headers, opacity, dependency)
need no simulation.
"""

import math
from collections.abc import Callable, Iterator, Mapping

from simlib.analysis.intervals import Interval, estimate_replications
from simlib.analysis.metrics import METRICS, Metric
from simlib.decision.choice.case import Case
from simlib.decision.choice.cost_causes import OUTAGES
from simlib.decision.choice.design_case import DesignCase
from simlib.decision.choice.inputs import Input
from simlib.decision.choice.results import LimitOutcome, LimitWord
from simlib.decision.comparison import Verdicts
from simlib.decision.economics.formulas import HOURS_PER_YEAR
from simlib.decision.promises import format_seconds
from simlib.decision.verdicts import N_MAX, LimitCheck, check_limits

EXCLUDING: tuple[LimitWord, ...] = ("broken", "unstable")
OPEN: tuple[LimitWord, ...] = ("undecided", "undefined")


def judge_limits(case: Case, verdicts: Verdicts, inputs: Mapping[str, Input]) -> tuple[LimitOutcome, ...]:
    """Outcomes of all limits and designs, in the order of the designs.

    Metrics are those at the sized servers, which are paid for; where servers were not sized, those of the scenario's
    own replicas.
    """
    outcomes: list[LimitOutcome] = []
    for design_case in case.design_cases.values():
        metrics = tuple(_check_metrics(case, design_case, verdicts))
        outcomes += [*_check_stability(design_case, verdicts), *metrics, *_check_size(design_case, metrics)]
        outcomes += check_structural_limits(case, design_case, inputs)
    return tuple(outcomes)


def list_excluded_designs(outcomes: tuple[LimitOutcome, ...]) -> frozenset[str]:
    """Designs that break a limit."""
    return frozenset(outcome.design for outcome in outcomes if outcome.word in EXCLUDING)


def list_open_limits(outcomes: tuple[LimitOutcome, ...], design: str) -> tuple[LimitOutcome, ...]:
    """Limits that a design neither surely keeps nor surely breaks."""
    return tuple(outcome for outcome in outcomes if outcome.design == design and outcome.word in OPEN)


def _check_stability(design_case: DesignCase, verdicts: Verdicts) -> Iterator[LimitOutcome]:
    """Stability, a limit that need not be stated; sized servers are stable."""
    stability = verdicts.stability[design_case.design]
    if stability.unstable and design_case.size is None:
        backlog = f"backlog grows by {stability.growth_share:.1%} of what arrives"
        yield LimitOutcome(
            design_case.design,
            "stability",
            "keeps up with its load",
            backlog,
            "unstable",
            f"It does not keep up: {backlog}.",
        )


def _check_metrics(case: Case, design_case: DesignCase, verdicts: Verdicts) -> Iterator[LimitOutcome]:
    design, sized = design_case.design, {} if design_case.size is None else design_case.size.intervals
    intervals = {
        name: sized[name] if _is_observed(sized.get(name)) else own for name, own in verdicts.intervals[design].items()
    }
    # At servers of another size a metric is steady although it was not at the scenario's own.
    unsteady = [name for name in METRICS if not verdicts.is_steady(design, name) and not _is_observed(sized.get(name))]
    for check in check_limits(case.scenario.limits, {design: intervals}, {design: unsteady}):
        yield _describe_check(check)


def _is_observed(interval: Interval | None) -> bool:
    return interval is not None and interval.n > 0 and math.isfinite(interval.half_width)


def _describe_check(check: LimitCheck) -> LimitOutcome:
    metric, interval = check.metric, check.interval
    allowed = f"at most {_format_value(metric, check.limit)}"
    observed = _format_value(metric, interval.mean)
    if interval.n > 1:
        observed += f" ({_format_value(metric, interval.low)} to {_format_value(metric, interval.high)})"
    more = _count_more(check)
    needed = "no affordable number of replications would decide" if more is None else f"about {more} more would decide"
    label = metric.label[0].upper() + metric.label[1:]
    reasons: dict[LimitWord, str] = {
        "met": f"{label}: {observed}; {allowed} is allowed.",
        "broken": f"{label}: {observed}, but {allowed} is allowed.",
        "undecided": f"{label}: {observed}, and {allowed} is allowed; {needed}.",
        "unstable": f"{label}: no steady value, for the design does not keep up with its load.",
        "undefined": f"{label}: not observed; the run is too short for it, or nothing happened.",
    }
    text = "-" if check.word in ("unstable", "undefined") else observed
    return LimitOutcome(check.design, metric.name, allowed, text, check.word, reasons[check.word], more)


def _count_more(check: LimitCheck) -> int | None:
    """Further replications that put the interval on one side of the limit, if mean and spread stay as observed."""
    if check.word == "undecided":
        return count_further_replications(check.interval, abs(check.interval.mean - check.limit))
    return None if check.word == "undefined" else 0


def _format_value(metric: Metric, value: float) -> str:
    return f"{float(f'{value * metric.factor:.4g}'):,g} {metric.display_unit}".rstrip()


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


def count_further_replications(interval: Interval, half_width: float, n_max: int = N_MAX) -> int | None:
    """Further replications that narrow an interval to a half width, if its spread stays; None beyond ``n_max`` in all.

    1 for an interval of fewer than two replications.
    """
    if interval.n < 2:
        return 1
    # Two values that are as far apart as needed for the standard deviation behind the interval.
    deviation = interval.half_width / _compute_unit_half_width(interval.n, interval.level)
    apart = deviation / math.sqrt(2)
    total = estimate_replications([-apart, apart], half_width, interval.level, n_max)
    return None if total is None else max(total - interval.n, 1)


def compute_narrowing(n: int, more: int, level: float) -> float:
    """Factor by which an interval of n replications gets narrower with ``more`` of them."""
    return _compute_unit_half_width(n + more, level) / _compute_unit_half_width(n, level)


def find_fewest(is_enough: Callable[[int], bool], n_max: int = N_MAX) -> int | None:
    """Smallest number from 1 to ``n_max`` that is enough, for a monotone predicate; None when ``n_max`` is not."""
    if not is_enough(n_max):
        return None
    low, high = 0, n_max  # the answer is in (low, high]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _compute_unit_half_width(n: int, level: float) -> float:
    """Half width of the Student interval of n values with standard deviation 1; infinite below two."""
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, (1 + level) / 2)) / math.sqrt(n) if n > 1 else math.inf


Check = Callable[[Case, DesignCase, Mapping[str, Input]], LimitOutcome]


def check_structural_limits(case: Case, design_case: DesignCase, inputs: Mapping[str, Input]) -> Iterator[LimitOutcome]:
    """Outcomes of the structural limits that the scenario sets."""
    limits = case.scenario.limits.model_dump(exclude_none=True)
    for limit, check in CHECKS.items():
        if limits.get(limit, False) is not False:
            yield check(case, design_case, inputs)


def compute_unavailable_share(design_case: DesignCase, outage_hours: float) -> float:
    """Share of the year's requests that are refused because the authorization server is down."""
    return min(outage_hours / HOURS_PER_YEAR, 1.0) * (1.0 - design_case.served)


def _check_availability(case: Case, design_case: DesignCase, inputs: Mapping[str, Input]) -> LimitOutcome:
    least_allowed = case.scenario.limits.availability or 0.0
    hours = inputs[OUTAGES].likely
    observed = 1.0 - compute_unavailable_share(design_case, hours)
    reason = (
        f"{design_case.served:.1%} of the requests are served while the authorization server is down, {hours:g} hours "
        "a year"
    )
    is_met = observed >= least_allowed
    return _judge(design_case, "availability", f"at least {least_allowed:.4%}", f"{observed:.4%}", is_met, reason)


def _check_revocation_lag(case: Case, design_case: DesignCase, inputs: Mapping[str, Input]) -> LimitOutcome:
    largest_allowed = case.scenario.limits.revocation_lag_s or 0.0
    lag = design_case.bounds.after_revocation_s
    reason = f"by its settings a revoked token may be accepted for {format_seconds(lag)}"
    allowed = f"at most {format_seconds(largest_allowed)}"
    return _judge(design_case, "revocation_lag_s", allowed, format_seconds(lag), lag <= largest_allowed, reason)


def _check_header(case: Case, design_case: DesignCase, inputs: Mapping[str, Input]) -> LimitOutcome:
    largest_allowed, observed = case.scenario.limits.header_bytes or 0.0, design_case.header_bytes
    allowed = f"at most {largest_allowed:,g} B"
    if math.isnan(observed):
        return LimitOutcome(
            design_case.design, "header_bytes", allowed, "-", "undefined", "No header was observed.", None
        )
    reason = f"the largest request header, token included, has {observed:,.0f} B"
    return _judge(design_case, "header_bytes", allowed, f"{observed:,.0f} B", observed <= largest_allowed, reason)


def _check_opaque_to_clients(case: Case, design_case: DesignCase, inputs: Mapping[str, Input]) -> LimitOutcome:
    allowed = "clients cannot read their token"
    if design_case.structure is None:
        return _leave_undefined(design_case, "opaque_to_clients", allowed)
    is_opaque = design_case.structure.opaque_to_clients
    observed = "they cannot" if is_opaque else "they can"
    reason = f"clients hold a token that they can{'not' if is_opaque else ''} read"
    return _judge(design_case, "opaque_to_clients", allowed, observed, is_opaque, reason)


def _check_no_as_dependency(case: Case, design_case: DesignCase, inputs: Mapping[str, Input]) -> LimitOutcome:
    allowed = "no request waits for the authorization server"
    if design_case.structure is None:
        return _leave_undefined(design_case, "no_as_dependency", allowed)
    if not design_case.structure.asks_authorization_server:
        return _judge(design_case, "no_as_dependency", allowed, "none does", True, "only keys are fetched from it")
    return _judge(design_case, "no_as_dependency", allowed, "some may", False, "requests may wait for its answer")


def _leave_undefined(design_case: DesignCase, limit: str, allowed: str) -> LimitOutcome:
    return LimitOutcome(design_case.design, limit, allowed, "-", "undefined", "The parts were not examined.", None)


def _judge(design_case: DesignCase, limit: str, allowed: str, observed: str, is_met: bool, reason: str) -> LimitOutcome:
    word: LimitWord = "met" if is_met else "broken"
    return LimitOutcome(design_case.design, limit, allowed, observed, word, f"{reason[0].upper()}{reason[1:]}.")


CHECKS: Mapping[str, Check] = {
    "availability": _check_availability,
    "revocation_lag_s": _check_revocation_lag,
    "header_bytes": _check_header,
    "opaque_to_clients": _check_opaque_to_clients,
    "no_as_dependency": _check_no_as_dependency,
}

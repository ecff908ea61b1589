"""Limits on measured figures: judged by intervals over replications, or by settings where no run shows the figure."""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import COMPANIONS, METRICS, Metric
from simlib.analysis.stability import Stability
from simlib.analysis.utilisation import BUSIEST
from simlib.decision.further_replications import count_further_replications
from simlib.decision.limit_conflicts import SettingLimits, describe_rated_remedy
from simlib.decision.limit_remedies import find_server_remedies
from simlib.decision.limits import NOT_CHECKED, LimitOutcome, LimitWord, begin_sentence, find_limit_label
from simlib.decision.promises import ValidityBounds, format_seconds
from simlib.deployment.bounds import find_revocation_remedies
from simlib.scenario.design import Design
from simlib.scenario.hosts import AUTHORIZATION_SERVER, RESOURCE_SERVERS, find_host_kind
from simlib.scenario.scenario import Scenario
from simlib.scenario.setting_changes import Remedy, describe_remedy

KINDS = {"as_utilisation": (AUTHORIZATION_SERVER,), "rs_utilisation": RESOURCE_SERVERS}
"""Utilisation -> the kinds of hosts whose mean it is."""
SATURATED = 0.9
"""Utilisation from which a host is taken for the cause of a growing backlog."""
STABLE = 0.95
"""Utilisation at which a host surely keeps up."""
EXPOSURE = "exposure_s"


def check_metric_limits(
    scenario: Scenario,
    design: Design,
    intervals: Mapping[str, Interval],
    unsteady: Collection[str],
    bounds: ValidityBounds,
    utilisations: Mapping[str, float],
) -> Iterator[LimitOutcome]:
    """Outcomes of the limits on figures of runs: metric -> interval; ``unsteady``: metrics without a steady value.

    The whole interval must be at or below a limit. ``utilisations``: host -> its own, with the scenario's replicas;
    empty for servers that were sized. The limit of availability is not among them: it is a smallest share, and
    of a year, which a run does not simulate.
    """
    for name, limit in scenario.limits.model_dump(exclude_none=True).items():
        if name in METRICS and METRICS[name].lower_is_better is not False:
            word = _choose_word(intervals[name], limit, name in unsteady)
            outcome = _describe(design, METRICS[name], intervals[name], limit, word)
            if name == EXPOSURE:
                outcome = _judge_exposure(scenario, design, outcome, bounds, limit)
            elif word == "broken" and utilisations and name in (*KINDS, BUSIEST):
                remedies = _find_server_remedies(scenario, design, name, utilisations, intervals[name], limit)
                outcome = add_remedies(outcome, remedies, f"lead to {outcome.found.partition(' (')[0]}")
            yield _add_caveat(scenario, outcome, intervals, utilisations, limit) if outcome.word == "met" else outcome


def check_stability(
    scenario: Scenario, design: Design, stability: Stability, utilisations: Mapping[str, float]
) -> Iterator[LimitOutcome]:
    """Stability, a limit that need not be stated: the outcome of a design that does not keep up, else nothing."""
    if stability.unstable:
        backlog = f"backlog grows by {stability.growth_share:.1%} of what arrives"
        reason = f"It does not keep up: {backlog}."
        outcome = LimitOutcome(design.name, "stability", "keeps up with its load", backlog, "unstable", reason)
        offered = 1.0 / max(1.0 - stability.growth_share, 0.01)
        saturated = {host: offered for host, utilisation in utilisations.items() if utilisation >= SATURATED}
        yield add_remedies(outcome, find_server_remedies(scenario, design, saturated, STABLE), "leave it behind")


def _add_caveat(
    scenario: Scenario,
    outcome: LimitOutcome,
    intervals: Mapping[str, Interval],
    utilisations: Mapping[str, float],
    limit: float,
) -> LimitOutcome:
    """The outcome of a limit that is met, with the figure that its own hides where that is not within the limit.

    Means over hosts hide single hosts, others the requests that they leave out; what has a limit of its own is judged.
    """
    name, left_out = outcome.limit, f"the limit on {find_limit_label(outcome.limit)} does not count"
    if name in KINDS:
        hosts = {host: own for host, own in utilisations.items() if find_host_kind(host) in KINDS[name] and own > limit}
        found = ", ".join(f"{host} {_format_value(METRICS[name], own)}" for host, own in hosts.items())
        return (
            replace(outcome, caveat=f"Busier than the mean, which is within its limit: {found}.") if hosts else outcome
        )
    beside = COMPANIONS.get(name, "")
    if beside not in intervals or getattr(scenario.limits, beside, None) is not None:
        return outcome
    metric, interval = METRICS[beside], intervals[beside]
    if not interval.high > limit:
        return outcome
    verb = "are" if metric.is_plural else "is"
    found = f"{begin_sentence(metric.label)} {verb} {_format_observed(metric, interval)}"
    return replace(outcome, caveat=f"{found}, which {left_out}.")


def _find_server_remedies(
    scenario: Scenario,
    design: Design,
    metric: str,
    utilisations: Mapping[str, float],
    interval: Interval,
    limit: float,
) -> tuple[Remedy, ...]:
    """More servers for the hosts behind a utilisation: those above the limit, or all of the kinds whose mean it is."""
    spread = interval.high / interval.mean if interval.mean > 0 else 1.0
    if metric == BUSIEST:
        return find_server_remedies(scenario, design, {host: own * spread for host, own in utilisations.items()}, limit)
    kinds = {host: interval.high for host in utilisations if find_host_kind(host) in KINDS[metric]}
    return find_server_remedies(scenario, design, kinds, limit)


def add_remedies(outcome: LimitOutcome, remedies: tuple[Remedy, ...], effect: str) -> LimitOutcome:
    """The outcome with remedies, the first of which its reason names; ``effect``: what the settings do."""
    if not remedies:
        return outcome
    reason = f"{outcome.reason.removesuffix('.')}: {describe_remedy(remedies[0], effect)}."
    return replace(outcome, reason=reason, remedies=remedies)


def _judge_exposure(
    scenario: Scenario, design: Design, outcome: LimitOutcome, bounds: ValidityBounds, limit: float
) -> LimitOutcome:
    """Exposure is at most what settings allow, so these decide where runs do not; a refusal names them."""
    most = bounds.after_revocation_s
    if outcome.word in ("undecided", "undefined", "unstable") and most <= limit:
        found, settled = f"at most {format_seconds(most)}", f"by its settings it is at most {format_seconds(most)}."
        reason = begin_sentence(settled)
        if outcome.word == "undecided":
            found, reason = outcome.found, f"{outcome.reason.removesuffix('.')}; {settled}"
        return replace(outcome, word="met", found=found, reason=reason, more_replications=0)
    if outcome.word == "undefined":
        return replace(outcome, reason=f"{NOT_CHECKED}{describe_needed_run(scenario, design)}.")
    if outcome.word != "broken":
        return outcome
    rated = SettingLimits(scenario, design).rate(find_revocation_remedies(scenario, design, limit), outcome.limit)
    if not rated:
        return outcome
    cause = describe_rated_remedy(rated[0], f"let a revoked token work for up to {format_seconds(most)}")
    remedies, breaks = tuple(own.remedy for own in rated), tuple(own.breaks for own in rated)
    reason = f"{outcome.reason.removesuffix('.')}: {cause}."
    return replace(outcome, reason=reason, remedies=remedies, breaks=breaks)


def describe_needed_run(scenario: Scenario, design: Design) -> str:
    """Needs of a run that is to show the exposure after revocation of a design, without a full stop."""
    needed = scenario.run.warm_up_s + design.token_lifetime_s
    if scenario.world.revocations.rate == 0:
        return "nothing is revoked here; world.revocations.rate above 0 would check it"
    if scenario.horizon_s <= needed:
        return f"a run of more than {needed:g} s would show the exposure, this one has {scenario.horizon_s:g} s"
    return "no token was revoked in the run while it was valid; a longer run (run.length_s) would show the exposure"


def _choose_word(interval: Interval, limit: float, unsteady: bool) -> LimitWord:
    if unsteady:
        return "unstable"
    if interval.n == 0:
        return "undefined"
    if interval.high <= limit:
        return "met"
    return "broken" if interval.low > limit else "undecided"


def _describe(design: Design, metric: Metric, interval: Interval, limit: float, word: LimitWord) -> LimitOutcome:
    allowed = f"at most {_format_value(metric, limit)}"
    observed = _format_observed(metric, interval)
    more = _count_more(interval, limit, word)
    needed = "no affordable number of replications would decide" if more is None else f"about {more} more would decide"
    label = begin_sentence(metric.label)
    reasons: dict[LimitWord, str] = {
        "met": f"{label}: {observed}; {allowed} is allowed.",
        "broken": f"{label}: {observed}, but {allowed} is allowed.",
        "undecided": f"{label}: {observed}, and {allowed} is allowed; {needed}.",
        "unstable": f"{label}: no steady value, for the design does not keep up with its load.",
        "undefined": f"{NOT_CHECKED}no run shows it; a longer run (run.length_s) may.",
    }
    text = "-" if word in ("unstable", "undefined") else observed
    enough = _find_enough(metric, interval) if word == "broken" else None
    return LimitOutcome(design.name, metric.name, allowed, text, word, reasons[word], more, enough=enough)


def _find_enough(metric: Metric, interval: Interval) -> float | None:
    """The least limit of three digits that an interval keeps, None without a finite end; of a share at most 1."""
    if not math.isfinite(interval.high) or interval.high <= 0:
        return None
    step = 10.0 ** (math.floor(math.log10(interval.high)) - 2)
    rounded = float(f"{math.ceil(interval.high / step) * step:.3g}")
    return min(rounded, 1.0) if metric.display_unit == "%" else rounded


def _count_more(interval: Interval, limit: float, word: LimitWord) -> int | None:
    """Further replications that put the interval on one side of the limit, if mean and spread stay as observed."""
    if word == "undecided":
        return count_further_replications(interval, abs(interval.mean - limit))
    return None if word == "undefined" else 0


def _format_observed(metric: Metric, interval: Interval) -> str:
    """Mean and, with several replications, both ends of the interval."""
    least = max(interval.low, 0.0)  # no figure under a limit can be less
    mean, low, high = (_format_value(metric, value) for value in (interval.mean, least, interval.high))
    return f"{mean} ({low} to {high})" if interval.n > 1 else mean


def _format_value(metric: Metric, value: float) -> str:
    return f"{float(f'{value * metric.factor:.4g}'):,g} {metric.display_unit}".rstrip()

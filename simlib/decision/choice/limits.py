"""Hard limits: what breaks one is out, with the reason. Those of simulation by intervals, the others by structure.

Limits that no simulation is needed for: what a design promises, who reads its tokens, on whom it depends.

How many replications more it would take.
"""

import math
from collections.abc import Callable, Iterator, Mapping

from simlib.analysis.intervals import Interval, replications_needed
from simlib.analysis.metrics import METRICS, Metric
from simlib.decision.choice.case import Case, Facts
from simlib.decision.choice.inputs import OUTAGES, Input
from simlib.decision.choice.results import LimitOutcome, LimitWord
from simlib.decision.comparison import Verdicts
from simlib.decision.economics.formulas import HOURS_PER_YEAR
from simlib.decision.promises import promised, told_seconds
from simlib.decision.verdicts import N_MAX, LimitCheck, check_limits

Check = Callable[[Case, Facts, Mapping[str, Input]], LimitOutcome]


def structural_limits(case: Case, facts: Facts, inputs: Mapping[str, Input]) -> Iterator[LimitOutcome]:
    """The outcome of each that the scenario sets."""
    given = case.scenario.limits.model_dump(exclude_none=True)
    for limit, check in CHECKS.items():
        if given.get(limit, False) is not False:
            yield check(case, facts, inputs)


def unavailable_share(facts: Facts, outage_hours: float) -> float:
    """Share of the year's requests that are turned away because the authorization server is down."""
    return min(outage_hours / HOURS_PER_YEAR, 1.0) * (1.0 - facts.served)


def _availability(case: Case, facts: Facts, inputs: Mapping[str, Input]) -> LimitOutcome:
    least = case.scenario.limits.availability or 0.0
    hours = inputs[OUTAGES].likely
    found = 1.0 - unavailable_share(facts, hours)
    why = (
        f"{facts.served:.1%} of the requests are served while the authorization server is down, {hours:g} hours a year"
    )
    return _outcome(facts, "availability", f"at least {least:.4%}", f"{found:.4%}", found >= least, why)


def _revocation_lag(case: Case, facts: Facts, inputs: Mapping[str, Input]) -> LimitOutcome:
    most = case.scenario.limits.revocation_lag_s or 0.0
    lag = promised(case.scenario)[facts.design].after_revocation_s
    why = f"by its settings a revoked token may be accepted for {told_seconds(lag)}"
    return _outcome(facts, "revocation_lag_s", f"at most {told_seconds(most)}", told_seconds(lag), lag <= most, why)


def _header(case: Case, facts: Facts, inputs: Mapping[str, Input]) -> LimitOutcome:
    most, found = case.scenario.limits.header_bytes or 0.0, facts.header_bytes
    allowed = f"at most {most:,g} B"
    if math.isnan(found):
        return LimitOutcome(facts.design, "header_bytes", allowed, "-", "undefined", "No header was seen.", None)
    why = f"the largest request header, token included, has {found:,.0f} B"
    return _outcome(facts, "header_bytes", allowed, f"{found:,.0f} B", found <= most, why)


def _opaque_to_clients(case: Case, facts: Facts, inputs: Mapping[str, Input]) -> LimitOutcome:
    allowed = "clients cannot read their token"
    if facts.structure is None:
        return _unknown(facts, "opaque_to_clients", allowed)
    kept = facts.structure.opaque_to_clients
    found = "they cannot" if kept else "they can"
    why = f"clients hold a token that they can{'not' if kept else ''} read"
    return _outcome(facts, "opaque_to_clients", allowed, found, kept, why)


def _no_as_dependency(case: Case, facts: Facts, inputs: Mapping[str, Input]) -> LimitOutcome:
    allowed = "no request waits for the authorization server"
    if facts.structure is None:
        return _unknown(facts, "no_as_dependency", allowed)
    if not facts.structure.asks_authorization_server:
        return _outcome(facts, "no_as_dependency", allowed, "none does", True, "only keys are fetched from it")
    return _outcome(facts, "no_as_dependency", allowed, "some may", False, "requests may wait for its answer")


def _unknown(facts: Facts, limit: str, allowed: str) -> LimitOutcome:
    return LimitOutcome(facts.design, limit, allowed, "-", "undefined", "The parts were not looked at.", None)


def _outcome(facts: Facts, limit: str, allowed: str, found: str, kept: bool, why: str) -> LimitOutcome:
    word: LimitWord = "met" if kept else "broken"
    return LimitOutcome(facts.design, limit, allowed, found, word, f"{why[0].upper()}{why[1:]}.")


CHECKS: Mapping[str, Check] = {
    "availability": _availability,
    "revocation_lag_s": _revocation_lag,
    "header_bytes": _header,
    "opaque_to_clients": _opaque_to_clients,
    "no_as_dependency": _no_as_dependency,
}


def replications_for(interval: Interval, half_width: float, n_max: int = N_MAX) -> int | None:
    """How many more bring an interval to a half width, if its spread stays; None beyond ``n_max`` in all.

    One more where the interval has no spread yet.
    """
    if interval.n < 2:
        return 1
    # Two values that are as far apart as needed for the standard deviation behind the interval.
    deviation = interval.half_width / _unit_half_width(interval.n, interval.level)
    apart = deviation / math.sqrt(2)
    total = replications_needed([-apart, apart], half_width, interval.level, n_max)
    return None if total is None else max(total - interval.n, 1)


def narrowing(n: int, more: int, level: float) -> float:
    """How much narrower an interval of n replications gets with some more, as a factor."""
    return _unit_half_width(n + more, level) / _unit_half_width(n, level)


def fewest(enough: Callable[[int], bool], n_max: int = N_MAX) -> int | None:
    """The smallest number from 1 to ``n_max`` that is enough, if more never hurt; None when ``n_max`` is not."""
    if not enough(n_max):
        return None
    low, high = 0, n_max  # the answer is in (low, high]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _unit_half_width(n: int, level: float) -> float:
    """Half width of the Student interval of n values with standard deviation 1; infinite below two."""
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, (1 + level) / 2)) / math.sqrt(n) if n > 1 else math.inf


OUT: tuple[LimitWord, ...] = ("broken", "unstable")
OPEN: tuple[LimitWord, ...] = ("undecided", "undefined")


def limit_outcomes(case: Case, verdicts: Verdicts, inputs: Mapping[str, Input]) -> tuple[LimitOutcome, ...]:
    """Every limit of the scenario and every design, in the order of the designs.

    The metrics are those at the sized servers where servers were sized, for these are paid for; else those of the
    scenario's own replicas.
    """
    found: list[LimitOutcome] = []
    for facts in case.facts.values():
        metrics = tuple(_metrics(case, facts, verdicts))
        found += [*_keeps_up(facts, verdicts), *metrics, *_sized(facts, metrics)]
        found += structural_limits(case, facts, inputs)
    return tuple(found)


def out(outcomes: tuple[LimitOutcome, ...]) -> frozenset[str]:
    """The designs that break a limit."""
    return frozenset(one.design for one in outcomes if one.word in OUT)


def open_limits(outcomes: tuple[LimitOutcome, ...], design: str) -> tuple[LimitOutcome, ...]:
    """The limits of which it is not known whether a design keeps them."""
    return tuple(one for one in outcomes if one.design == design and one.word in OPEN)


def _keeps_up(facts: Facts, verdicts: Verdicts) -> Iterator[LimitOutcome]:
    """A backlog that grows is a limit that nobody needs to state; servers that were sized keep up."""
    own = verdicts.stability[facts.design]
    if own.unstable and facts.size is None:
        found = f"backlog grows by {own.growth_share:.1%} of what arrives"
        yield LimitOutcome(
            facts.design, "stability", "keeps up with its load", found, "unstable", f"It does not keep up: {found}."
        )


def _metrics(case: Case, facts: Facts, verdicts: Verdicts) -> Iterator[LimitOutcome]:
    design, sized = facts.design, {} if facts.size is None else facts.size.intervals
    known = {name: sized[name] if _known(sized.get(name)) else own for name, own in verdicts.intervals[design].items()}
    # At servers of another size a metric is steady although it was not at the scenario's own.
    unsteady = [name for name in METRICS if not verdicts.steady(design, name) and not _known(sized.get(name))]
    for check in check_limits(case.scenario.limits, {design: known}, {design: unsteady}):
        yield _told(check)


def _known(interval: Interval | None) -> bool:
    return interval is not None and interval.n > 0 and math.isfinite(interval.half_width)


def _told(check: LimitCheck) -> LimitOutcome:
    metric, interval = check.metric, check.interval
    allowed = f"at most {_shown(metric, check.limit)}"
    seen = _shown(metric, interval.mean)
    if interval.n > 1:
        seen += f" ({_shown(metric, interval.low)} to {_shown(metric, interval.high)})"
    more = _more(check)
    asked = "no affordable number of replications would decide" if more is None else f"about {more} more would decide"
    label = metric.label[0].upper() + metric.label[1:]
    reasons: dict[LimitWord, str] = {
        "met": f"{label}: {seen}; {allowed} is allowed.",
        "broken": f"{label}: {seen}, but {allowed} is allowed.",
        "undecided": f"{label}: {seen}, and {allowed} is allowed; {asked}.",
        "unstable": f"{label}: no steady value, for the design does not keep up with its load.",
        "undefined": f"{label}: not observed; the run is too short for it, or nothing happened.",
    }
    found = "-" if check.word in ("unstable", "undefined") else seen
    return LimitOutcome(check.design, metric.name, allowed, found, check.word, reasons[check.word], more)


def _more(check: LimitCheck) -> int | None:
    """How many replications more put the interval on one side of the limit, if mean and spread stay as observed."""
    if check.word == "undecided":
        return replications_for(check.interval, abs(check.interval.mean - check.limit))
    return None if check.word == "undefined" else 0


def _shown(metric: Metric, value: float) -> str:
    return f"{float(f'{value * metric.factor:.4g}'):,g} {metric.shown_unit}".rstrip()


def _sized(facts: Facts, metrics: tuple[LimitOutcome, ...]) -> Iterator[LimitOutcome]:
    """A design that no number of servers saves; where that is for want of replications, it stays open."""
    if facts.size is None or facts.size.met:
        return
    reasons = dict.fromkeys(reason for trial in facts.size.trials[-1:] for reason in trial.reasons)
    words = {one.word for one in metrics}
    word: LimitWord = "undecided" if "undecided" in words and not words & set(OUT) else "broken"
    found = f"none up to {facts.vcpus('service')} + {facts.vcpus('authorization_server')} vCPUs"
    why = f" ({'; '.join(reasons)})" if reasons else ""
    told = f"No size surely keeps the limits{why}."
    more = max((one.more_replications or 0 for one in metrics if one.word == "undecided"), default=0)
    asked = (more or None) if word == "undecided" else 0
    yield LimitOutcome(facts.design, "servers", "a size that keeps the limits", found, word, told, asked)

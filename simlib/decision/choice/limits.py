"""Hard limits: what breaks one is out, with the reason. Those of simulation by intervals, the others by structure."""

import math
from collections.abc import Iterator, Mapping

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import METRICS, Metric
from simlib.decision.choice.facts import Case, Facts
from simlib.decision.choice.inputs import Input
from simlib.decision.choice.replications import replications_for
from simlib.decision.choice.structural import structural_limits
from simlib.decision.choice.values import LimitOutcome, LimitWord
from simlib.decision.comparing import Verdicts
from simlib.decision.limits import LimitCheck, check_limits

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

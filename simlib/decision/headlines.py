"""What a reader is told first, in plain words: limits, designs that do not keep up, and the differences that matter."""

from collections.abc import Mapping, Sequence

from simlib.analysis.metrics import METRICS
from simlib.analysis.stability import Stability
from simlib.decision.limits import LimitCheck
from simlib.decision.verdicts import Judgement, Word, brief
from simlib.scenario.scenario import Scenario

HEADLINE_METRICS = ("mean_s", "p99_s", "as_requests_per_s", "rs_cpu_s", "exposure_s")
"""What an architect asks for first: speed, its tail, load on both servers, and how long a stolen token works."""
ONLY_WHEN_DIFFERENT = ("failed_share",)
_ORDER: tuple[Word, ...] = ("better", "worse", "higher", "lower", "equivalent", "undecided", "undefined")


def headline(judgements: Mapping[str, Judgement]) -> str:
    """One design against another: the metrics of the headline, grouped by their words."""
    told = [judgements[name] for name in HEADLINE_METRICS]
    told += [judgements[name] for name in ONLY_WHEN_DIFFERENT if judgements[name].word != "equivalent"]
    groups = [(word, [brief(j) for j in told if j.word == word]) for word in _ORDER]
    words = "; ".join(f"{word}: {', '.join(items)}" for word, items in groups if items)
    return f"{told[0].design} against {told[0].baseline}: {words}."


def stability_lines(stability: Mapping[str, Stability], scenario: Scenario) -> tuple[str, ...]:
    """The designs that do not keep up, and what cannot be said because of them."""
    lines = [_unstable(design, own) for design, own in stability.items() if own.unstable]
    first = next(iter(scenario.designs))
    if stability[first].unstable and len(scenario.designs) > 1:
        lines.append(f"No differences to {first} are given, because it is unstable.")
    return tuple(lines)


def _unstable(design: str, own: Stability) -> str:
    slope = own.slope
    return (
        f"{design} is unstable: its backlog grows by {slope.mean:,.3g} requests per second "
        f"({slope.level * 100:g} % interval {slope.low:,.3g} to {slope.high:,.3g}), {own.growth_share:.1%} of what "
        "arrives; it has no steady latency, so it is neither averaged nor compared."
    )


def limit_lines(checks: Sequence[LimitCheck]) -> tuple[str, ...]:
    """The limits that some design does not surely keep, one sentence each, then the designs that keep all of them."""
    if not checks:
        return ()
    lines = [_limit(check) for check in checks if check.word != "met"]
    open_ones = {check.design for check in checks if check.word != "met"}
    keeping = [design for design in dict.fromkeys(check.design for check in checks) if design not in open_ones]
    if keeping:
        limits = dict.fromkeys(f"{c.metric.label} at most {_shown(c.metric.name, c.limit)}" for c in checks)
        lines.append(f"Limits met by {', '.join(keeping)}: {', '.join(limits)}.")
    return tuple(lines)


def _limit(check: LimitCheck) -> str:
    name, label = check.metric.name, check.metric.label
    wanted = f"{label} at most {_shown(name, check.limit)}"
    if check.word == "unstable":
        return f"Limit broken by {check.design}: {wanted}; it is unstable, so there is no steady value."
    if check.word == "undefined":
        return f"Limit undecided for {check.design}: {wanted}; nothing was observed."
    seen = f"{_shown(name, check.interval.mean)} (interval {_span(check)})"
    if check.word == "broken":
        return f"Limit broken by {check.design}: {wanted}; it is {seen}."
    return f"Limit undecided for {check.design}: {wanted}; it is {seen}; more replications would tell."


def _span(check: LimitCheck) -> str:
    if check.interval.n < 2:
        return "not known from one replication"
    return f"{_shown(check.metric.name, check.interval.low)} to {_shown(check.metric.name, check.interval.high)}"


def _shown(name: str, value: float) -> str:
    metric = METRICS[name]
    return f"{float(f'{value * metric.factor:.4g}'):,g} {metric.shown_unit}".rstrip()

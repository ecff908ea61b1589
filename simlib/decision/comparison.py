"""Verdicts of a comparison: intervals, paired differences with their words, stability, limits, notes and promises."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from simlib.analysis.intervals import Interval, student
from simlib.analysis.metrics import METRICS, Metric
from simlib.analysis.stability import Stability, assess_stability
from simlib.decision.notes import describe_limit_checks, describe_stability, list_reading_notes, write_headline
from simlib.decision.promises import (
    ValidityBounds,
    compute_promises,
    has_introspection_cache,
    has_self_contained_tokens,
)
from simlib.decision.verdicts import Judgement, LimitCheck, check_limits, judge_difference
from simlib.experiment import Comparison
from simlib.scenario.display import Displayed, Lines
from simlib.scenario.limits import Margins
from simlib.scenario.scenario import Scenario

STEADY_ANYWAY = (
    "as_requests_per_s",
    "as_utilisation",
    "rs_utilisation",
    "gateway_utilisation",
    "store_utilisation",
    "shared_store_utilisation",
)
"""Rates of a station have a steady value even when a backlog grows; all else then depends on the length of the run, CPU
time per request included, since fewer requests are served than arrive."""


@dataclass(frozen=True, eq=False, repr=False)
class Verdicts(Displayed):
    """Verdicts that a comparison supports.

    ``intervals``: design -> metric -> interval of its mean. ``judgements``: design -> metric -> judgement against the
    first design; ``opponents``: the same for each design that is also compared with ``opponent``, the design with an
    introspection cache. Neither holds an unstable design, and ``judgements`` is empty when the first design is
    unstable. ``limit_sentences``, ``headlines`` and ``notes`` are one sentence or two each. ``promises``: design -> for
    how long it may accept a token that should no longer work.
    """

    comparison: Comparison
    intervals: Mapping[str, Mapping[str, Interval]]
    stability: Mapping[str, Stability]
    judgements: Mapping[str, Mapping[str, Judgement]]
    opponent: str | None
    opponents: Mapping[str, Mapping[str, Judgement]]
    limits: tuple[LimitCheck, ...]
    limit_sentences: tuple[str, ...]
    headlines: tuple[str, ...]
    notes: tuple[str, ...]
    promises: Mapping[str, ValidityBounds]

    def _describe(self) -> tuple[str, Lines]:
        return f"{self.scenario.name}, {self.scenario.title}", (
            ("designs", ", ".join(self.designs)),
            *(("verdict", headline) for headline in self.headlines),
            *(("limits", sentence) for sentence in self.limit_sentences),
        )

    @property
    def scenario(self) -> Scenario:
        """Scenario of the comparison."""
        return self.comparison.scenario

    @property
    def designs(self) -> tuple[str, ...]:
        """Names of the designs, baseline first."""
        return self.comparison.designs

    @property
    def baseline(self) -> str:
        """Design that the others are compared with."""
        return self.designs[0]

    @property
    def unstable(self) -> tuple[str, ...]:
        """Designs whose backlog grows."""
        return tuple(design for design in self.designs if self.stability[design].unstable)

    def is_steady(self, design: str, metric: str) -> bool:
        """True if the metric has a steady value: always in a stable design, rarely in an unstable one."""
        return not self.stability[design].unstable or metric in STEADY_ANYWAY

    def find_word(self, design: str, metric: str) -> str:
        """Word of the difference to the first design, "unstable" when there is none, "" for the first itself."""
        if self.stability[design].unstable:
            return "unstable"
        if design == self.baseline:
            return ""
        judgements = self.judgements.get(design)
        return judgements[metric].word if judgements is not None else "baseline unstable"


def judge_comparison(comparison: Comparison) -> Verdicts:
    """Verdicts about every metric of every design at the level of the scenario's run.

    The margin of a metric is the scenario's own, or its relative one times the baseline's mean (0 where that is 0).
    An unstable design is named and not averaged. Raises ValueError when designs have unequal numbers of replications.
    """
    scenario, level = comparison.scenario, comparison.scenario.run.level
    intervals = {
        design: {name: student(comparison.list_values(design, name), level) for name in METRICS}
        for design in comparison.designs
    }
    stability = {design: _assess_stability(comparison, design) for design in comparison.designs}
    stable = [design for design in comparison.designs if not stability[design].unstable]
    judge_against = partial(_judge_against, comparison, intervals)
    opponent = find_cached_opponent(scenario)
    judgements = judge_against(comparison.designs[0], stable)
    opponents = (
        judge_against(opponent, [name for name in stable if _is_self_contained(scenario, name)]) if opponent else {}
    )
    limits = _check_limits(scenario, intervals, stable)
    return Verdicts(
        comparison=comparison,
        intervals=intervals,
        stability=stability,
        judgements=judgements,
        opponent=opponent,
        opponents=opponents,
        limits=limits,
        limit_sentences=describe_limit_checks(limits),
        headlines=(
            *describe_stability(stability, scenario),
            *(write_headline(judged) for judged in (*opponents.values(), *judgements.values())),
        ),
        notes=list_reading_notes(comparison),
        promises=compute_promises(scenario),
    )


def compute_margin(metric: Metric, margins: Margins, baseline_mean: float) -> float:
    """Largest difference that does not matter, in the unit of the metric."""
    stated: float | None = getattr(margins, metric.name, None)
    if stated is not None:
        return stated
    return margins.relative * abs(baseline_mean) if math.isfinite(baseline_mean) else 0.0


def find_cached_opponent(scenario: Scenario) -> str | None:
    """First design with an introspection cache; None when that is the first design of all.

    Deployments with opaque tokens usually have a cache, so a JWT must be better than this design and not only better
    than introspection at every request.
    """
    caching = [name for name, design in scenario.designs.items() if has_introspection_cache(design)]
    return caching[0] if caching and caching[0] != next(iter(scenario.designs)) else None


def _is_self_contained(scenario: Scenario, design: str) -> bool:
    return has_self_contained_tokens(scenario.design(design)) and design != next(iter(scenario.designs))


def _assess_stability(comparison: Comparison, design: str) -> Stability:
    slopes = comparison.list_values(design, "backlog_slope")
    arrivals = student(comparison.list_values(design, "arrivals_per_s")).mean
    if not arrivals > 0:  # without arrivals there is no backlog
        return Stability(student(slopes), math.nan, False)
    return assess_stability(slopes, arrivals)


def _judge_against(
    comparison: Comparison, intervals: Mapping[str, Mapping[str, Interval]], baseline: str, stable: list[str]
) -> dict[str, dict[str, Judgement]]:
    """Design -> metric -> judgement of the stable designs against a baseline; empty when that is unstable."""
    if _assess_stability(comparison, baseline).unstable:
        return {}
    margins, level = comparison.scenario.margins, comparison.scenario.run.level
    return {
        design: {
            name: judge_difference(
                metric,
                design,
                comparison.list_values(design, name),
                baseline,
                comparison.list_values(baseline, name),
                compute_margin(metric, margins, intervals[baseline][name].mean),
                level,
            )
            for name, metric in METRICS.items()
        }
        for design in stable
        if design != baseline
    }


def _check_limits(
    scenario: Scenario, intervals: Mapping[str, Mapping[str, Interval]], stable: list[str]
) -> tuple[LimitCheck, ...]:
    unsteady = {
        design: () if design in stable else tuple(name for name in METRICS if name not in STEADY_ANYWAY)
        for design in intervals
    }
    return check_limits(scenario.limits, intervals, unsteady)

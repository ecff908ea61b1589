"""A whole comparison judged: intervals, differences with their words, stability, limits, and what to keep in mind."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from simlib.analysis.intervals import Interval, student
from simlib.analysis.metrics import METRICS, Metric
from simlib.analysis.stability import Stability, assess_stability
from simlib.decision.notes import describe_limit_checks, describe_stability, list_reading_notes, write_headline
from simlib.decision.promises import has_introspection_cache, has_self_contained_tokens
from simlib.decision.verdicts import Judgement, LimitCheck, check_limits, judge_difference
from simlib.experiment import Comparison
from simlib.scenario.display import Displayed, Lines
from simlib.scenario.scenario import Margins, Scenario

STEADY_ANYWAY = (
    "as_requests_per_s",
    "as_utilisation",
    "rs_utilisation",
    "gateway_utilisation",
    "store_utilisation",
    "shared_store_utilisation",
)
"""What a station did per second has a steady value even when a backlog grows; all else then depends on the length of
the run, CPU time per request included, for what arrives is not what is served."""


@dataclass(frozen=True, eq=False, repr=False)
class Verdicts(Displayed):
    """What a comparison allows to be said.

    ``intervals``: design -> metric -> interval of its mean. ``judgements``: design -> metric -> judgement against the
    first design; ``opponents``: the same for each design that is also held against ``opponent``, the design that
    caches. Neither holds an unstable design, and ``judgements`` is empty when the first design is unstable.
    ``limit_sentences``, ``headlines`` and ``notes`` are plain words, one sentence or two each.
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

    def _describe(self) -> tuple[str, Lines]:
        return f"{self.scenario.name}, {self.scenario.title}", (
            ("designs", ", ".join(self.designs)),
            *(("verdict", headline) for headline in self.headlines),
            *(("limits", sentence) for sentence in self.limit_sentences),
        )

    @property
    def scenario(self) -> Scenario:
        """What was compared."""
        return self.comparison.scenario

    @property
    def designs(self) -> tuple[str, ...]:
        """Names of the designs, baseline first."""
        return self.comparison.designs

    @property
    def baseline(self) -> str:
        """The design that the others are compared to."""
        return self.designs[0]

    @property
    def unstable(self) -> tuple[str, ...]:
        """The designs that do not keep up with their load."""
        return tuple(design for design in self.designs if self.stability[design].unstable)

    def is_steady(self, design: str, metric: str) -> bool:
        """Whether the metric has a value to be shown: always in a stable design, rarely in an unstable one."""
        return not self.stability[design].unstable or metric in STEADY_ANYWAY

    def find_word(self, design: str, metric: str) -> str:
        """The word of the difference to the first design, "unstable" when there is none, "" for the first itself."""
        if self.stability[design].unstable:
            return "unstable"
        if design == self.baseline:
            return ""
        own = self.judgements.get(design)
        return own[metric].word if own is not None else "baseline unstable"


def judge_comparison(comparison: Comparison) -> Verdicts:
    """Judge every metric of every design at the level of the scenario's run.

    The margin of a metric is the scenario's own, or its relative one times the baseline's mean (0 where that is 0).
    An unstable design is named and not averaged. Raises ValueError when designs have unequal numbers of replications.
    """
    scenario, level = comparison.scenario, comparison.scenario.run.level
    intervals = {
        design: {name: student(comparison.list_values(design, name), level) for name in METRICS}
        for design in comparison.designs
    }
    stability = {design: _stability(comparison, design) for design in comparison.designs}
    stable = [design for design in comparison.designs if not stability[design].unstable]
    against = partial(_judged, comparison, intervals)
    opponent = find_cached_opponent(scenario)
    judgements = against(comparison.designs[0], stable)
    opponents = against(opponent, [name for name in stable if _self_contained(scenario, name)]) if opponent else {}
    limits = _limits(scenario, intervals, stable)
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
            *(write_headline(own) for own in (*opponents.values(), *judgements.values())),
        ),
        notes=list_reading_notes(comparison),
    )


def compute_margin(metric: Metric, margins: Margins, baseline_mean: float) -> float:
    """The largest difference that does not matter, in the unit of the metric."""
    own: float | None = getattr(margins, metric.name, None)
    if own is not None:
        return own
    return margins.relative * abs(baseline_mean) if math.isfinite(baseline_mean) else 0.0


def find_cached_opponent(scenario: Scenario) -> str | None:
    """The first design that caches what it was told about clients' tokens, when it is not the baseline anyway.

    A cache is what a deployment with opaque tokens has, so a JWT must be better than this one and not only better than
    asking at every request.
    """
    caching = [name for name, design in scenario.designs.items() if has_introspection_cache(design)]
    return caching[0] if caching and caching[0] != next(iter(scenario.designs)) else None


def _self_contained(scenario: Scenario, design: str) -> bool:
    return has_self_contained_tokens(scenario.design(design)) and design != next(iter(scenario.designs))


def _stability(comparison: Comparison, design: str) -> Stability:
    slopes = comparison.list_values(design, "backlog_slope")
    arrivals = student(comparison.list_values(design, "arrivals_per_s")).mean
    if not arrivals > 0:  # nobody came, so nothing can pile up
        return Stability(student(slopes), math.nan, False)
    return assess_stability(slopes, arrivals)


def _judged(
    comparison: Comparison, intervals: Mapping[str, Mapping[str, Interval]], baseline: str, stable: list[str]
) -> dict[str, dict[str, Judgement]]:
    """Design -> metric -> judgement of the stable designs against one of them; empty when that is not stable."""
    if _stability(comparison, baseline).unstable:
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


def _limits(
    scenario: Scenario, intervals: Mapping[str, Mapping[str, Interval]], stable: list[str]
) -> tuple[LimitCheck, ...]:
    unsteady = {
        design: () if design in stable else tuple(name for name in METRICS if name not in STEADY_ANYWAY)
        for design in intervals
    }
    return check_limits(scenario.limits, intervals, unsteady)

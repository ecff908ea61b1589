"""Verdicts of a comparison: intervals, paired differences with their words, stability, limits, notes and promises."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from simlib.analysis.intervals import Interval, student
from simlib.analysis.metrics import METRICS
from simlib.analysis.stability import Stability, assess_stability
from simlib.decision.best_designs import BestDesigns, compare_with_best
from simlib.decision.limits import DesignProperties, LimitOutcome, check_structural_limits, read_properties
from simlib.decision.metric_limits import check_metric_limits, check_stability
from simlib.decision.notes import (
    describe_best_designs,
    describe_limits,
    describe_stability,
    list_reading_notes,
    write_headline,
)
from simlib.decision.pairs import Judgements, Pairs, compute_pair_level, judge_pairs, select_against
from simlib.decision.promises import (
    ValidityBounds,
    compute_promises,
    has_introspection_cache,
    has_self_contained_tokens,
)
from simlib.experiment import Comparison
from simlib.scenario.display import Displayed, Lines
from simlib.scenario.scenario import Scenario

HEADER = "header_bytes"
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

    ``intervals``: design -> metric -> interval of its mean. ``pairs``: every two designs -> metric -> judgement, whose
    intervals hold together (`simlib.decision.pairs`). ``judgements``: design -> metric -> judgement against
    ``baseline``; ``opponents``: the same for each design that is also compared with ``opponent``, the design with an
    introspection cache. None of them holds an unstable design, and ``judgements`` is empty when the baseline is
    unstable. ``best``: metric -> all stable designs against the best of them. ``limits``: outcomes of every limit that
    the scenario states. ``limit_sentences``, ``headlines``, ``best_sentences`` and ``notes`` are one sentence or two
    each. ``promises``: design -> for how long it may accept a token that should no longer work; ``properties``: design
    -> what limits are judged by besides metrics.
    """

    comparison: Comparison
    baseline: str
    intervals: Mapping[str, Mapping[str, Interval]]
    stability: Mapping[str, Stability]
    pairs: Pairs
    judgements: Mapping[str, Judgements]
    opponent: str | None
    opponents: Mapping[str, Judgements]
    best: Mapping[str, BestDesigns]
    limits: tuple[LimitOutcome, ...]
    limit_sentences: tuple[str, ...]
    headlines: tuple[str, ...]
    best_sentences: tuple[str, ...]
    notes: tuple[str, ...]
    promises: Mapping[str, ValidityBounds]
    properties: Mapping[str, DesignProperties]

    def _describe(self) -> tuple[str, Lines]:
        return f"{self.scenario.name}, {self.scenario.title}", (
            ("designs", ", ".join(self.designs)),
            *(("verdict", headline) for headline in self.headlines),
            *(("best", sentence) for sentence in self.best_sentences),
            *(("limits", sentence) for sentence in self.limit_sentences),
        )

    @property
    def scenario(self) -> Scenario:
        """Scenario of the comparison."""
        return self.comparison.scenario

    @property
    def designs(self) -> tuple[str, ...]:
        """Names of the designs, first of the scenario first."""
        return self.comparison.designs

    @property
    def pair_level(self) -> float:
        """Level of the interval of each difference, with which all pairs of designs hold together."""
        return compute_pair_level(self.scenario.run.level, len(self.designs) - len(self.unstable))

    @property
    def unstable(self) -> tuple[str, ...]:
        """Designs whose backlog grows."""
        return tuple(design for design in self.designs if self.stability[design].unstable)

    def is_steady(self, design: str, metric: str) -> bool:
        """True if the metric has a steady value: always in a stable design, rarely in an unstable one."""
        return not self.stability[design].unstable or metric in STEADY_ANYWAY

    def find_word(self, design: str, metric: str) -> str:
        """Word of the difference to the baseline, "unstable" when there is none, "" for the baseline itself."""
        if self.stability[design].unstable:
            return "unstable"
        if design == self.baseline:
            return ""
        judgements = self.judgements.get(design)
        return judgements[metric].word if judgements is not None else "baseline unstable"


def judge_comparison(comparison: Comparison, baseline: str | None = None) -> Verdicts:
    """Verdicts about every metric of every design, and of every pair of them, at the level of the scenario's run.

    ``baseline``: the design that the others are compared with in tables and headlines; by default that of the terms of
    the scenario, else the first. The margin of a metric is the scenario's own, or its relative one times the baseline's
    mean (0 where that is 0). An unstable design is named and not averaged. Raises InputError for an unknown baseline,
    and ValueError when designs have unequal numbers of replications.
    """
    scenario, level = comparison.scenario, comparison.scenario.run.level
    base = choose_baseline(scenario, baseline)
    intervals = {
        design: {name: student(comparison.list_values(design, name), level) for name in METRICS}
        for design in comparison.designs
    }
    stability = {design: _assess_stability(comparison, design) for design in comparison.designs}
    stable = [design for design in comparison.designs if not stability[design].unstable]
    pairs = judge_pairs(comparison, intervals, stable, base if base in stable else (*stable, base)[0])
    opponent = find_cached_opponent(scenario, base)
    judgements, opponents = select_against(pairs, base), _select_self_contained(scenario, pairs, opponent, base)
    promises = compute_promises(scenario)
    properties = {name: _read_properties(comparison, name, intervals, promises[name]) for name in comparison.designs}
    limits = tuple(_check_limits(scenario, intervals, stability, properties))
    best = compare_with_best(pairs, stable, level)
    return Verdicts(
        comparison=comparison,
        baseline=base,
        intervals=intervals,
        stability=stability,
        pairs=pairs,
        judgements=judgements,
        opponent=opponent,
        opponents=opponents,
        best=best,
        limits=limits,
        limit_sentences=describe_limits(limits),
        headlines=(
            *describe_stability(stability, base),
            *(write_headline(judged) for judged in (*opponents.values(), *judgements.values())),
        ),
        best_sentences=describe_best_designs(best, limits),
        notes=list_reading_notes(comparison),
        promises=promises,
        properties=properties,
    )


def choose_baseline(scenario: Scenario, named: str | None = None) -> str:
    """Baseline of a comparison: the one that was named, else that of the terms, else the first design.

    Raises InputError for an unknown one.
    """
    baseline = named or scenario.terms.baseline or next(iter(scenario.designs))
    return scenario.design(baseline).name


def find_cached_opponent(scenario: Scenario, baseline: str) -> str | None:
    """First design with an introspection cache; None when that is the baseline.

    Deployments with opaque tokens usually have a cache, so a JWT must be better than this design and not only better
    than introspection at every request.
    """
    caching = [name for name, design in scenario.designs.items() if has_introspection_cache(design)]
    return caching[0] if caching and caching[0] != baseline else None


def _select_self_contained(
    scenario: Scenario, pairs: Pairs, opponent: str | None, baseline: str
) -> dict[str, Judgements]:
    """Judgements against the opponent of the designs with self-contained tokens, apart from the baseline."""
    against = {} if opponent is None else select_against(pairs, opponent)
    return {
        name: judgements
        for name, judgements in against.items()
        if name != baseline and has_self_contained_tokens(scenario.design(name))
    }


def _assess_stability(comparison: Comparison, design: str) -> Stability:
    slopes = comparison.list_values(design, "backlog_slope")
    arrivals = student(comparison.list_values(design, "arrivals_per_s")).mean
    if not arrivals > 0:  # without arrivals there is no backlog
        return Stability(student(slopes), math.nan, False)
    return assess_stability(slopes, arrivals)


def _read_properties(
    comparison: Comparison, design: str, intervals: Mapping[str, Mapping[str, Interval]], bounds: ValidityBounds
) -> DesignProperties:
    has_headers = HEADER in comparison.table.columns
    headers = [value for value in comparison.list_values(design, HEADER) if value == value] if has_headers else []
    scenario, hit_ratio = comparison.scenario, intervals[design]["hit_ratio"].mean
    return read_properties(scenario, scenario.design(design), bounds, hit_ratio, max(headers, default=math.nan))


def _check_limits(
    scenario: Scenario,
    intervals: Mapping[str, Mapping[str, Interval]],
    stability: Mapping[str, Stability],
    properties: Mapping[str, DesignProperties],
) -> Iterator[LimitOutcome]:
    """Outcomes of all limits that are stated, design by design; keeping up with the load is one as soon as any is."""
    if all(value is False for value in scenario.limits.model_dump(exclude_none=True).values()):
        return
    for name, design in scenario.designs.items():
        unsteady = [metric for metric in METRICS if metric not in STEADY_ANYWAY] if stability[name].unstable else []
        yield from check_stability(design, stability[name], intervals[name])
        yield from check_metric_limits(scenario, design, intervals[name], unsteady, properties[name].bounds)
        yield from check_structural_limits(scenario, design, properties[name])

"""Verdicts of a comparison: intervals, paired differences with their words, stability, limits, notes and promises."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from simlib.analysis.drift import Drift, find_drifts
from simlib.analysis.intervals import Interval, student
from simlib.analysis.metrics import LISTED_IF_OTHER, METRICS
from simlib.analysis.quantiles import compute_interval
from simlib.analysis.stability import Stability, assess_stability
from simlib.decision.best_designs import BestDesigns, compare_with_best
from simlib.decision.figure_notes import find_busiest_hosts, list_few_excursions, list_figure_notes, list_gaps
from simlib.decision.limit_checks import STEADY_ANYWAY, LimitBasis, check_limits, read_limit_basis
from simlib.decision.limits import LimitOutcome
from simlib.decision.notes import (
    describe_best_designs,
    describe_drifts,
    describe_limits,
    describe_stability,
    list_reading_notes,
    write_headline,
)
from simlib.decision.pairs import Judgements, Pairs, compute_margin, compute_pair_level, judge_pairs, select_against
from simlib.decision.promises import (
    ValidityBounds,
    compute_promises,
    has_introspection_cache,
    has_self_contained_tokens,
)
from simlib.experiment import Comparison
from simlib.scenario.display import Displayed, Lines
from simlib.scenario.loads import ClosedLoad, PoissonLoad
from simlib.scenario.scenario import Scenario


@dataclass(frozen=True, eq=False, repr=False)
class Verdicts(Displayed):
    """Verdicts that a comparison supports.

    ``intervals``: design -> metric -> interval of its mean. ``pairs``: every two designs -> metric -> judgement, whose
    intervals hold together (`simlib.decision.pairs`). ``judgements``: design -> metric -> judgement against
    ``baseline``; ``opponents``: the same for each design that is also compared with ``opponent``, the design with an
    introspection cache. None of them holds an unstable design, and ``judgements`` is empty when the baseline is
    unstable. ``best``: metric -> all stable designs against the best of them. ``limits``: outcomes of every limit that
    the scenario states. ``limit_sentences``, ``headlines``, ``best_sentences`` and ``notes`` are one sentence or two
    each. ``promises``: design -> for how long it may accept a token that should no longer work; ``limit_bases``:
    design -> what limits are judged by besides metrics. ``drifts``: figures whose first and second half differ.
    ``few_excursions``: design and quantile whose interval covers less than it states; ``gaps``: the same, because the
    quantile lies in a gap between two kinds of requests; ``busiest_hosts``: design -> host with the highest
    utilisation.
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
    limit_bases: Mapping[str, LimitBasis]
    drifts: tuple[Drift, ...] = ()
    few_excursions: frozenset[tuple[str, str]] = frozenset()
    gaps: frozenset[tuple[str, str]] = frozenset()
    busiest_hosts: Mapping[str, str] = field(default_factory=dict)

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


def _compute_intervals(comparison: Comparison, design: str, bounds: ValidityBounds) -> dict[str, Interval]:
    """Metric -> interval of its mean; an exposure is not longer than the design guarantees."""
    rows, level = comparison.find_rows(design), comparison.scenario.run.level
    intervals = {name: compute_interval(rows, name, level) for name in METRICS}
    return {**intervals, "exposure_s": intervals["exposure_s"].limit(highest=bounds.after_revocation_s)}


def judge_comparison(comparison: Comparison, baseline: str | None = None) -> Verdicts:
    """Verdicts about every metric of every design, and of every pair of them, at the level of the scenario's run.

    ``baseline``: the design that the others are compared with in tables and headlines; by default that of the terms of
    the scenario, else the first. The margin of a metric is the scenario's own, or its relative one times the baseline's
    mean (0 where that is 0). An unstable design is named and not averaged. Raises InputError for an unknown baseline,
    and ValueError when designs have unequal numbers of replications.
    """
    scenario, level = comparison.scenario, comparison.scenario.run.level
    base = choose_baseline(scenario, baseline)
    promises = compute_promises(scenario)
    intervals = {design: _compute_intervals(comparison, design, promises[design]) for design in comparison.designs}
    stability = {design: _assess_stability(comparison, design) for design in comparison.designs}
    stable = [design for design in comparison.designs if not stability[design].unstable]
    pairs = judge_pairs(comparison, intervals, stable, base if base in stable else (*stable, base)[0])
    opponent = find_cached_opponent(scenario, base)
    judgements, opponents = select_against(pairs, base), _select_self_contained(scenario, pairs, opponent, base)
    bases = read_limit_basis(comparison, intervals, promises)
    drifts = _find_drifts(comparison, intervals, stable)
    limits = tuple(check_limits(scenario, intervals, stability, bases))
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
        notes=(
            *describe_drifts(drifts, scenario),
            *list_figure_notes(comparison, intervals),
            *list_reading_notes(comparison),
        ),
        few_excursions=frozenset(list_few_excursions(comparison)),
        gaps=list_gaps(comparison),
        busiest_hosts=find_busiest_hosts(comparison),
        drifts=drifts,
        promises=promises,
        limit_bases=bases,
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


def _find_drifts(
    comparison: Comparison, intervals: Mapping[str, Mapping[str, Interval]], stable: list[str]
) -> tuple[Drift, ...]:
    """The figures that drift under a load that is the same all the time: of any other they have to."""
    scenario = comparison.scenario
    if scenario.world.faults or not isinstance(scenario.world.load, PoissonLoad | ClosedLoad):
        return ()
    drifts = {design: comparison.drifts[design] for design in stable if design in comparison.drifts}
    margins = {
        design: {
            name: compute_margin(metric, scenario.margins, intervals[design][name].mean)
            for name, metric in METRICS.items()
        }
        for design in drifts
    }
    found = find_drifts(drifts, margins, scenario.run.level)
    return tuple(drift for drift in found if not _is_repeated(drift, intervals[drift.design]))


def _is_repeated(drift: Drift, intervals: Mapping[str, Interval]) -> bool:
    """Whether the figure beside which this one stands is the same and has a mark of its own."""
    beside = LISTED_IF_OTHER.get(drift.metric)
    return beside is not None and intervals[beside].mean == intervals[drift.metric].mean

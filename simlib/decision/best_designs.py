"""Best designs in a metric: multiple comparisons with the best, with the indifference margin of the scenario.

For each design the difference to the best of the others is bounded by the intervals of all pairs: where these hold, so
do these bounds, for all designs at once (Hsu, "Constrained simultaneous confidence intervals for multiple comparisons
with the best", Annals of Statistics 12 (1984); under common random numbers by Bonferroni: Nelson and Matejcik, "Using
common random numbers for indifference-zone selection and multiple comparisons in simulation", Management Science 41
(1995)). So with the probability of the level no design called best or equivalent is worse than the best by more than
the margin, and none called worse is best.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from simlib.analysis.metrics import METRICS, Metric
from simlib.decision.pairs import Pairs
from simlib.decision.verdicts import Judgement, format_margin

BestWord = Literal["best", "equivalent", "worse", "undecided", "undefined"]


@dataclass(frozen=True)
class Standing:
    """One design against the best of the others: bounds of the difference, where above 0 is worse, and the word.

    - "best": no other is better; "equivalent": worse than the best by no more than the margin;
    - "worse": another design is surely better, by how much is not sure to be below the margin;
    - "undecided": neither; "undefined": it cannot be compared with every other.

    ``more_replications`` is 0 unless it is "undecided", and None when no affordable number decides.
    """

    design: str
    low: float
    high: float
    word: BestWord
    more_replications: int | None = 0


@dataclass(frozen=True)
class BestDesigns:
    """Standings of all designs in one metric; ``margin`` in its unit, ``level`` of all of them together."""

    metric: Metric
    margin: float
    level: float
    standings: Mapping[str, Standing]

    def list_designs(self, *words: BestWord) -> tuple[str, ...]:
        """Designs with one of these words."""
        return tuple(name for name, standing in self.standings.items() if standing.word in words)


def compare_with_best(pairs: Pairs, designs: Sequence[str], level: float) -> Mapping[str, BestDesigns]:
    """Metric -> standings of the designs, for the metrics of which one direction is better; empty for one design."""
    if len(designs) < 2:
        return MappingProxyType({})
    return MappingProxyType(
        {
            name: _rank(metric, {pair: judgements[name] for pair, judgements in pairs.items()}, designs, level)
            for name, metric in METRICS.items()
            if metric.lower_is_better is not None
        }
    )


def _rank(
    metric: Metric, judgements: Mapping[tuple[str, str], Judgement], designs: Sequence[str], level: float
) -> BestDesigns:
    margin = next(iter(judgements.values())).margin
    standings = {
        design: _judge(design, [judgements[design, other] for other in designs if other != design], margin)
        for design in designs
    }
    return BestDesigns(metric, margin, level, MappingProxyType(standings))


def _judge(design: str, against: Sequence[Judgement], margin: float) -> Standing:
    if any(judgement.difference.n == 0 for judgement in against):
        return Standing(design, math.nan, math.nan, "undefined")
    worse = [_orient(judgement) for judgement in against]
    low, high = max(low for low, _ in worse), max(high for _, high in worse)
    if high <= margin:
        return Standing(design, low, high, "best" if high <= 0 else "equivalent")
    if low > 0:
        return Standing(design, low, high, "worse")
    needs = [judgement.more_replications for judgement in against if judgement.word == "undecided"]
    return Standing(design, low, high, "undecided", None if None in needs else max(filter(None, needs), default=1))


def _orient(judgement: Judgement) -> tuple[float, float]:
    """Ends of the interval of a difference, turned so that above 0 is worse."""
    low, high = judgement.difference.low, judgement.difference.high
    return (low, high) if judgement.metric.lower_is_better else (-high, -low)


def describe_best(best: BestDesigns, breaking: Collection[str] = ()) -> str:
    """Sentence about the best designs in one metric; designs in ``breaking`` are marked, since they break a limit."""

    def name(designs: Sequence[str]) -> str:
        return ", ".join(f"{design} (breaks a limit)" if design in breaking else design for design in designs)

    label = f"{best.metric.label[:1].upper()}{best.metric.label[1:]}"
    first, equivalent = best.list_designs("best"), best.list_designs("equivalent")
    leading = "best or within {} of it" if len(first) != 1 or equivalent else "best"
    parts = (
        [f"{leading.format(format_margin(best.metric, best.margin))}: {name((*first, *equivalent))}"]
        if first or equivalent
        else []
    )
    parts += [f"worse: {name(worse)}"] if (worse := best.list_designs("worse")) else []
    parts += [_describe_open(best, name(still))] if (still := best.list_designs("undecided")) else []
    parts += [f"not comparable: {name(rest)}"] if (rest := best.list_designs("undefined")) else []
    return f"{label}: {'; '.join(parts)}."


def _describe_open(best: BestDesigns, names: str) -> str:
    needs = [standing.more_replications for standing in best.standings.values() if standing.word == "undecided"]
    if None in needs:
        return f"undecided, and no affordable number of replications would decide: {names}"
    more = max(filter(None, needs), default=1)
    return f"undecided, about {more} more replication{'' if more == 1 else 's'}: {names}"

"""Notes of a sweep: figures beside others that leave something out, quantiles of short runs, names of busiest hosts."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import COMPANIONS, METRICS
from simlib.analysis.quantiles import (
    FEWEST_EXCURSIONS,
    Rows,
    compute_interval,
    lies_in_gap,
    rests_on_few_excursions,
)
from simlib.analysis.utilisation import HOST_UTILISATION, find_busiest_host
from simlib.decision.figure_notes import FEW_EXCURSIONS, GAP_REASON, IN_GAP
from simlib.decision.limits import begin_sentence
from simlib.experiment.sweep_plan import SweepPlan
from simlib.experiment.variation import Point, describe_point

if TYPE_CHECKING:
    import pandas as pd


def add_companions(frame: "pd.DataFrame", names: Sequence[str]) -> tuple[str, ...]:
    """Metrics with those that stand beside them, where they differ in some replication of some design."""
    found: list[str] = []
    for name in names:
        beside = COMPANIONS.get(name)
        own = frame[[name, beside]].dropna(how="all") if beside in frame.columns else None
        found += [name] if own is None or beside is None or own[name].equals(own[beside]) else [name, beside]
    return tuple(dict.fromkeys(found))


def find_rows(frame: "pd.DataFrame", point: Point, design: str) -> "pd.DataFrame":
    """The replications of one design at one point."""
    chosen = frame["design"] == design
    for key, value in point.items():
        chosen &= frame[key] == value
    return frame[chosen]


def compute_point_interval(rows: "pd.DataFrame", name: str, level: float, bound_s: float) -> Interval:
    """Interval of a metric of one design at one point; an exposure ends at the design's bound there."""
    interval = compute_interval(rows, name, level)
    return interval.limit(highest=bound_s) if name == "exposure_s" else interval


def find_host(rows: "pd.DataFrame") -> str:
    """Find the busiest host in the mean of some replications; empty when none was sampled."""
    own = [name for name in map(str, rows.columns) if name.startswith(HOST_UTILISATION)]
    return find_busiest_host({name: float(rows[name].mean()) for name in own})


def list_sweep_notes(plan: SweepPlan, frame: "pd.DataFrame", names: Sequence[str]) -> Iterator[str]:
    """Notes of the sweep, and one per metric with quantiles whose intervals cover less than they state."""
    yield from plan.notes
    level = f"{plan.scenario.run.level * 100:g}"
    for name in names:
        few, gaps = (_list_places(plan, frame, name, applies) for applies in (rests_on_few_excursions, lies_in_gap))
        if few:
            yield (
                f"{FEW_EXCURSIONS} {begin_sentence(METRICS[name].label)} rests on fewer than {FEWEST_EXCURSIONS:g} "
                f"excursions beyond it per replication: its interval covers less than {level} % for {', '.join(few)}. "
                "A longer run would do."
            )
        if gaps:
            yield (
                f"{IN_GAP} {begin_sentence(METRICS[name].label)} {GAP_REASON}: its interval covers less than {level} % "
                f"for {', '.join(gaps)}."
            )


def _list_places(plan: SweepPlan, frame: "pd.DataFrame", name: str, applies: Callable[[Rows, str], bool]) -> list[str]:
    """Designs and points for which a quantile has a mark."""
    return [
        f"{design} at {describe_point(point)}"
        for design in plan.scenario.designs
        for point in plan.points
        if applies(find_rows(frame, point, design), name)
    ]

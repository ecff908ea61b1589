"""Effort estimates: beta-PERT draws of every work item, shared by designs, expected effort, and its sensitivity.

Malcolm, Roseboom, Clark and Fazar, "Application of a technique for research and development program evaluation",
Operations Research 7 (1959), in the form that Vose, "Risk analysis" (2008), calls PERT.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.effort.items import EffortLedger
from simlib.decision.effort.work import Counts, Work, compute_work
from simlib.scenario.design import Design

if TYPE_CHECKING:
    from scipy.interpolate import PchipInterpolator

WEIGHT = 4.0
"""Weight of the likely value against either end."""
FURTHEST = 8.2
"""Standard normal deviates covered by the table of quantiles: all that a double distinguishes from 0 and from 1."""
POINTS = 1025
"""Points of that table, which is forty times faster than the inverse, with errors below 1e-7 of an estimate's range."""


def pert_ppf(u: Floats | float, low: float, likely: float, high: float) -> Floats:
    """Quantiles at ``u`` in [0, 1] of low + (high - low) * Beta(1 + 4 (likely - low) / (high - low), ...).

    Same shape as ``u``, unit of the estimates; constant where low equals high. Raises ValueError unless
    low <= likely <= high, all finite.
    """
    if not (np.isfinite([low, likely, high]).all() and low <= likely <= high):
        raise ValueError(f"three-point estimate must rise and be finite, not {low:g}, {likely:g}, {high:g}")
    at = np.asarray(u, dtype=np.float64)
    if low == high:
        return np.full(at.shape, low)
    from scipy.special import ndtri  # slow to import, and needed by commands that draw effort alone

    width = high - low
    alpha, beta = 1 + WEIGHT * (likely - low) / width, 1 + WEIGHT * (high - likely) / width
    z = np.clip(ndtri(at), -FURTHEST, FURTHEST)
    inside = np.asarray(_tabulate_quantiles(alpha, beta)(z), dtype=np.float64)
    # The table stops a little before the ends.
    share = np.where(at <= 0.0, 0.0, np.where(at >= 1.0, 1.0, inside))
    return np.asarray(low + width * share, dtype=np.float64)


@lru_cache(maxsize=1024)
def _tabulate_quantiles(alpha: float, beta: float) -> "PchipInterpolator":
    """Quantiles of Beta(alpha, beta) over standard normal deviates, monotone between the points of a table."""
    from scipy.interpolate import PchipInterpolator
    from scipy.special import betaincinv, ndtr

    z = np.linspace(-FURTHEST, FURTHEST, POINTS)
    return PchipInterpolator(z, betaincinv(alpha, beta, ndtr(z)))


def pert_mean(low: float, likely: float, high: float) -> float:
    """(low + 4 likely + high) / 6."""
    return (low + WEIGHT * likely + high) / (2 + WEIGHT)


def pert_sd(low: float, likely: float, high: float) -> float:
    """Standard deviation of the beta-PERT distribution: sqrt((mean - low)(high - mean) / 7), exact.

    The well-known (high - low) / 6 is an approximation of it.
    """
    mean = pert_mean(low, likely, high)
    return float(np.sqrt((mean - low) * (high - mean) / (3 + WEIGHT)))


TEAM_SIGMA = 0.25
"""Sigma of the shared team factor, a lognormal distribution of mean 1: an assumption.

With a mean of 1 the factor widens an interval and leaves the mean that of the items: one mean for one thing.
"""
TEAM = "team factor"
"""Key of the draws of the team factor; no item can have this name."""


@dataclass(frozen=True, eq=False)
class EffortDraws:
    """Person-days of one design: ``one_off_days`` in all and ``yearly_days`` in each year, an element per draw.

    ``items`` are the ids of the work items in it.
    """

    one_off_days: Floats
    yearly_days: Floats
    items: tuple[str, ...]


def draw_effort(
    ledger: EffortLedger,
    designs: Mapping[str, Design],
    counts: Counts,
    n: int,
    seed: int,
    *,
    present: Design | None = None,
    team_factor: bool = True,
    common: bool = True,
) -> Mapping[str, EffortDraws]:
    """Design -> ``n`` draws. Draws of an item depend on seed and item id only, so that designs share them.

    ``present``: one-off effort is that of migrating from this design. ``common``: with items that all designs need.
    """
    works = {
        name: compute_work(ledger, design, counts, present=present, common=common) for name, design in designs.items()
    }
    names = dict.fromkeys(item for work in works.values() for item in work.items)
    uniforms = {name: draw_item_uniforms(name, n, seed) for name in names}
    return _sum_items(ledger, works, uniforms, draw_item_uniforms(TEAM, n, seed) if team_factor else None, n)


def draw_shared_effort(
    ledger: EffortLedger, designs: Mapping[str, Design], counts: Counts, n: int, seed: int, *, present: Design | None
) -> EffortDraws:
    """Effort that every design takes: each work item as often as the design that needs it least; draws as in
    `draw_effort`.
    """
    works = [compute_work(ledger, design, counts, present=present) for design in designs.values()]
    shared = Work(_keep_shared([work.one_off for work in works]), _keep_shared([work.yearly for work in works]))
    uniforms = {name: draw_item_uniforms(name, n, seed) for name in shared.items}
    return _sum_items(ledger, {"": shared}, uniforms, draw_item_uniforms(TEAM, n, seed), n)[""]


def _keep_shared(works: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Item -> smallest number of times; items that some design does not need are left out."""
    first, *others = works
    return (
        {
            name: min(times, *(own[name] for own in others))
            for name, times in first.items()
            if all(name in own for own in others)
        }
        if others
        else dict(first)
    )


def compute_effort(
    ledger: EffortLedger,
    designs: Mapping[str, Design],
    counts: Counts,
    uniforms: Mapping[str, Floats],
    team_factor_uniform: Floats | None,
    *,
    present: Design | None = None,
    common: bool = True,
) -> Mapping[str, EffortDraws]:
    """Design -> draws by the caller's own uniforms in [0, 1]: item id -> array, all of one length.

    An item without uniforms stays at its mean, without ``team_factor_uniform`` the team factor at 1. Raises ValueError
    for lengths that differ, or when there are no uniforms at all.
    """
    arrays = [*uniforms.values(), *([] if team_factor_uniform is None else [team_factor_uniform])]
    lengths = {len(array) for array in arrays}
    if len(lengths) != 1:
        raise ValueError("uniforms must be given, and all of one length")
    works = {
        name: compute_work(ledger, design, counts, present=present, common=common) for name, design in designs.items()
    }
    return _sum_items(ledger, works, uniforms, team_factor_uniform, lengths.pop())


def list_needed_items(
    ledger: EffortLedger,
    designs: Iterable[Design],
    counts: Counts,
    *,
    present: Design | None = None,
    common: bool = True,
) -> tuple[str, ...]:
    """Ids of all items that any of the designs needs, in the order of the ledger."""
    works = [compute_work(ledger, design, counts, present=present, common=common) for design in designs]
    needed = {item for work in works for item in work.items}
    return tuple(item.id for item in ledger.items if item.id in needed)


def compute_team_factor(u: Floats | float) -> Floats:
    """Quantiles of the team factor: exp(0.25 z - 0.25^2 / 2), z standard normal."""
    from scipy.special import ndtri

    normal = ndtri(np.asarray(u, dtype=np.float64))
    return np.asarray(np.exp(TEAM_SIGMA * normal - TEAM_SIGMA**2 / 2), dtype=np.float64)


def draw_item_uniforms(name: str, n: int, seed: int) -> Floats:
    """``n`` uniforms of one item, by seed and name alone."""
    key = int.from_bytes(sha256(name.encode()).digest()[:8], "big")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, key]))).random(n)


def _sum_items(
    ledger: EffortLedger, works: Mapping[str, Work], uniforms: Mapping[str, Floats], team: Floats | None, n: int
) -> dict[str, EffortDraws]:
    factor = np.ones(n) if team is None else compute_team_factor(team)
    needed = dict.fromkeys(name for work in works.values() for name in work.items)
    days = {name: _draw_days(ledger, name, uniforms, n) for name in needed}
    return {
        name: EffortDraws(_weigh_days(work.one_off, days, factor), _weigh_days(work.yearly, days, factor), work.items)
        for name, work in works.items()
    }


def _draw_days(ledger: EffortLedger, name: str, uniforms: Mapping[str, Floats], n: int) -> Floats:
    item = ledger.find_item(name)
    return pert_ppf(uniforms[name], item.low, item.likely, item.high) if name in uniforms else np.full(n, item.mean)


def _weigh_days(times: Mapping[str, int], days: Mapping[str, Floats], factor: Floats) -> Floats:
    return factor * sum((number * days[name] for name, number in times.items()), np.zeros_like(factor))


class ExpectedEffort(NamedTuple):
    """Means in person-days: those of the draws too, for the team factor has the mean 1."""

    one_off_days: float
    yearly_days: float


class Swing(NamedTuple):
    """Swing of a difference of two designs when one item alone goes from its low to its high quantile.

    ``low_days`` and ``high_days`` are the resulting differences in person-days (per year for a recurring item).
    """

    item: str
    kind: str
    low_days: float
    high_days: float

    @property
    def width(self) -> float:
        """Length of the bar."""
        return abs(self.high_days - self.low_days)


def compute_expected_effort(
    ledger: EffortLedger,
    designs: Mapping[str, Design],
    counts: Counts,
    *,
    present: Design | None = None,
    common: bool = True,
) -> Mapping[str, ExpectedEffort]:
    """Design -> PERT means, person-days."""
    expected = {}
    for name, design in designs.items():
        work = compute_work(ledger, design, counts, present=present, common=common)
        expected[name] = ExpectedEffort(_sum_means(ledger, work.one_off), _sum_means(ledger, work.yearly))
    return expected


def compute_effort_swings(
    ledger: EffortLedger,
    design: Design,
    against: Design,
    counts: Counts,
    *,
    present: Design | None = None,
    share: float = 0.9,
) -> tuple[Swing, ...]:
    """Tornado of ``design`` minus ``against``: each item alone at the ends of its central ``share``, widest first.

    All others stay at their means. Items that both need equally often are left out.
    """
    ours = compute_work(ledger, design, counts, present=present)
    theirs = compute_work(ledger, against, counts, present=present)
    tail = (1 - share) / 2
    swings = []
    for own_times, other_times, recurring in (
        (ours.one_off, theirs.one_off, False),
        (ours.yearly, theirs.yearly, True),
    ):
        middle = _sum_means(ledger, own_times) - _sum_means(ledger, other_times)
        for name in dict.fromkeys((*own_times, *other_times)):
            item, more = ledger.find_item(name), own_times.get(name, 0) - other_times.get(name, 0)
            low, high = (float(pert_ppf(u, item.low, item.likely, item.high)) for u in (tail, 1 - tail))
            if more:
                kind = "recurring" if recurring else item.kind
                swings.append(Swing(name, kind, middle + more * (low - item.mean), middle + more * (high - item.mean)))
    return tuple(sorted(swings, key=lambda swing: (-swing.width, swing.item)))


def _sum_means(ledger: EffortLedger, times: Mapping[str, int]) -> float:
    return sum(number * ledger.find_item(name).mean for name, number in times.items())

"""Effort as a distribution: every item drawn once, the same for all designs that need it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simlib.decision.effort.counting import Counts, Work, work_of
from simlib.decision.effort.items import EffortLedger
from simlib.decision.effort.pert import pert_ppf
from simlib.scenario.design import Design

TEAM_SIGMA = 0.25
"""Spread of the shared team factor, a lognormal of median 1: an assumption."""
TEAM = "team factor"
"""What the draws of the team factor are keyed by; no item can be called so."""

Floats = NDArray[np.float64]


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

    ``present``: one-off effort is that of going over from this design. ``common``: with what all designs need.
    """
    works = {name: work_of(ledger, design, counts, present=present, common=common) for name, design in designs.items()}
    names = dict.fromkeys(item for work in works.values() for item in work.items)
    uniforms = {name: uniform_of(name, n, seed) for name in names}
    return _totals(ledger, works, uniforms, uniform_of(TEAM, n, seed) if team_factor else None, n)


def effort_from_uniforms(
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
    given = [*uniforms.values(), *([] if team_factor_uniform is None else [team_factor_uniform])]
    lengths = {len(array) for array in given}
    if len(lengths) != 1:
        raise ValueError("uniforms must be given, and all of one length")
    works = {name: work_of(ledger, design, counts, present=present, common=common) for name, design in designs.items()}
    return _totals(ledger, works, uniforms, team_factor_uniform, lengths.pop())


def needed_items(
    ledger: EffortLedger,
    designs: Iterable[Design],
    counts: Counts,
    *,
    present: Design | None = None,
    common: bool = True,
) -> tuple[str, ...]:
    """Ids of all items that any of the designs needs, in the order of the ledger."""
    works = [work_of(ledger, design, counts, present=present, common=common) for design in designs]
    needed = {item for work in works for item in work.items}
    return tuple(item.id for item in ledger.items if item.id in needed)


def team_factor_at(u: Floats | float) -> Floats:
    """Quantiles of the team factor: exp(0.25 z), z standard normal."""
    return np.asarray(np.exp(TEAM_SIGMA * ndtri(np.asarray(u, dtype=np.float64))), dtype=np.float64)


def uniform_of(name: str, n: int, seed: int) -> Floats:
    """``n`` uniforms of one item, by seed and name alone."""
    key = int.from_bytes(sha256(name.encode()).digest()[:8], "big")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, key]))).random(n)


def _totals(
    ledger: EffortLedger, works: Mapping[str, Work], uniforms: Mapping[str, Floats], team: Floats | None, n: int
) -> dict[str, EffortDraws]:
    factor = np.ones(n) if team is None else team_factor_at(team)
    needed = dict.fromkeys(name for work in works.values() for name in work.items)
    days = {name: _days(ledger, name, uniforms, n) for name in needed}
    return {
        name: EffortDraws(_sum(work.one_off, days, factor), _sum(work.yearly, days, factor), work.items)
        for name, work in works.items()
    }


def _days(ledger: EffortLedger, name: str, uniforms: Mapping[str, Floats], n: int) -> Floats:
    item = ledger.item(name)
    return pert_ppf(uniforms[name], item.low, item.likely, item.high) if name in uniforms else np.full(n, item.mean)


def _sum(times: Mapping[str, int], days: Mapping[str, Floats], factor: Floats) -> Floats:
    return factor * sum((number * days[name] for name, number in times.items()), np.zeros_like(factor))

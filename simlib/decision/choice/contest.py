"""Who is best: total costs against each other, draw by draw, and the word that they allow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simlib.decision.choice.spreads import interval_ends

Values = NDArray[np.float64]
ContestWord = Literal["choose", "equivalent", "undecided"]


@dataclass(frozen=True)
class Contest:
    """``best`` costs least in the mean; ``order`` are all by mean cost. ``p_best``: design -> share of the draws in
    which nobody costs less (equal ones share a draw). ``equivalents`` differ from the best by no more than the margin,
    with the whole interval; ``p_together`` is the share of the draws in which the best or one of these costs least.
    ``alike`` are groups of the others that differ by no more than the margin among themselves, each with the share of
    the draws in which one of it costs least: alone, each of them looks less likely to be best than it is.
    """

    order: tuple[str, ...]
    p_best: Mapping[str, float]
    equivalents: tuple[str, ...]
    p_together: float
    word: ContestWord
    alike: tuple[tuple[tuple[str, ...], float], ...] = ()

    @property
    def best(self) -> str:
        """The one that costs least in the mean."""
        return self.order[0]

    @property
    def runner_up(self) -> str | None:
        """The cheapest that is not equivalent to the best; None when all are."""
        others = [name for name in self.order[1:] if name not in self.equivalents]
        return others[0] if others else None


def hold_contest(totals: Mapping[str, Values], margin: float, level: float) -> Contest:
    """Compare total costs, pair by pair and draw by draw; raises ValueError without designs.

    - "equivalent": others differ from the best by less than the margin, and all the rest cost more with a
      probability of at least ``level``. So it is even where the difference is certain, for then it does not matter.
    - "choose": no other does, and the best is best with a probability of at least ``level``;
    - "undecided": neither.
    """
    if not totals:
        raise ValueError("no designs, no contest")
    order = tuple(sorted(totals, key=lambda name: (float(totals[name].mean()), name)))
    best = order[0]
    costs = np.stack(np.broadcast_arrays(*(totals[name] for name in order)))
    lowest = costs == costs.min(axis=0)
    shares = (lowest / lowest.sum(axis=0)).mean(axis=1)
    p_best = {name: float(share) for name, share in zip(order, shares, strict=True)}
    equivalents = tuple(name for name in order[1:] if _within(totals[name] - totals[best], margin, level))

    def share_of(group: tuple[str, ...]) -> float:
        return float(lowest[[name in group for name in order]].any(axis=0).mean())

    p_together = share_of((best, *equivalents))
    decided: ContestWord = "equivalent" if equivalents else "choose"
    rest = [name for name in order[1:] if name not in equivalents]
    alike = tuple((group, share_of(group)) for group in _alike(rest, totals, margin, level))
    return Contest(order, p_best, equivalents, p_together, decided if p_together >= level else "undecided", alike)


def _alike(
    names: Sequence[str], totals: Mapping[str, Values], margin: float, level: float
) -> Iterator[tuple[str, ...]]:
    """Groups of two and more that differ from the cheapest of their group by no more than the margin."""
    left = list(names)
    while left:
        cheapest = left[0]
        group = [name for name in left if _within(totals[name] - totals[cheapest], margin, level)]
        left = [name for name in left if name not in group]
        if len(group) > 1:
            yield tuple(group)


def _within(difference: Values, margin: float, level: float) -> bool:
    low, high = interval_ends(difference, level)
    return -margin <= low and high <= margin

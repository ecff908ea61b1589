"""Who is best: total costs against each other, draw by draw, and the word that they allow."""

from collections.abc import Mapping
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
    """

    order: tuple[str, ...]
    p_best: Mapping[str, float]
    equivalents: tuple[str, ...]
    p_together: float
    word: ContestWord

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
    together = [name in (best, *equivalents) for name in order]
    p_together = float(lowest[together].any(axis=0).mean())
    decided: ContestWord = "equivalent" if equivalents else "choose"
    return Contest(order, p_best, equivalents, p_together, decided if p_together >= level else "undecided")


def _within(difference: Values, margin: float, level: float) -> bool:
    low, high = interval_ends(difference, level)
    return -margin <= low and high <= margin

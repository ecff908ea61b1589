"""Code of public projects that hold both sides, opaque and JWT: ratios within a project, never across languages.

What was measured, and the remarks on each row, are in ``data/effort/measured_code.csv``.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from simlib.decision.effort.facts import fact_rows

BOOTSTRAPS, BOOTSTRAP_SEED = 9_999, 20_261_127


class CodePair(NamedTuple):
    """One project's code on both sides, in lines without blanks and comments, or in another column's unit."""

    project: str
    language: str
    opaque: float
    jwt: float

    @property
    def ratio(self) -> float:
        """JWT side over opaque side."""
        return self.jwt / self.opaque


class Ratio(NamedTuple):
    """A geometric mean of ratios with its bootstrap interval at ``level``, their range, and of how many projects."""

    mean: float
    low: float
    high: float
    smallest: float
    largest: float
    projects: int
    above_one: int
    level: float


def code_pairs(layer: str, column: str = "nloc") -> tuple[CodePair, ...]:
    """The pairs of a layer, "RS" or "AS"; a side of several rows is their signed sum.

    ``column`` is nloc, functions, cyclomatic, cognitive, error_sites, config_options or test_nloc; pairs of which a
    side lacks it, or has nothing of it, are left out.
    """
    rows = [row for row in fact_rows("measured_code") if row["layer"].startswith(layer) and row["pair"]]
    found = []
    for name in dict.fromkeys(row["pair"] for row in rows):
        sides = [[row for row in rows if (row["pair"], row["pair_side"]) == (name, side)] for side in ("opaque", "jwt")]
        if all(row[column] for side in sides for row in side):
            opaque, jwt = (sum(int(row["sign"]) * float(row[column]) for row in side) for side in sides)
            found += [CodePair(name, sides[0][0]["language"], opaque, jwt)] if opaque > 0 < jwt else []
    return tuple(found)


def code_size(layer: str, side: str) -> float:
    """Median NLOC of one side, "opaque" or "jwt", over the projects of a layer."""
    return float(np.median([getattr(pair, side) for pair in code_pairs(layer)]))


def ratio_of(pairs: Sequence[CodePair], level: float = 0.9) -> Ratio:
    """Geometric mean of the pairs' ratios, with a percentile bootstrap over projects: the same at every call.

    Raises ValueError for fewer than two pairs.
    """
    from scipy.stats import bootstrap  # takes half a second, and most of what this package does needs none of it

    logs = np.log([pair.ratio for pair in pairs])
    generator = np.random.default_rng(BOOTSTRAP_SEED)
    drawn = bootstrap(
        (logs,), np.mean, n_resamples=BOOTSTRAPS, confidence_level=level, method="percentile", rng=generator
    )
    low, high = (float(np.exp(end)) for end in drawn.confidence_interval)
    ratios = np.exp(logs)
    return Ratio(
        mean=float(np.exp(logs.mean())),
        low=low,
        high=high,
        smallest=float(ratios.min()),
        largest=float(ratios.max()),
        projects=len(pairs),
        above_one=int((ratios > 1).sum()),
        level=level,
    )

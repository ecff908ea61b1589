"""Target of a sweep: replications until the paired difference of a metric is known to a half-width, in every cell."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simlib.analysis.intervals import estimate_replications, student
from simlib.analysis.metrics import METRICS
from simlib.analysis.stability import is_unstable
from simlib.experiment.jobs import Replication
from simlib.scenario.errors import InputError

MOST = 50
"""Replications of a cell, at most, where no other number is given."""
FEWEST = 3
"""Replications from which a spread is estimated."""
_UNITS = {"": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "%": 1e-2}
_AMOUNT = re.compile(r"(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)\s*([a-z%]*)")


@dataclass(frozen=True)
class Target:
    """Half-width, in base units, of the interval of each design's difference from the first one.

    With one design it is that of its mean. No cell gets more than ``most`` replications. The number that a cell gets
    depends on its results, so at the end an interval covers a little less often than it states.
    """

    metric: str
    half_width: float
    most: int = MOST

    def count_wanted(self, runs: Mapping[str, Sequence[Replication]], level: float) -> int:
        """Replications that a cell should have in all; ``runs``: design -> its replications so far, as many of each.

        At most twice as many as there are, since an estimate from few is rough. Designs whose backlog grows have no
        mean, so they want no more.
        """
        count = len(next(iter(runs.values())))
        wanted = max((self._count_needed(values, level) for values in self._list_differences(runs)), default=0)
        return count if wanted <= count else min(wanted, 2 * count, self.most)

    def _list_differences(self, runs: Mapping[str, Sequence[Replication]]) -> list[list[float]]:
        stable = {
            design: [run.figures[self.metric] for run in own] for design, own in runs.items() if not _is_overloaded(own)
        }
        first = next(iter(runs))
        if len(runs) == 1 or first not in stable:
            return list(stable.values())
        pairs = [(values, stable[first]) for design, values in stable.items() if design != first]
        return [[value - base for value, base in zip(values, bases, strict=True)] for values, bases in pairs]

    def _count_needed(self, values: Sequence[float], level: float) -> int:
        """Replications for the half-width, if the spread stays; 0 where it is reached, or where nothing is defined."""
        interval = student(values, level)
        if interval.n == 0 or interval.half_width <= self.half_width:
            return 0
        return max(estimate_replications(values, self.half_width, level, self.most) or self.most, len(values) + 1)


def parse_half_width(text: str, option: str = "--half-width") -> float:
    """Read ``0.1ms``, ``20us``, ``0.5%`` or a number in the base unit; raises InputError."""
    match = _AMOUNT.fullmatch(text.strip())
    value = float(match[1]) * _UNITS.get(match[2], 0.0) if match else 0.0
    if not 0 < value < float("inf"):
        raise InputError(f"{option} {text}: write a number above 0 with s, ms, us or %, such as 0.1ms")
    return value


def build_target(half_width: str | float, metric: str, most: int = MOST) -> Target:
    """The target of a text or of a number in base units. Raises InputError."""
    if metric not in METRICS:
        raise InputError(f"half-width: {metric!r} is no metric, such as mean_s")
    value = parse_half_width(half_width) if isinstance(half_width, str) else float(half_width)
    if not value > 0:
        raise InputError(f"half-width: must be above 0, not {value:g}")
    return Target(metric, value, most)


def _is_overloaded(runs: Sequence[Replication]) -> bool:
    arrivals = sum(run.figures["arrivals_per_s"] for run in runs) / len(runs)
    return arrivals > 0 and is_unstable([run.figures["backlog_slope"] for run in runs], arrivals)

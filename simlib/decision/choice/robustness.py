"""Robustness of a verdict: values of single inputs that turn it, and the verdict under other assumptions.

Shares of draws say how often a design costs least *given these estimates*; they are no probability that the estimates
are right. What another estimate would change is said here.
"""

from dataclasses import dataclass
from typing import Literal

Assumption = Literal["bundled estimates", "built", "product"]
"""simlib's estimates in place of a team's own; an authorization server that is built; one that is a product."""


@dataclass(frozen=True)
class Switch:
    """Value of one input at which another design costs as little as the best one in the mean, all else equal.

    ``value`` is the input as it is (its mean), ``low`` and ``high`` are its own range (the ends of its estimate; equal
    where it is certain). ``at`` is the switch value: there ``design`` costs what the best one costs, and beyond it
    less.
    """

    input: str
    unit: str
    value: float
    low: float
    high: float
    at: float
    design: str

    @property
    def is_within(self) -> bool:
        """Whether the input's own range holds the switch value."""
        return self.low <= self.at <= self.high

    @property
    def ratio(self) -> float:
        """Factor between the input as it is and the switch value, at least 1; infinite from or to 0."""
        low, high = sorted((self.value, self.at))
        return high / low if low > 0 else float("inf")


@dataclass(frozen=True)
class Alternative:
    """Verdict under another assumption: the design that costs least in the mean, and in which share of the draws.

    ``items`` are the work items that the assumption changes. ``turns``: that design is neither the best one of the
    decision nor equivalent to it. ``decided``: in enough of the draws for a choice; ``changes``: the verdict is another
    one, for it turns or is decided where the decision's is not, or the reverse.
    """

    assumption: Assumption
    best: str
    share: float
    turns: bool
    items: tuple[str, ...] = ()
    decided: bool = True
    changes: bool = False

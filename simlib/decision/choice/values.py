"""A decision in values: ranked designs, limits failed, equivalences, what it is worth, and what would flip it.

Money is in the currency of the prices, time in years, load in requests per second. Intervals of Monte-Carlo draws are
central quantiles at ``level``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from simlib.decision.comparing import Verdicts
from simlib.decision.effort import EffortDraws
from simlib.decision.gain.values import Gain
from simlib.scenario.scenario import Scenario

VerdictWord = Literal["choose", "equivalent", "undecided", "none"]
"""One design is best; several are and it does not matter; more replications or better estimates are needed; no design
meets the limits."""
LimitWord = Literal["met", "broken", "undecided", "unstable", "undefined"]


@dataclass(frozen=True)
class Spread:
    """A distribution: its mean, its median and its central interval."""

    mean: float
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class LimitOutcome:
    """One limit and one design: the limit's key, what is allowed, what was found, and the reason as a sentence."""

    design: str
    limit: str
    allowed: str
    found: str
    word: LimitWord
    reason: str


@dataclass(frozen=True)
class Crossing:
    """A load at which the paired net present value changes its sign; ``to_positive`` when it rises with the load.

    ``step`` is the smallest relative step d at which the interval of the value at load (1 +- d) excludes 0, None when
    none within the range does.
    """

    load: float
    to_positive: bool
    step: float | None


@dataclass(frozen=True)
class Worthwhile:
    """What one design is worth against another over the horizon.

    ``parts``: share of the net present value by cause ("effort", "servers", "traffic", "storage", "latency",
    "availability", "exposure"), each a spread that adds up in the mean. ``payback_years`` is None when it never pays
    back in the median; ``never_pays_back`` is the share of draws in which it does not. ``crossings`` are all
    break-even loads in the range searched, ``load_range`` that range, ``always`` "better" or "worse" when there are
    none. ``flip_per_million`` is the value per million requests that would have to be added for the mean net present
    value to be 0 (negative: could be taken away).
    """

    design: str
    against: str
    npv: Spread
    p_positive: float
    parts: Mapping[str, Spread]
    payback_years: float | None
    never_pays_back: float
    crossings: tuple[Crossing, ...]
    load_range: tuple[float, float]
    always: Literal["better", "worse", ""]
    flip_per_million: float


@dataclass(frozen=True)
class Swing:
    """One bar of a tornado: the net present value when one input is low and when it is high, all others as likely."""

    input: str
    low: float
    high: float
    npv_low: float
    npv_high: float


@dataclass(frozen=True)
class Index:
    """First-order and total Sobol index of one input, each with its half width."""

    input: str
    first: float
    first_half_width: float
    total: float
    total_half_width: float


@dataclass(frozen=True)
class Sensitivity:
    """What drives the net present value of one design against another; ``unexplained`` comes from the surfaces."""

    design: str
    against: str
    tornado: tuple[Swing, ...]
    sobol: tuple[Index, ...]
    unexplained: float


@dataclass(frozen=True)
class Ranked:
    """One design in the ranking: its place among those that meet the limits (0 when it is out) and its chances."""

    design: str
    place: int
    p_best: float
    effort_days: Spread
    yearly_days: Spread
    running_cost_per_year: Spread
    total_cost: Spread


@dataclass(frozen=True)
class Decision:
    """Everything that a decision record says.

    ``word`` and ``chosen`` are the outcome, ``reason`` the sentence that gives it; ``equivalents`` are designs whose
    total cost is within ``margin`` (money over the horizon) of the chosen one's. ``more_replications`` is 0 unless the
    word is "undecided" for want of them. ``against``: baseline and opponent by name -> design -> what it is worth.
    """

    scenario: Scenario
    level: float
    draws: int
    word: VerdictWord
    chosen: str | None
    reason: str
    equivalents: tuple[str, ...]
    margin: float
    more_replications: int | None
    limits: tuple[LimitOutcome, ...]
    ranking: tuple[Ranked, ...]
    against: Mapping[str, Mapping[str, Worthwhile]]
    sensitivity: tuple[Sensitivity, ...]
    effort: Mapping[str, EffortDraws]
    gain: Gain
    verdicts: Verdicts
    inputs: Mapping[str, str]
    """Input -> its value and source or "assumption", as a reader sees it."""

"""Results of a decision: ranked designs, limits, net present values, break-even loads, sensitivities, frontiers.

The names of the fields are keys of decision.json. Money is in the currency of the prices, time in years, load in
requests per second. Intervals of Monte-Carlo draws are central quantiles at ``level``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from simlib.decision.choice.cost_causes import CAUSES, CostCause
from simlib.decision.choice.cost_pairs import CostPair
from simlib.decision.choice.robustness import Alternative, Switch
from simlib.decision.comparison import Verdicts
from simlib.decision.economics.crossings import CertainRegion
from simlib.decision.effort import EffortDraws
from simlib.decision.gain.values import Gain
from simlib.decision.limits import LimitOutcome
from simlib.decision.promises import ValidityBounds
from simlib.scenario.display import Displayed, Lines
from simlib.scenario.scenario import Scenario

VerdictWord = Literal["choose", "equivalent", "undecided", "none"]
"""One design is best; several are equivalent; more replications or better estimates are needed; no design keeps the
limits."""
OpenBecause = Literal["", "simulation", "effort", "prices", "limits"]
"""Cause of an undecided choice; more replications help only for "simulation" and "limits"."""


@dataclass(frozen=True)
class Spread:
    """A distribution: its mean, its median and its central interval."""

    mean: float
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Crossing:
    """Load at which the net present value of a pair changes its sign; ``to_positive`` when it rises with the load.

    ``step`` is the smallest relative step d at which the interval of the value at load (1 +- d) excludes 0, None when
    none within the range does. ``below`` and ``above``: the nearest load on each side at which the interval excludes
    0, and how far that holds without a gap, up to the next crossing or the end of the range; None without such a load.
    """

    load: float
    to_positive: bool
    step: float | None
    below: CertainRegion | None = None
    above: CertainRegion | None = None


@dataclass(frozen=True)
class Curve:
    """Net present value over the load: mean and central interval at rising loads (requests per second)."""

    loads: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class NetPresentValue:
    """Net present value of one design against another over the horizon.

    ``parts``: net present value by cause (`simlib.decision.choice.cost_causes`); their means add up to that of ``npv``.
    ``payback_years`` is None when it never pays back in the median; ``never_pays_back`` is the share of draws in which
    it does not, and ``payback`` the spread of the others (years; None when there are none). ``crossings`` are all
    break-even loads in the range searched, ``load_range`` that range, ``always`` "better" or "worse" when there are
    none. ``break_even`` is the spread of the lowest break-even load of each draw, ``never_breaks_even`` the share of
    draws without one in the range. ``flip_per_million`` is the value per million requests that would have to be added
    for the mean net present value to be 0 (negative: could be taken away).
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
    payback: Spread | None = None
    break_even: Spread | None = None
    never_breaks_even: float = 1.0
    curve: Curve = Curve((), (), (), ())


@dataclass(frozen=True)
class Swing:
    """Bar of a tornado diagram: net present values with one input at its 5 % and at its 95 % quantile (``low``,
    ``high``, in ``unit``), all others at their medians.
    """

    input: str
    low: float
    high: float
    npv_low: float
    npv_high: float
    unit: str = ""


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
    """Sensitivity of the net present value of one design against another.

    ``middle`` is the value with every input at its median, the axis of the tornado. ``unexplained``: share of the
    variance that comes from what response surfaces do not reproduce.
    """

    design: str
    against: str
    tornado: tuple[Swing, ...]
    sobol: tuple[Index, ...]
    unexplained: float
    middle: float = math.nan


@dataclass(frozen=True)
class RankedDesign:
    """Design in the ranking: its place among those that keep the limits (0 when it breaks one), the share of the draws
    in which it is best (``p_best``), effort and costs.

    ``cost_parts``: present value of the total cost by cause; their means add up to that of ``total_cost``.
    """

    design: str
    place: int
    p_best: float
    effort_days: Spread
    yearly_days: Spread
    running_cost_per_year: Spread
    total_cost: Spread
    cost_parts: Mapping[str, Spread] = field(default_factory=dict)


@dataclass(frozen=True)
class CommonCosts:
    """Costs that no design differs in, and that therefore decide nothing: at present value, in all and by cause.

    ``effort_days`` once and ``yearly_days`` in each year are those of ``work_items``, which every design needs.
    """

    total: Spread
    parts: Mapping[str, Spread]
    effort_days: Spread
    yearly_days: Spread
    work_items: tuple[str, ...]


@dataclass(frozen=True)
class FrontierPoint:
    """Effort and gain of one design. ``dominated_by``: designs with no more effort and no less gain, in the means, that
    differ in one of both; ``surely_dominated_by``: those of them for which the paired intervals show both. ``gain`` is
    lower-is-better and in the unit of the frontier's figure.
    """

    design: str
    effort_days: Spread
    gain: Spread
    dominated_by: tuple[str, ...]
    surely_dominated_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Frontier:
    """Pareto frontier: person-days over the horizon against one figure, such as "mean_s" or "running_cost_per_year".

    Figures are never added up, so there is a frontier for each.
    """

    figure: str
    points: tuple[FrontierPoint, ...]


@dataclass(frozen=True, repr=False)
class Decision(Displayed):
    """Decision with all that its record reports.

    ``word`` and ``chosen`` are the outcome, ``reason`` the sentence that gives it; ``equivalents`` are designs whose
    total cost is within ``margin`` (money over the horizon) of the chosen one's. ``more_replications`` is 0 unless the
    word is "undecided" for want of them, and None when no affordable number is enough; ``open_because`` is the cause.
    ``against``: baseline and opponent by name -> design -> net present value. ``opponent`` is the design with a cache,
    None when that is the baseline or when there is none. ``left_out``: sentences about what was not computed.
    ``causes``: the costs that were counted. ``pairs``: every two designs by total cost, with intervals that hold
    together. ``switches``: values of single inputs at which another design costs least; ``alternatives``: the
    verdict under other assumptions; ``common``: costs that no design differs in, None for a single design.
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
    ranking: tuple[RankedDesign, ...]
    against: Mapping[str, Mapping[str, NetPresentValue]]
    sensitivity: tuple[Sensitivity, ...]
    effort: Mapping[str, EffortDraws]
    gain: Gain
    verdicts: Verdicts
    inputs: Mapping[str, str]
    """Input -> its value and source or "assumption", for readers."""
    baseline: str = ""
    opponent: str | None = None
    open_because: OpenBecause = ""
    frontiers: tuple[Frontier, ...] = ()
    left_out: tuple[str, ...] = ()
    causes: tuple[CostCause, ...] = CAUSES
    pairs: tuple[CostPair, ...] = ()
    switches: tuple[Switch, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    common: CommonCosts | None = None

    @property
    def promises(self) -> Mapping[str, ValidityBounds]:
        """Design -> for how long it may accept tokens that should no longer work."""
        return self.verdicts.promises

    def _describe(self) -> tuple[str, Lines]:
        return f"{self.scenario.name}, {self.scenario.title}", (
            ("verdict", f"{self.word} {self.chosen}" if self.chosen else self.word),
            ("reason", self.reason),
            ("designs", ", ".join(self.scenario.designs)),
            ("opponent", self.opponent or "none"),
        )

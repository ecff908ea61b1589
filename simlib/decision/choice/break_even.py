"""Break-even analysis of two designs: net present value by cause, payback, loads at which it changes its sign."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.choice.cost_causes import EFFORT, REQUESTS
from simlib.decision.choice.inputs import State
from simlib.decision.choice.monte_carlo import compute_spread
from simlib.decision.choice.results import Crossing, Curve, NetPresentValue, Spread
from simlib.decision.choice.total_cost import (
    LOAD,
    Accounts,
    compute_mean_total,
    compute_total_cost,
    compute_totals_by_load,
    compute_yearly_costs,
)
from simlib.decision.economics.crossings import (
    Band,
    SignChange,
    build_log_grid,
    find_certain_region,
    find_sign_changes,
    find_smallest_step,
)
from simlib.decision.economics.formulas import compute_payback_years, compute_used_up_years, compute_value_per_million

SPAN = 1000.0
"""From a thousandth of the scenario's load to a thousand times it: beyond that another system would be built."""
POINTS = 145


@dataclass(frozen=True, eq=False)
class LoadTable:
    """``totals``: design -> a row per load and a column per draw, money over the horizon."""

    loads: Floats
    totals: Mapping[str, Floats]


def compute_load_table(accounts: Accounts, span: float = SPAN, points: int = POINTS) -> LoadTable:
    """Total costs at loads between the scenario's divided and multiplied by ``span``."""
    load = accounts.case.load
    loads = build_log_grid(load / span, load * span, points, [load])
    return LoadTable(loads, {design: compute_totals_by_load(accounts, design, loads) for design in accounts.costs})


def find_first_crossings(loads: Floats, values: Floats) -> Floats:
    """The lowest load at which each column of values changes its sign, infinite where none does.

    Between two loads the place is found along a straight line over the logarithm of the load.
    """
    positive = values >= 0
    changed = positive[1:] != positive[:-1]
    some = changed.any(axis=0)
    first, column = changed.argmax(axis=0), np.arange(values.shape[1])
    below, above = values[first, column], values[first + 1, column]
    share = np.divide(below, below - above, out=np.zeros_like(below), where=some & (below != above))
    logs = np.log(loads)
    return np.where(some, np.exp(logs[first] + share * (logs[first + 1] - logs[first])), np.inf)


SEARCHED = 4001
"""Loads between which crossings are searched, at equal ratios."""
STEPS = tuple(float(f"{step:.3g}") for step in np.geomspace(0.001, 0.99, 64))
"""Relative distances from a crossing at which the sign is tried."""
NEARBY = STEPS[::8]
"""Steps for crossings that may be nearer to each other than two loads of the curve."""


def assess_pair(
    accounts: Accounts, state: State, table: LoadTable, design: str, against: str, level: float
) -> NetPresentValue:
    """Net present value of a pair; positive where ``design`` costs less over the horizon than ``against``."""
    npv = compute_total_cost(accounts, against) - compute_total_cost(accounts, design)
    years = _compute_payback(accounts, design, against)
    paid = years[np.isfinite(years)]
    curve = _compute_curve(table, design, against, level)
    crossings = _find_crossings(accounts, curve, design, against, level)
    loads = find_first_crossings(table.loads, table.totals[against] - table.totals[design])
    crossed = loads[np.isfinite(loads)]
    flip = compute_value_per_million(npv.mean(), state[REQUESTS].mean(), accounts.case.years, accounts.rate)
    return NetPresentValue(
        design=design,
        against=against,
        npv=compute_spread(npv, level),
        p_positive=float((npv > 0).mean()),
        parts=_split_by_cause(accounts, design, against, level),
        payback_years=_compute_median(years),
        never_pays_back=float(1 - len(paid) / len(years)),
        payback=compute_spread(paid, level) if len(paid) else None,
        crossings=crossings,
        load_range=(float(table.loads[0]), float(table.loads[-1])),
        always="" if crossings else ("better" if npv.mean() > 0 else "worse"),
        break_even=compute_spread(crossed, level) if len(crossed) else None,
        never_breaks_even=float(1 - len(crossed) / len(loads)),
        flip_per_million=float(flip),
        curve=curve,
    )


def _split_by_cause(accounts: Accounts, design: str, against: str, level: float) -> dict[str, Spread]:
    ours, theirs = compute_yearly_costs(accounts, design), compute_yearly_costs(accounts, against)
    parts = {cause: accounts.annuity * (theirs[cause] - ours[cause]) for cause in ours}
    parts[EFFORT] = parts[EFFORT] + accounts.costs[against].one_off - accounts.costs[design].one_off
    return {cause: compute_spread(values, level) for cause, values in parts.items()}


def _compute_payback(accounts: Accounts, design: str, against: str) -> Floats:
    """Payback time in years per draw, infinite for never.

    A design that takes less to build and more to run counts as 0 years when its head start lasts for the horizon.
    """
    extra = accounts.costs[design].one_off - accounts.costs[against].one_off
    ours, theirs = compute_yearly_costs(accounts, design), compute_yearly_costs(accounts, against)
    net = sum((theirs[cause] - ours[cause] for cause in ours), np.zeros_like(extra))
    ahead = np.where(compute_used_up_years(extra, net) >= accounts.case.years, 0.0, np.inf)
    years = compute_payback_years(extra, net)
    return np.where(np.isnan(years), ahead, years)


def _compute_median(years: Floats) -> float | None:
    # The mean of the middle two of an even number of draws is infinite when one of them is.
    ordered = np.sort(years)
    middle = ordered[[(len(years) - 1) // 2, len(years) // 2]]
    return float(middle.mean()) if np.isfinite(middle).all() else None


def _find_crossings(accounts: Accounts, curve: Curve, design: str, against: str, level: float) -> tuple[Crossing, ...]:
    def compute_mean_value(loads: Floats) -> Floats:
        place = {LOAD: loads}
        return compute_mean_total(accounts, against, place) - compute_mean_total(accounts, design, place)

    low, high = curve.loads[0], curve.loads[-1]
    intervals = partial(_compute_intervals, accounts, design, against, level)
    changes = find_sign_changes(compute_mean_value, build_log_grid(low, high, SEARCHED))
    band = Band(*(np.array(column) for column in (curve.loads, curve.low, curve.high)))
    ends = (low, *(change.at for change in changes), high)
    return tuple(
        _locate_certainty(intervals, change, (ends[number], ends[number + 2]), band)
        for number, change in enumerate(changes)
    )


def _locate_certainty(
    intervals: "partial[tuple[Floats, Floats]]", change: SignChange, ends: tuple[float, float], band: Band
) -> Crossing:
    """Crossing with its regions of certainty on both sides, up to the next crossings or the ends of the range."""
    below, above = (find_certain_region(intervals, change, until, band, NEARBY) for until in ends)
    return Crossing(change.at, change.to_positive, find_smallest_step(intervals, change, STEPS), below, above)


def _compute_intervals(
    accounts: Accounts, design: str, against: str, level: float, loads: Floats
) -> tuple[Floats, Floats]:
    values = compute_totals_by_load(accounts, against, loads) - compute_totals_by_load(accounts, design, loads)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=1)
    return low, high


def _compute_curve(table: LoadTable, design: str, against: str, level: float) -> Curve:
    value = table.totals[against] - table.totals[design]
    low, high = np.quantile(value, [(1 - level) / 2, (1 + level) / 2], axis=1)
    columns = (table.loads, value.mean(axis=1), low, high)
    return Curve(*(tuple(float(entry) for entry in column) for column in columns))

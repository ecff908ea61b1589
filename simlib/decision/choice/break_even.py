"""What one design is worth against another: net present value by cause, payback, break-even loads.

Total costs of all designs over a range of loads, draw by draw.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from simlib.decision.arrays import Values
from simlib.decision.choice.inputs import REQUESTS, State
from simlib.decision.choice.monte_carlo import spread
from simlib.decision.choice.results import Crossing, Curve, Spread, Worthwhile
from simlib.decision.choice.total_cost import Accounts, mean_total, total_cost, totals_by_load, yearly_costs
from simlib.decision.economics.crossings import Band, SignChange, certain_side, log_grid, sign_changes, smallest_step
from simlib.decision.economics.formulas import payback_years, used_up_years, value_per_million

SPAN = 1000.0
"""From a thousandth of the scenario's load to a thousand times it: beyond that another system would be built."""
POINTS = 145


@dataclass(frozen=True, eq=False)
class LoadTable:
    """``totals``: design -> a row per load and a column per draw, money over the horizon."""

    loads: Values
    totals: Mapping[str, Values]


def load_table(accounts: Accounts, span: float = SPAN, points: int = POINTS) -> LoadTable:
    """Total costs at loads between the scenario's divided and multiplied by ``span``."""
    load = accounts.case.load
    loads = log_grid(load / span, load * span, points, [load])
    return LoadTable(loads, {design: totals_by_load(accounts, design, loads) for design in accounts.bills})


def first_crossings(loads: Values, values: Values) -> Values:
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
"""Loads between which crossings are looked for, at equal ratios."""
STEPS = tuple(float(f"{step:.3g}") for step in np.geomspace(0.001, 0.99, 64))
"""Relative distances from a crossing at which the sign is tried."""
NEARBY = STEPS[::8]
"""Those tried where the next crossing may be nearer than the next load of the curve."""


def worthwhile(
    accounts: Accounts, state: State, table: LoadTable, design: str, against: str, level: float
) -> Worthwhile:
    """Everything of one pair; positive where ``design`` costs less over the horizon than ``against``."""
    npv = total_cost(accounts, against) - total_cost(accounts, design)
    years = _payback(accounts, design, against)
    paid = years[np.isfinite(years)]
    curve = _curve(table, design, against, level)
    found = _crossings(accounts, curve, design, against, level)
    loads = first_crossings(table.loads, table.totals[against] - table.totals[design])
    crossed = loads[np.isfinite(loads)]
    flip = value_per_million(npv.mean(), state[REQUESTS].mean(), accounts.case.years, accounts.rate)
    return Worthwhile(
        design=design,
        against=against,
        npv=spread(npv, level),
        p_positive=float((npv > 0).mean()),
        parts=_parts(accounts, design, against, level),
        payback_years=_median(years),
        never_pays_back=float(1 - len(paid) / len(years)),
        payback=spread(paid, level) if len(paid) else None,
        crossings=found,
        load_range=(float(table.loads[0]), float(table.loads[-1])),
        always="" if found else ("better" if npv.mean() > 0 else "worse"),
        break_even=spread(crossed, level) if len(crossed) else None,
        never_breaks_even=float(1 - len(crossed) / len(loads)),
        flip_per_million=float(flip),
        curve=curve,
    )


def _parts(accounts: Accounts, design: str, against: str, level: float) -> dict[str, Spread]:
    ours, theirs = yearly_costs(accounts, design), yearly_costs(accounts, against)
    parts = {str(cause): accounts.annuity * (theirs[cause] - ours[cause]) for cause in ours}
    parts["effort"] = parts["effort"] + accounts.bills[against].one_off - accounts.bills[design].one_off
    return {cause: spread(values, level) for cause, values in parts.items()}


def _payback(accounts: Accounts, design: str, against: str) -> Values:
    """Years per draw, infinite for never.

    Who builds less and runs dearer is ahead at once, and counts as such when still ahead at the end of the horizon.
    """
    extra = accounts.bills[design].one_off - accounts.bills[against].one_off
    ours, theirs = yearly_costs(accounts, design), yearly_costs(accounts, against)
    net = sum((theirs[cause] - ours[cause] for cause in ours), np.zeros_like(extra))
    ahead = np.where(used_up_years(extra, net) >= accounts.case.years, 0.0, np.inf)
    years = payback_years(extra, net)
    return np.where(np.isnan(years), ahead, years)


def _median(years: Values) -> float | None:
    # Of an even number of draws the mean of the middle two; with one of them infinite it is "never".
    ordered = np.sort(years)
    middle = ordered[[(len(years) - 1) // 2, len(years) // 2]]
    return float(middle.mean()) if np.isfinite(middle).all() else None


def _crossings(accounts: Accounts, curve: Curve, design: str, against: str, level: float) -> tuple[Crossing, ...]:
    def mean_value(loads: Values) -> Values:
        return mean_total(accounts, against, loads) - mean_total(accounts, design, loads)

    low, high = curve.loads[0], curve.loads[-1]
    intervals = partial(_intervals, accounts, design, against, level)
    changes = sign_changes(mean_value, log_grid(low, high, SEARCHED))
    known = Band(*(np.array(column) for column in (curve.loads, curve.low, curve.high)))
    ends = (low, *(change.at for change in changes), high)
    return tuple(
        _crossing(intervals, change, (ends[number], ends[number + 2]), known) for number, change in enumerate(changes)
    )


def _crossing(
    intervals: "partial[tuple[Values, Values]]", change: SignChange, ends: tuple[float, float], known: Band
) -> Crossing:
    """With how sure it is on both sides, up to the next crossings or the ends of the range."""
    below, above = (certain_side(intervals, change, until, known, NEARBY) for until in ends)
    return Crossing(change.at, change.to_positive, smallest_step(intervals, change, STEPS), below, above)


def _intervals(accounts: Accounts, design: str, against: str, level: float, loads: Values) -> tuple[Values, Values]:
    values = totals_by_load(accounts, against, loads) - totals_by_load(accounts, design, loads)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=1)
    return low, high


def _curve(table: LoadTable, design: str, against: str, level: float) -> Curve:
    value = table.totals[against] - table.totals[design]
    low, high = np.quantile(value, [(1 - level) / 2, (1 + level) / 2], axis=1)
    told = (tuple(float(one) for one in column) for column in (table.loads, value.mean(axis=1), low, high))
    return Curve(*told)

"""Total costs of all designs over a range of loads, draw by draw."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simlib.decision.choice.present import Accounts, totals_by_load
from simlib.decision.economics.crossings import log_grid

Values = NDArray[np.float64]
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

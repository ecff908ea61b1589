"""Total cost of a design over the horizon, at present value, at any load."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simlib.decision.choice.facts import Case
from simlib.decision.choice.following import LOAD, Where, scale
from simlib.decision.choice.lines import CAUSES, RUNNING, Bill, Cause
from simlib.decision.economics.formulas import annuity

Values = NDArray[np.float64]
HERE: Where = {}
"""The scenario's own load and everything else as it is there."""


@dataclass(frozen=True, eq=False)
class Accounts:
    """The bills of all designs under the same draws, and the yearly discount rate (one, or one per draw)."""

    case: Case
    bills: Mapping[str, Bill]
    rate: Values | float

    @property
    def annuity(self) -> Values:
        """What 1 per year is worth over the horizon."""
        return annuity(self.case.years, self.rate)


def yearly_costs(accounts: Accounts, design: str, where: Where = HERE) -> Mapping[Cause, Values]:
    """Cause -> money per year, one value per draw."""
    bill = accounts.bills[design]
    found: dict[Cause, Values] = {cause: np.zeros_like(bill.one_off) for cause in CAUSES}
    for cause, amount, follows in bill.lines:
        found[cause] = found[cause] + amount * scale(accounts.case, design, follows, where)
    return found


def running_cost(accounts: Accounts, design: str, where: Where = HERE) -> Values:
    """Money per year without people."""
    yearly = yearly_costs(accounts, design, where)
    return sum((yearly[cause] for cause in RUNNING), np.zeros_like(accounts.bills[design].one_off))


def total_cost(accounts: Accounts, design: str, where: Where = HERE) -> Values:
    """Money over the horizon, one value per draw; the difference of two designs is a net present value."""
    yearly = yearly_costs(accounts, design, where)
    return accounts.bills[design].one_off + accounts.annuity * sum(yearly.values(), np.zeros(()))


def mean_total(accounts: Accounts, design: str, loads: Values) -> Values:
    """The mean over the draws of the total cost, one value per load. The rate must be one number."""
    bill = accounts.bills[design]
    yearly = np.zeros_like(loads)
    for _, amount, follows in bill.lines:
        yearly = yearly + amount.mean() * scale(accounts.case, design, follows, {LOAD: loads})
    return np.asarray(bill.one_off.mean() + accounts.annuity * yearly)


def totals_by_load(accounts: Accounts, design: str, loads: Values) -> Values:
    """Total cost, a row per load and a column per draw."""
    bill = accounts.bills[design]
    yearly = np.zeros((len(loads), len(bill.one_off)))
    for _, amount, follows in bill.lines:
        yearly += np.outer(scale(accounts.case, design, follows, {LOAD: loads}), amount)
    return np.asarray(bill.one_off + accounts.annuity * yearly)

"""Gain of designs, and the choice made from it: the two halves of `simlib.decide`.

`measure_gain` simulates the designs of a scenario within `Budgets` (CPU seconds) and returns a `Comparison` and a
`Gain`: figures per replication, servers sized to the limits, response surfaces. `choose_design` draws effort, prices
and replications and returns a `Decision`, without simulating again: with other prices, limits or terms in the scenario
it answers what would change the choice. Money is in the currency of the prices, loads are requests per second. Both
raise InputError for what cannot be run or priced.
"""

from simlib.decision.choice.decide import choose_design
from simlib.decision.gain.gain import Budgets, measure_gain
from simlib.decision.gain.values import Gain

__all__ = [
    "Budgets",
    "Gain",
    "choose_design",
    "measure_gain",
]

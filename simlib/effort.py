"""Effort of designs in person-days: work items with three estimates, drawn and added up, beside other measures.

`load_ledger` reads the bundled work items, or a file of your own (InputError for a row that cannot be used).
`draw_effort` returns design -> `EffortDraws`, whose arrays have shape (draws,) and hold person-days: ``one_off_days``
once, ``yearly_days`` in each year. Equal seeds give equal draws, and designs that share an item share its draws.
`measure_indicators` and `measure_complexity` return what can be measured and counted beside them, never added up.
Every estimate is an assumption of one author.
"""

from simlib.decision.effort.estimates import (
    EffortDraws,
    compute_effort_swings,
    compute_expected_effort,
    draw_effort,
)
from simlib.decision.effort.explaining import build_reference_designs, explain_part
from simlib.decision.effort.indicator import Indicator
from simlib.decision.effort.indicators import measure_indicators
from simlib.decision.effort.items import EffortLedger, Item
from simlib.decision.effort.ledger import load_ledger
from simlib.decision.effort.work import Counts
from simlib.report.record.complexity import Complexity, measure_complexity

__all__ = [
    "Complexity",
    "Counts",
    "EffortDraws",
    "EffortLedger",
    "Indicator",
    "Item",
    "build_reference_designs",
    "compute_effort_swings",
    "compute_expected_effort",
    "draw_effort",
    "explain_part",
    "load_ledger",
    "measure_complexity",
    "measure_indicators",
]

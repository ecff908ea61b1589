"""Tables of text for notebooks and pages, as pandas frames: means with half widths, words, sources.

Cells are strings in the unit that their row or column names. `tabulate_comparison` takes `Verdicts` and has metrics
down and designs across; `tabulate_limits` and `tabulate_ranking` take a `Decision`; `tabulate_measurements` takes a
table with one row per design and replication and has designs down and metrics across. Numbers to compute with are in
the values themselves: ``Comparison.table``, ``Verdicts.intervals``, ``Decision.ranking``.
"""

from simlib.report.attack_text import build_attack_tables, format_cells
from simlib.report.cells import tabulate_measurements
from simlib.report.effort_tables import tabulate_indicators, tabulate_items
from simlib.report.notebook import tabulate_comparison, tabulate_limits, tabulate_ranking
from simlib.report.record.madr import format_decision_record

__all__ = [
    "build_attack_tables",
    "format_cells",
    "format_decision_record",
    "tabulate_comparison",
    "tabulate_indicators",
    "tabulate_items",
    "tabulate_limits",
    "tabulate_measurements",
    "tabulate_ranking",
]

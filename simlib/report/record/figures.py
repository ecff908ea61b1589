"""The figures of a decision record, each with a description for those who cannot see it."""

from simlib.decision.choice.values import Decision
from simlib.report.cost_bars_figure import cost_bars_figure
from simlib.report.html import Drawn

NAMES = ("cost", "frontier", "breakeven", "tornado")
"""The figures that there may be, in the order of a page."""


def decision_figures(decision: Decision) -> tuple[Drawn, ...]:
    """Total cost by cause; and where there is anything to draw: frontier, break-even over the load, tornado."""
    return (
        Drawn(
            "cost",
            *cost_bars_figure(decision),
            "What each design costs over the horizon, by cause, and the interval of the whole.",
        ),
    )

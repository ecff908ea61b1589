"""The figures of a decision record, each with a description for those who cannot see it."""

from collections.abc import Iterator

from simlib.decision.choice.values import Decision
from simlib.report.breakeven_figure import breakeven_figure
from simlib.report.cost_bars_figure import cost_bars_figure
from simlib.report.frontier_figure import frontier_figure
from simlib.report.html import Drawn
from simlib.report.record.drivers import main_sensitivity
from simlib.report.record.worth_words import decisive
from simlib.report.tornado_figure import tornado_figure

NAMES = ("cost", "frontier", "breakeven", "tornado")
"""The figures that there may be, in the order of a page."""


def decision_figures(decision: Decision) -> tuple[Drawn, ...]:
    """Total cost by cause; and where there is anything to draw: frontier, break-even over the load, tornado."""
    return tuple(_figures(decision))


def _figures(decision: Decision) -> Iterator[Drawn]:
    currency = decision.scenario.prices.currency
    yield Drawn(
        "cost",
        *cost_bars_figure(decision),
        "What each design costs over the horizon, by cause, and the interval of the whole.",
    )
    if decision.frontiers:
        yield Drawn(
            "frontier",
            *frontier_figure(decision),
            "Gain against complexity: the lower left is best, and who stands on the line is beaten by nobody in both.",
        )
    drawn = [own for own in decisive(decision) if own.curve.loads]
    if drawn:
        load = decision.scenario.expected_requests / decision.scenario.horizon_s
        yield Drawn(
            "breakeven",
            *breakeven_figure(drawn, currency, load),
            "Net present value over the load, with its interval: above 0 it pays.",
        )
    driven = main_sensitivity(decision)
    if driven is not None and driven.tornado:
        yield Drawn(
            "tornado",
            *tornado_figure(driven, currency),
            "What moves the net present value: single inputs from their 5 % to their 95 % quantile, and indices.",
        )

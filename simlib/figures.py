"""Figures: each function returns a matplotlib Figure and a description of it in words, for `show_figure`.

Functions end in ``_figure`` and take what the other public functions return: `Verdicts`, `Decision`, bad days, the
tables of `simlib.sweep` and `Comparison`. Intervals are at 95 % where nothing else is said; axes carry their units.
`show_figure` turns the pair into an image for a notebook, with the description as its alternative text.
"""

from simlib.report.attack_report import attack_figure
from simlib.report.bad_days_report import availability_figure, goodput_figure
from simlib.report.comparison_figures import latency_figure, tradeoff_figure
from simlib.report.decision_figures import breakeven_figure, cost_bars_figure, tornado_figure
from simlib.report.effort_figures import effort_figure, growth_figure, swings_figure
from simlib.report.frontier_figure import frontier_figure
from simlib.report.latency_figures import distribution_figure, steps_figure
from simlib.report.notebook import show_figure
from simlib.report.process_figures import find_comparable_request, sequence_figure, timeline_figure
from simlib.report.revocation_figures import answer_age_figure, revocation_figure
from simlib.report.sweep_figures import load_figure, ttl_figure
from simlib.report.switches_figure import switches_figure
from simlib.report.ttl_trade_figure import ttl_trade_figure
from simlib.report.validation_figures import costs_figure, theory_figure

__all__ = [
    "answer_age_figure",
    "attack_figure",
    "availability_figure",
    "breakeven_figure",
    "cost_bars_figure",
    "costs_figure",
    "distribution_figure",
    "effort_figure",
    "find_comparable_request",
    "frontier_figure",
    "goodput_figure",
    "growth_figure",
    "latency_figure",
    "load_figure",
    "revocation_figure",
    "sequence_figure",
    "show_figure",
    "steps_figure",
    "swings_figure",
    "switches_figure",
    "theory_figure",
    "timeline_figure",
    "tornado_figure",
    "tradeoff_figure",
    "ttl_figure",
    "ttl_trade_figure",
]

"""The figures of a report. Each function returns the figure and a description for those who cannot see it."""

from typing import TYPE_CHECKING

from simlib.decision import Verdicts
from simlib.report.latency_panels import draw_parts, draw_percentiles
from simlib.report.style import house_style
from simlib.report.tradeoff_panels import draw_legend, draw_tradeoff, legend_rows
from simlib.report.words import latency_words, row_label, tradeoff_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH = 9.6  # inches
_HEAD = 1.5  # inches for titles, axes and legends
_ROW = 0.86  # inches per design


def latency_figure(verdicts: Verdicts) -> "tuple[Figure, str]":
    """Latency per design: percentiles and mean with their intervals, and what the mean is made of."""
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(_WIDTH, _HEAD + _ROW * len(verdicts.designs)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        draw_percentiles(left, verdicts)
        draw_parts(right, verdicts)
        left.set_yticks(range(len(verdicts.designs)), [row_label(verdicts, design) for design in verdicts.designs])
        left.set_ylim(len(verdicts.designs) - 0.4, -0.6)
    return figure, latency_words(verdicts)


def tradeoff_figure(verdicts: Verdicts) -> "tuple[Figure, str]":
    """Load on the authorization server against exposure after revocation: what a cache or a JWT trades for what."""
    from matplotlib.figure import Figure

    with house_style():
        height = 3.4 + 0.19 * legend_rows(verdicts)
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        draw_tradeoff(left, verdicts, "as_requests_per_s")
        draw_tradeoff(right, verdicts, "as_utilisation")
        left.set_ylabel("exposure after revocation (s)")
        draw_legend(figure, verdicts)
    return figure, tradeoff_words(verdicts)

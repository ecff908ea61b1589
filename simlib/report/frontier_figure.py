"""Figure of gain against effort: a panel per figure, with the Pareto frontier through the designs not dominated."""

from typing import TYPE_CHECKING

from simlib.analysis.metrics import METRICS
from simlib.decision.choice.results import Decision, Frontier, FrontierPoint, Spread
from simlib.report.figure_style import MARKERS, OKABE_ITO, apply_house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_RUNNING = "running_cost_per_year"
_EFFORT = "person-days to build and to run"
_COLUMNS = 2
_GREY, _DASHED = "#555555", (0, (4, 2))


def frontier_figure(decision: Decision) -> "tuple[Figure, str]":
    """Effort over the horizon against each figure of which lower is better; figure and description."""
    from matplotlib.figure import Figure

    rows = -(-len(decision.frontiers) // _COLUMNS)
    years = decision.scenario.terms.horizon_years
    with apply_house_style():
        figure = Figure(figsize=(9.6, 0.7 + 2.9 * rows), layout="constrained")
        panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
        for axes, frontier in zip(panels, decision.frontiers, strict=False):
            _draw_panel(axes, frontier, decision)
            axes.set_xlabel(f"{_EFFORT} for {years:g} years")
        for axes in panels[len(decision.frontiers) :]:
            axes.set_axis_off()
        _draw_legend(figure, decision)
    return figure, _describe_frontiers(decision)


def _draw_panel(axes: "Axes", frontier: Frontier, decision: Decision) -> None:
    factor = _find_factor(frontier.figure)
    for point in frontier.points:
        number = list(decision.scenario.designs).index(point.design)
        colour = OKABE_ITO[number % len(OKABE_ITO)]
        axes.errorbar(
            point.effort_days.mean,
            point.gain.mean * factor,
            xerr=_compute_error_bars(point.effort_days),
            yerr=_compute_error_bars(point.gain, factor),
            fmt=MARKERS[number % len(MARKERS)],
            markersize=7,
            color=colour,
            markerfacecolor="white" if point.dominated_by else colour,
            elinewidth=1.0,
        )
    best = sorted((p for p in frontier.points if not p.dominated_by), key=lambda p: p.effort_days.mean)
    axes.step(
        [p.effort_days.mean for p in best],
        [p.gain.mean * factor for p in best],
        where="post",
        color=_GREY,
        lw=1.0,
        linestyle=_DASHED,
        zorder=1,
    )
    label, unit = _find_label(frontier.figure, decision)
    axes.set_title(label)
    axes.set_ylabel(unit)
    axes.yaxis.set_major_formatter("{x:,g}")
    low, high = axes.get_ylim()
    axes.set_ylim(bottom=-0.03 * high if low < high / 2 else low)  # a marker at 0 is not cut off
    axes.set_xlim(left=0)


def _compute_error_bars(spread: Spread, factor: float = 1.0) -> list[list[float]]:
    """Lengths below and above the mean; 0 where a skewed interval lies on one side of it."""
    below, above = (spread.mean - spread.low) * factor, (spread.high - spread.mean) * factor
    return [[max(below, 0.0)], [max(above, 0.0)]]


def _draw_legend(figure: "Figure", decision: Decision) -> None:
    from matplotlib.lines import Line2D

    signs = [(MARKERS[n % len(MARKERS)], OKABE_ITO[n % len(OKABE_ITO)]) for n in range(len(decision.scenario.designs))]
    handles = [
        Line2D([], [], marker=marker, color=colour, linestyle="none", label=name)
        for (marker, colour), name in zip(signs, decision.scenario.designs, strict=True)
    ]
    handles.append(Line2D([], [], color=_GREY, linestyle=_DASHED, linewidth=1.0, label="frontier"))
    hollow = Line2D([], [], marker="o", color=_GREY, markerfacecolor="white", linestyle="none", label="dominated")
    handles.append(hollow)
    figure.legend(handles=handles, loc="outside lower left", ncols=min(len(handles), 5))


def _find_factor(figure: str) -> float:
    return METRICS[figure].factor if figure in METRICS else 1.0


def _find_label(figure: str, decision: Decision) -> tuple[str, str]:
    if figure == _RUNNING:
        return "Running cost and losses per year", decision.scenario.prices.currency
    metric = METRICS[figure]
    return f"{metric.label[0].upper()}{metric.label[1:]}", metric.display_unit


def _describe_frontiers(decision: Decision) -> str:
    sentences = [_describe_frontier(frontier, decision) for frontier in decision.frontiers]
    return "Effort against gain, lower left is better. " + " ".join(sentences)


def _describe_frontier(frontier: Frontier, decision: Decision) -> str:
    label, unit = _find_label(frontier.figure, decision)
    factor = _find_factor(frontier.figure)

    def describe_point(point: FrontierPoint) -> str:
        value = f"{float(f'{point.gain.mean * factor:.3g}'):,g} {unit}"
        return f"{point.design} {point.effort_days.mean:.0f} person-days, {value}"

    on_frontier = [point.design for point in frontier.points if not point.dominated_by]
    points = "; ".join(describe_point(point) for point in frontier.points)
    return f"{label}: {points}. On the frontier, by the means: {', '.join(on_frontier)}."

"""Figure of the trade-off of a cache's time to live: four quantities over one axis of seconds."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from simlib.analysis.intervals import Interval
from simlib.analysis.quantiles import compute_interval
from simlib.report.figure_style import LINES, MARKERS, OKABE_ITO, apply_house_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Form = Callable[[float], float]
"""Closed form of a column: time to live in seconds -> value."""
_GRID = 40


class Panel(NamedTuple):
    """One quantity: its title, its columns with their labels, and a factor.

    ``bound``: the quantity is bounded by the time to live, which is drawn as well, on a logarithmic axis.
    """

    title: str
    columns: Mapping[str, str]
    factor: float = 1.0
    bound: bool = False


PANELS = (
    Panel("Calls to the AS per 100 requests", {"asked_per_request": "simulated"}, 100.0),
    Panel("Token checking, ms", {"checking_mean_s": "mean", "checking_p99_s": "99th percentile"}, 1e3),
    Panel("Served in an outage of the AS, %", {"older_10_s": "10 s into it", "older_60_s": "60 s into it"}, 100.0),
    Panel("Exposure after revocation, s", {"exposure_s": "measured"}, 1.0, True),
)


def ttl_trade_figure(
    frame: "pd.DataFrame",
    ttls: Mapping[str, float],
    expected: Mapping[str, Form] | None = None,
    knee_s: float | None = None,
    level: float = 0.95,
) -> "tuple[Figure, str]":
    """The columns of `PANELS` against the time to live, as points with intervals; figure and description.

    ``frame`` has a row per design and replication; ``ttls``: design -> its time to live (seconds), 0 for the design
    that calls the AS for every request. ``expected``: column -> closed form, drawn as a thin line. ``knee_s``: a
    time to live that is marked in every panel.
    """
    from matplotlib.figure import Figure

    forms, ticks = expected or {}, sorted(ttls.values())
    intervals = {column: _compute_intervals(frame, column, ttls, level) for panel in PANELS for column in panel.columns}
    with apply_house_style():
        figure = Figure(figsize=(9.2, 5.4), layout="constrained")
        for axes, panel in zip(figure.subplots(2, 2).flat, PANELS, strict=True):
            _draw_panel(axes, panel, intervals, forms, ticks)
            if knee_s is not None:
                axes.axvline(knee_s, color="#555555", linewidth=1.0, linestyle=LINES[3])
            axes.legend(loc="best", fontsize=8.5)
        for axes in figure.axes[2:]:
            axes.set_xlabel("time to live of an answer (s)")
    return figure, _describe_panels(intervals, knee_s)


def _compute_intervals(
    frame: "pd.DataFrame", column: str, ttls: Mapping[str, float], level: float
) -> dict[float, Interval]:
    chosen = sorted(ttls.items(), key=lambda item: item[1])
    return {ttl: compute_interval(frame[frame["design"] == design], column, level).limit(0.0) for design, ttl in chosen}


def _draw_panel(
    axes: "Axes",
    panel: Panel,
    intervals: Mapping[str, Mapping[float, Interval]],
    forms: Mapping[str, Form],
    ticks: list[float],
) -> None:
    import numpy as np

    axes.set_xscale("symlog", linthresh=5.0, linscale=0.6)
    grid = np.union1d(np.linspace(0.0, 5.0, 5), np.geomspace(5.0, ticks[-1], _GRID))
    for number, (column, label) in enumerate(panel.columns.items()):
        curve, colour = intervals[column], OKABE_ITO[number]
        means = [interval.mean * panel.factor for interval in curve.values()]
        spread = [interval.half_width * panel.factor if interval.n > 1 else 0.0 for interval in curve.values()]
        axes.errorbar(
            list(curve), means, yerr=spread, fmt=MARKERS[number], color=colour, markersize=5.5, label=label, zorder=3
        )
        if column in forms:
            values = [forms[column](float(at)) * panel.factor for at in grid]
            axes.plot(grid, values, color=colour, linewidth=1.0, label="closed form" if number == 0 else None)
        else:
            axes.plot(list(curve), means, color=colour, linewidth=0.8, linestyle=LINES[6])
    axes.set_ylim(bottom=0.0)
    if panel.bound:
        axes.plot(grid, grid, color="black", linestyle=LINES[1], label="the time to live")
        axes.set_yscale("symlog", linthresh=1.0, linscale=0.5)
        axes.set_yticks([0, 1, 10, 100], ["0", "1", "10", "100"])
        axes.set_ylim(-0.1, 1.4 * max(axes.get_ylim()[1], ticks[-1]))
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlim(left=-0.5)
    axes.set_title(panel.title)


def _describe_panels(intervals: Mapping[str, Mapping[float, Interval]], knee_s: float | None) -> str:
    sentences = []
    for panel in PANELS:
        for column, label in panel.columns.items():
            points = (_format_point(ttl, interval, panel.factor) for ttl, interval in intervals[column].items())
            sentences.append(f"{panel.title}, {label}: {', '.join(points)}.")
    marked = "" if knee_s is None else f" Marked in every panel: {knee_s:g} s."
    return f"Four quantities against the time to live of an answer, with intervals. {' '.join(sentences)}{marked}"


def _format_point(at: float, interval: Interval, factor: float) -> str:
    return f"{interval.mean * factor:.3g} at {at:g} s"

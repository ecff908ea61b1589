"""Figures of a comparison: latency, and load on the authorization server against exposure after revocation.

Each figure is returned with a description in words, its alternative text.
"""

import textwrap
from typing import TYPE_CHECKING

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import METRICS
from simlib.decision import Verdicts
from simlib.report.figure_style import (
    HATCHES,
    LINES,
    MARKERS,
    OKABE_ITO,
    apply_house_style,
    describe_exposure,
    describe_latency,
    describe_tradeoff,
    format_row_label,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_PERCENTILES = {"p50": "p50_s", "mean": "mean_s", "p95": "p95_s", "p99": "p99_s"}
_PARTS = {"waiting for a token": "obtaining_mean_s", "token checking": "checking_mean_s", "the rest": None}
_PART_COLOURS = ("#E69F00", "#D55E00", "#C9D6DF")


def draw_percentiles(axes: "Axes", verdicts: Verdicts) -> None:
    """One row per design: p50, mean, p95 and p99 in milliseconds, each with its interval."""
    for number, (label, name) in enumerate(_PERCENTILES.items()):
        offset = (number - 1.5) * 0.16
        rows = [
            (row, verdicts.intervals[d][name]) for row, d in enumerate(verdicts.designs) if _has_latency(verdicts, d)
        ]
        axes.errorbar(
            [interval.mean * 1e3 for _, interval in rows],
            [row + offset for row, _ in rows],
            xerr=[find_half_width_ms(interval) for _, interval in rows],
            fmt=MARKERS[number],
            markersize=5,
            color=OKABE_ITO[number],
            label=label,
        )
    _label_unstable(axes, verdicts)
    axes.set_xlim(left=0)
    axes.set_xlabel("latency (ms)")
    axes.set_title("Latency of a request", pad=24)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=4, columnspacing=1.0, handletextpad=0.3)
    axes.grid(axis="y", visible=False)


def draw_parts(axes: "Axes", verdicts: Verdicts) -> None:
    """One bar per design: waiting for a token, token checking, the rest; the interval is that of the mean."""
    rows = [(row, verdicts.intervals[d]) for row, d in enumerate(verdicts.designs) if _has_latency(verdicts, d)]
    begin = [0.0] * len(rows)
    for number, (label, name) in enumerate(_PARTS.items()):
        ends = [intervals["mean_s"].mean * 1e3 for _, intervals in rows]
        if name is not None:
            ends = [at + intervals[name].mean * 1e3 for at, (_, intervals) in zip(begin, rows, strict=True)]
        widths = [max(end - at, 0.0) for end, at in zip(ends, begin, strict=True)]
        axes.barh(
            [row for row, _ in rows],
            widths,
            0.5,
            begin,
            color=_PART_COLOURS[number],
            hatch=HATCHES[(number + 1) % 3],
            edgecolor="#444444",
            linewidth=0.6,
            label=label,
        )
        begin = ends
    axes.errorbar(
        [intervals["mean_s"].mean * 1e3 for _, intervals in rows],
        [row for row, _ in rows],
        xerr=[find_half_width_ms(intervals["mean_s"]) for _, intervals in rows],
        fmt="none",
        color="black",
    )
    _label_unstable(axes, verdicts)
    axes.set_xlim(left=0)
    axes.set_xlabel("mean latency (ms)")
    axes.set_title("Parts of the mean", pad=24)
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=3, columnspacing=0.8, handletextpad=0.4, handlelength=1.5
    )
    axes.grid(axis="y", visible=False)


def find_half_width_ms(interval: Interval) -> float:
    """Half width in milliseconds; 0 with one replication, whose spread is unknown."""
    return interval.half_width * 1e3 if interval.n > 1 else 0.0


def _has_latency(verdicts: Verdicts, design: str) -> bool:
    return verdicts.is_steady(design, "mean_s") and verdicts.intervals[design]["mean_s"].n > 0


def _label_unstable(axes: "Axes", verdicts: Verdicts) -> None:
    for row, design in enumerate(verdicts.designs):
        if not _has_latency(verdicts, design):
            word = "no finished request" if verdicts.is_steady(design, "mean_s") else "unstable: not averaged"
            axes.text(0.03, row, word, transform=axes.get_yaxis_transform(), va="center", style="italic")


_TITLES = {
    "as_requests_per_s": ("Requests at the authorization server", "requests per second"),
    "as_utilisation": ("Utilisation", "utilisation of the authorization server (%)"),
}
_LEGEND_LINE = 62  # characters


def draw_tradeoff(axes: "Axes", verdicts: Verdicts, load: str) -> None:
    """A point per design with intervals on both axes; a vertical line where the exposure is undefined."""
    factor = METRICS[load].factor
    for number, design in enumerate(verdicts.designs):
        intervals = verdicts.intervals[design]
        load_interval, exposure = intervals[load], intervals["exposure_s"]
        if load_interval.n == 0:
            continue
        colour = OKABE_ITO[number % len(OKABE_ITO)]
        if has_exposure(verdicts, design):
            axes.errorbar(
                load_interval.mean * factor,
                exposure.mean,
                xerr=_find_half_width(load_interval) * factor,
                yerr=_find_half_width(exposure),
                fmt=MARKERS[number % len(MARKERS)],
                markersize=7,
                color=colour,
            )
        else:
            axes.axvline(load_interval.mean * factor, color=colour, linestyle=LINES[number % len(LINES)], linewidth=1.6)
    _finish_panel(axes, verdicts, load)


def has_exposure(verdicts: Verdicts, design: str) -> bool:
    """Whether the exposure of a design is defined."""
    return verdicts.is_steady(design, "exposure_s") and verdicts.intervals[design]["exposure_s"].n > 0


def count_legend_lines(verdicts: Verdicts) -> int:
    """Number of lines of text in the legend."""
    return sum(label.count("\n") + 1 for label in _build_legend_labels(verdicts))


def draw_legend(figure: "Figure", verdicts: Verdicts) -> None:
    """Every design with its marker, title and exposure, below the panels."""
    from matplotlib.lines import Line2D

    handles = [_style_handle(Line2D([], []), verdicts, number) for number in range(len(verdicts.designs))]
    figure.legend(handles, _build_legend_labels(verdicts), loc="outside lower left", ncols=1, handlelength=2.4)


def _style_handle(line: "Line2D", verdicts: Verdicts, number: int) -> "Line2D":
    line.set_color(OKABE_ITO[number % len(OKABE_ITO)])
    if has_exposure(verdicts, verdicts.designs[number]):
        line.set_marker(MARKERS[number % len(MARKERS)])
        line.set_linestyle("none")
        line.set_markersize(7)
    else:
        line.set_linestyle(LINES[number % len(LINES)])
    return line


def _build_legend_labels(verdicts: Verdicts) -> list[str]:
    return [_build_legend_label(verdicts, design) for design in verdicts.designs]


def _build_legend_label(verdicts: Verdicts, design: str) -> str:
    title = verdicts.scenario.designs[design].title
    text = f"{design} ({describe_exposure(verdicts, design)})" + ("" if title == design else f": {title}")
    return textwrap.fill(text, _LEGEND_LINE * 2, max_lines=2, placeholder=" …")


def _finish_panel(axes: "Axes", verdicts: Verdicts, load: str) -> None:
    title, label = _TITLES[load]
    axes.set_title(title)
    axes.set_xlabel(label)
    axes.set_xlim(left=0)
    axes.margins(x=0.08)
    if any(has_exposure(verdicts, design) for design in verdicts.designs):
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        return
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.text(
        0.5,
        0.5,
        "exposure after revocation is undefined\nin this run; each line is the load of a design",
        transform=axes.transAxes,
        ha="center",
        va="center",
        style="italic",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85},
    )


def _find_half_width(interval: Interval) -> float:
    return interval.half_width if interval.n > 1 else 0.0


_WIDTH = 9.6  # inches
_HEAD = 1.5  # inches for titles, axes and legends
_ROW = 0.86  # inches per design


def latency_figure(verdicts: Verdicts) -> "tuple[Figure, str]":
    """Latency per design: percentiles and mean with their intervals, and what the mean is made of."""
    from matplotlib.figure import Figure

    with apply_house_style():
        figure = Figure(figsize=(_WIDTH, _HEAD + _ROW * len(verdicts.designs)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        draw_percentiles(left, verdicts)
        draw_parts(right, verdicts)
        left.set_yticks(
            range(len(verdicts.designs)), [format_row_label(verdicts, design) for design in verdicts.designs]
        )
        left.set_ylim(len(verdicts.designs) - 0.4, -0.6)
    return figure, describe_latency(verdicts)


def tradeoff_figure(verdicts: Verdicts) -> "tuple[Figure, str]":
    """Load on the authorization server against exposure after revocation: the trade-off of caches and JWTs."""
    from matplotlib.figure import Figure

    with apply_house_style():
        height = 3.4 + 0.19 * count_legend_lines(verdicts)
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        draw_tradeoff(left, verdicts, "as_requests_per_s")
        draw_tradeoff(right, verdicts, "as_utilisation")
        left.set_ylabel("exposure after revocation (s)")
        draw_legend(figure, verdicts)
    return figure, describe_tradeoff(verdicts)

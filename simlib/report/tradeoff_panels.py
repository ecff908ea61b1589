"""The panels of the trade-off figure: load on the authorization server against exposure after revocation."""

import textwrap
from typing import TYPE_CHECKING

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import METRICS
from simlib.decision import Verdicts
from simlib.report.style import LINES, MARKERS, OKABE_ITO
from simlib.report.words import exposure_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_TITLES = {
    "as_requests_per_s": ("Requests at the authorization server", "requests per second"),
    "as_utilisation": ("How busy it is", "utilisation of the authorization server (%)"),
}
_LEGEND_LINE = 62  # characters


def draw_tradeoff(axes: "Axes", verdicts: Verdicts, load: str) -> None:
    """A point per design with intervals both ways; a vertical line where the exposure is undefined."""
    factor = METRICS[load].factor
    for number, design in enumerate(verdicts.designs):
        own = verdicts.intervals[design]
        across, up = own[load], own["exposure_s"]
        if across.n == 0:
            continue
        colour = OKABE_ITO[number % len(OKABE_ITO)]
        if has_exposure(verdicts, design):
            axes.errorbar(
                across.mean * factor,
                up.mean,
                xerr=_half(across) * factor,
                yerr=_half(up),
                fmt=MARKERS[number % len(MARKERS)],
                markersize=7,
                color=colour,
            )
        else:
            axes.axvline(across.mean * factor, color=colour, linestyle=LINES[number % len(LINES)], linewidth=1.6)
    _finish(axes, verdicts, load)


def has_exposure(verdicts: Verdicts, design: str) -> bool:
    """Whether the exposure of a design is known."""
    return verdicts.steady(design, "exposure_s") and verdicts.intervals[design]["exposure_s"].n > 0


def legend_rows(verdicts: Verdicts) -> int:
    """Lines of text that the legend takes."""
    return sum(label.count("\n") + 1 for label in _labels(verdicts))


def draw_legend(figure: "Figure", verdicts: Verdicts) -> None:
    """Every design with its sign, its title and its exposure, below the panels."""
    from matplotlib.lines import Line2D

    handles = [_handle(Line2D([], []), verdicts, number) for number in range(len(verdicts.designs))]
    figure.legend(handles, _labels(verdicts), loc="outside lower left", ncols=1, handlelength=2.4)


def _handle(line: "Line2D", verdicts: Verdicts, number: int) -> "Line2D":
    line.set_color(OKABE_ITO[number % len(OKABE_ITO)])
    if has_exposure(verdicts, verdicts.designs[number]):
        line.set_marker(MARKERS[number % len(MARKERS)])
        line.set_linestyle("none")
        line.set_markersize(7)
    else:
        line.set_linestyle(LINES[number % len(LINES)])
    return line


def _labels(verdicts: Verdicts) -> list[str]:
    return [_label(verdicts, design) for design in verdicts.designs]


def _label(verdicts: Verdicts, design: str) -> str:
    title = verdicts.scenario.designs[design].title
    text = f"{design} ({exposure_words(verdicts, design)})" + ("" if title == design else f": {title}")
    return textwrap.fill(text, _LEGEND_LINE * 2, max_lines=2, placeholder=" …")


def _finish(axes: "Axes", verdicts: Verdicts, load: str) -> None:
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


def _half(interval: Interval) -> float:
    return interval.half_width if interval.n > 1 else 0.0

"""Figures of a sweep: one quantity on the horizontal axis, a line per design with its interval as a band."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import METRICS, Metric
from simlib.analysis.quantiles import compute_interval
from simlib.analysis.stability import is_unstable
from simlib.report.cells import format_label, format_mean
from simlib.report.figure_style import LINES, MARKERS, OKABE_ITO, apply_house_style
from simlib.report.sweep_notes import add_companions

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = Mapping[float, Interval]
"""Value of the swept key -> interval of a metric over the replications."""

LOAD = "world.load.arrival_rate"
_AXES = {LOAD: "requests per second", "world.population.users": "users"}


def compute_curves(frame: "pd.DataFrame", key: str, metric: str, level: float = 0.95) -> dict[str, Curve]:
    """Design -> curve of a metric over a swept key, without points where the design is overloaded.

    ``frame`` is that of `simlib.sweep`, with one swept key besides those that the caller keeps fixed.
    """
    curves: dict[str, dict[float, Interval]] = {str(design): {} for design in frame["design"].unique()}
    for design, curve in curves.items():
        for value in sorted(frame[key].unique()):
            rows = frame[(frame["design"] == design) & (frame[key] == value)]
            interval = compute_interval(rows, metric, level)
            if interval.n and not is_overloaded(rows):
                curve[float(value)] = interval
    return dict(curves)


def is_overloaded(rows: "pd.DataFrame") -> bool:
    """Whether the backlog grows in these replications of one design at one value; False without arrivals."""
    arrivals = float(rows["arrivals_per_s"].mean())
    return arrivals > 0 and is_unstable(rows["backlog_slope"], arrivals)


def load_figure(
    frame: "pd.DataFrame",
    metric: str = "p95_s",
    busy: str = "as_utilisation",
    key: str = LOAD,
    level: float = 0.95,
    *,
    ticks: Sequence[str] = (),
    joined: bool = True,
) -> "tuple[Figure, str]":
    """Latency and utilisation of a server against the load, or any other swept key; figure and description.

    A line ends where its design becomes unstable, for beyond there is no mean. ``metric`` and ``busy`` are
    names of `simlib.METRICS`. ``ticks`` are the words for the values 0, 1, ... of a key without numbers; points that
    are not ``joined`` have no line between them.
    """
    from matplotlib.figure import Figure

    pair = [(METRICS[name], compute_curves(frame, key, name, level)) for name in (metric, busy)]
    with apply_house_style():
        figure = Figure(figsize=(9.6, 3.5 + 0.2 * len(pair[0][1])), layout="constrained")
        for axes, (quantity, curves) in zip(figure.subplots(1, 2), pair, strict=True):
            _draw_curves(axes, curves, quantity, joined)
            axes.set_xlabel(_AXES.get(key, key))
            if ticks:
                axes.set_xticks(range(len(ticks)), ticks)
            else:
                axes.set_xlim(left=min(0.0, float(frame[key].min())))
            axes.set_ylim(bottom=0)
        _draw_legend(figure, figure.axes[0])
    against = "the load" if key in _AXES else key
    return figure, _describe(frame, [quantity for quantity, _ in pair], key, against, level, ticks)


def ttl_figure(
    frame: "pd.DataFrame", key: str, expected: Callable[[float], float] | None = None, level: float = 0.95
) -> "tuple[Figure, str]":
    """Cache hit ratio and exposure after revocation against the cache's time to live; figure and description.

    ``expected`` gives the hit ratio at a time to live in seconds where there is a closed form, such as r / (1 + r) for
    r requests per token, cache and time to live (`simlib.analysis.cache_theory.ttl_hit_ratio`); drawn on top.
    """
    from matplotlib.figure import Figure

    pair = [(METRICS[name], compute_curves(frame, key, name, level)) for name in ("hit_ratio", "exposure_s")]
    with apply_house_style():
        figure = Figure(figsize=(9.6, 3.5 + 0.2 * len(pair[0][1])), layout="constrained")
        for axes, (metric, curves) in zip(figure.subplots(1, 2), pair, strict=True):
            _draw_curves(axes, curves, metric)
            if expected is not None and metric.name == "hit_ratio":
                _draw_closed_form(axes, sorted(frame[key].unique()), expected)
            axes.set_xlabel("time to live of an entry (s)")
            axes.set_xlim(left=0)
            axes.set_ylim(bottom=0)
        _draw_legend(figure, figure.axes[0])
    description = _describe(frame, [metric for metric, _ in pair], key, "the time to live", level)
    return figure, description + (" The closed form is drawn as black crosses." if expected else "")


def _draw_curves(axes: "Axes", curves: Mapping[str, Curve], metric: Metric, joined: bool = True) -> None:
    for number, (design, curve) in enumerate(curves.items()):
        colour = OKABE_ITO[number % len(OKABE_ITO)]
        places = list(curve)
        axes.plot(
            places,
            [interval.mean * metric.factor for interval in curve.values()],
            color=colour,
            linestyle=LINES[number % len(LINES)] if joined else "none",
            marker=MARKERS[number % len(MARKERS)],
            markersize=4.5,
            label=design,
        )
        spread = {value: interval for value, interval in curve.items() if interval.n > 1}
        low, high = ([getattr(i, end) * metric.factor for i in spread.values()] for end in ("low", "high"))
        if joined:
            axes.fill_between(list(spread), low, high, color=colour, alpha=0.2, linewidth=0)
        else:
            axes.vlines(list(spread), low, high, color=colour, alpha=0.4)
    axes.set_title(format_label(metric))


def _draw_closed_form(axes: "Axes", values: list[float], expected: Callable[[float], float]) -> None:
    factor = METRICS["hit_ratio"].factor
    axes.plot(
        values,
        [expected(value) * factor for value in values],
        linestyle="none",
        marker="x",
        markersize=8,
        color="black",
        zorder=5,
        label="closed form",
    )


def _draw_legend(figure: "Figure", axes: "Axes") -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=4, handlelength=3.2)


def _describe(
    frame: "pd.DataFrame", metrics: list[Metric], key: str, against: str, level: float, ticks: Sequence[str] = ()
) -> str:
    """Describe what is drawn, and after it the figures that leave out less than one that is."""
    names = [metric.name for metric in metrics]
    beside = [name for name in add_companions(frame, names) if name not in names]
    return " ".join(
        _describe_curves(METRICS[name], compute_curves(frame, key, name, level), against, ticks)
        for name in (*names, *beside)
    )


def _describe_curves(metric: Metric, curves: Mapping[str, Curve], against: str, ticks: Sequence[str]) -> str:
    ends = {design: _format_ends(metric, curve, ticks) for design, curve in curves.items() if curve}
    sentences = [f"{design}: {', '.join(cells)}." for design, cells in ends.items()]
    return f"{format_label(metric)}, against {against}, with intervals. {' '.join(sentences)}"


def _format_ends(metric: Metric, curve: Curve, ticks: Sequence[str]) -> list[str]:
    ends = dict.fromkeys((min(curve), max(curve)))
    return [f"{format_mean(metric, curve[at])} at {ticks[int(at)] if ticks else f'{at:g}'}" for at in ends]

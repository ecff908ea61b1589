"""Figures of a sweep: one quantity on the horizontal axis, a line per design with its interval as a band."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from simlib.analysis.intervals import Interval, student
from simlib.analysis.metrics import METRICS, Metric
from simlib.analysis.stability import is_unstable
from simlib.report.cells import label_of, mean_text
from simlib.report.figure_style import LINES, MARKERS, OKABE_ITO, house_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = Mapping[float, Interval]
"""Value of the swept key -> interval of a metric over the replications."""

LOAD = "world.load.arrival_rate"
_AXES = {LOAD: "requests per second", "world.population.users": "users"}


def curves(frame: "pd.DataFrame", key: str, metric: str, level: float = 0.95) -> dict[str, Curve]:
    """Design -> curve of a metric over a swept key, without points where the design does not keep up with its load.

    ``frame`` is that of `simlib.sweep`, with one swept key besides those held fixed by the caller.
    """
    found: dict[str, dict[float, Interval]] = {str(design): {} for design in frame["design"].unique()}
    for design, curve in found.items():
        for value in sorted(frame[key].unique()):
            rows = frame[(frame["design"] == design) & (frame[key] == value)]
            interval = student(rows[metric], level)
            if interval.n and not keeps_not_up(rows):
                curve[float(value)] = interval
    return dict(found)


def keeps_not_up(rows: "pd.DataFrame") -> bool:
    """Whether these replications of one design at one value are of a backlog that grows; not when nobody came."""
    arrivals = float(rows["arrivals_per_s"].mean())
    return arrivals > 0 and is_unstable(rows["backlog_slope"], arrivals)


def load_figure(
    frame: "pd.DataFrame", metric: str = "p95_s", busy: str = "as_utilisation", key: str = LOAD, level: float = 0.95
) -> "tuple[Figure, str]":
    """Latency against load, and beside it how busy a server is, from a sweep of the arrival rate or of any other key.

    A line ends where its design no longer keeps up: beyond there is no mean to speak of. ``metric`` and ``busy`` are
    names of `simlib.METRICS`.
    """
    from matplotlib.figure import Figure

    pair = [(METRICS[name], curves(frame, key, name, level)) for name in (metric, busy)]
    with house_style():
        figure = Figure(figsize=(9.6, 3.5 + 0.2 * len(pair[0][1])), layout="constrained")
        for axes, (one, found) in zip(figure.subplots(1, 2), pair, strict=True):
            _lines(axes, found, one)
            axes.set_xlabel(_AXES.get(key, key))
            axes.set_xlim(left=0)
            axes.set_ylim(bottom=0)
        _legend(figure, figure.axes[0])
    return figure, " ".join(_words(one, found, "the load" if key in _AXES else key) for one, found in pair)


def ttl_figure(
    frame: "pd.DataFrame", key: str, expected: Callable[[float], float] | None = None, level: float = 0.95
) -> "tuple[Figure, str]":
    """Cache hit ratio and exposure after revocation against the cache's time to live, from a sweep of it.

    ``expected`` gives the hit ratio at a time to live in seconds where theory knows it, such as r / (1 + r) for r
    requests per token, cache and time to live (`simlib.analysis.queueing.ttl_hit_ratio`); drawn on top.
    """
    from matplotlib.figure import Figure

    pair = [(METRICS[name], curves(frame, key, name, level)) for name in ("hit_ratio", "exposure_s")]
    with house_style():
        figure = Figure(figsize=(9.6, 3.5 + 0.2 * len(pair[0][1])), layout="constrained")
        for axes, (one, found) in zip(figure.subplots(1, 2), pair, strict=True):
            _lines(axes, found, one)
            if expected is not None and one.name == "hit_ratio":
                _theory(axes, sorted(frame[key].unique()), expected)
            axes.set_xlabel("time to live of an entry (s)")
            axes.set_xlim(left=0)
            axes.set_ylim(bottom=0)
        _legend(figure, figure.axes[0])
    words = " ".join(_words(one, found, "the time to live") for one, found in pair)
    return figure, words + (" The closed form is drawn as black crosses." if expected else "")


def _lines(axes: "Axes", found: Mapping[str, Curve], metric: Metric) -> None:
    for number, (design, curve) in enumerate(found.items()):
        colour = OKABE_ITO[number % len(OKABE_ITO)]
        places = list(curve)
        axes.plot(
            places,
            [interval.mean * metric.factor for interval in curve.values()],
            color=colour,
            linestyle=LINES[number % len(LINES)],
            marker=MARKERS[number % len(MARKERS)],
            markersize=4.5,
            label=design,
        )
        known = {at: interval for at, interval in curve.items() if interval.n > 1}
        low, high = ([getattr(i, end) * metric.factor for i in known.values()] for end in ("low", "high"))
        axes.fill_between(list(known), low, high, color=colour, alpha=0.2, linewidth=0)
    axes.set_title(label_of(metric))


def _theory(axes: "Axes", values: list[float], expected: Callable[[float], float]) -> None:
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


def _legend(figure: "Figure", axes: "Axes") -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=4, handlelength=3.2)


def _words(metric: Metric, found: Mapping[str, Curve], against: str) -> str:
    told = [f"{design}: {', '.join(_ends(metric, curve))}." for design, curve in found.items() if curve]
    return f"{label_of(metric)}, against {against}, with intervals. {' '.join(told)}"


def _ends(metric: Metric, curve: Curve) -> list[str]:
    ends = dict.fromkeys((min(curve), max(curve)))
    return [f"{mean_text(metric, curve[at])} at {at:g}" for at in ends]

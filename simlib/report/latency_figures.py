"""Figures of latency: its steps (`simlib.analysis.latency_steps`) stacked, and its distribution, per design."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.intervals import Interval, student
from simlib.analysis.latency_steps import OPTIONAL_STEPS, STEPS, measure_steps
from simlib.analysis.summary import find_timed_requests
from simlib.report.figure_style import LINES, OKABE_ITO, apply_house_style
from simlib.scenario.records import Records

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOOKS = {
    "obtaining_s": ("#E69F00", "\\\\\\"),
    "network_s": ("#DDDDDD", ""),
    "between_s": ("#999999", "---"),
    "queueing_s": ("#CC79A7", "..."),
    "asking_s": ("#D55E00", "///"),
    "sharing_s": ("#F0E442", "|||"),
    "checking_s": ("#0072B2", "xxx"),
    "work_s": ("#A6DCC8", ""),
}
_AT_CLIENT = ("obtaining_s", "network_s")
_LABELS = {**STEPS, **OPTIONAL_STEPS}

Split = Mapping[str, Interval]


def steps_figure(
    designs: Mapping[str, Sequence[Records]], warm_up_s: float, level: float = 0.95
) -> "tuple[Figure, str]":
    """Mean latency per design (title -> its replications) split into steps; figure and description.

    The right panel shows the steps at the server. Bars at the ends are intervals of the sums over the replications.
    Raises ValueError for records without visits.
    """
    from matplotlib.figure import Figure

    rows = {
        title: [measure_steps(records, warm_up_s) for records in replications]
        for title, replications in designs.items()
    }
    with apply_house_style():
        figure = Figure(figsize=(9.6, 1.9 + 0.62 * len(rows)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        shown = [
            step
            for step in _LOOKS
            if any(step in means for replication_steps in rows.values() for means in replication_steps)
        ]
        _draw_steps(left, rows, shown, level)
        _draw_steps(right, rows, [step for step in shown if step not in _AT_CLIENT], level)
        left.set_title("Whole request")
        right.set_title("At the resource server")
        left.set_yticks(range(len(rows)), [textwrap.fill(title, 24) for title in rows])
        left.set_ylim(len(rows) - 0.5, -0.5)
        handles, labels = left.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=3, columnspacing=1.2)
    return figure, _describe_steps(rows, level)


def _draw_steps(axes: "Axes", rows: Mapping[str, list[dict[str, float]]], shown: Sequence[str], level: float) -> None:
    places = range(len(rows))
    begin = [0.0] * len(rows)
    for step in shown:
        colour, hatch = _LOOKS[step]
        widths = [
            student([means.get(step, 0.0) for means in replication_steps], level).mean * 1e3
            for replication_steps in rows.values()
        ]
        axes.barh(
            places,
            widths,
            0.55,
            begin,
            color=colour,
            hatch=hatch,
            edgecolor="#444444",
            linewidth=0.5,
            label=_LABELS[step],
        )
        begin = [start + width for start, width in zip(begin, widths, strict=True)]
    sums = [
        student([sum(means.get(step, 0.0) for step in shown) for means in replication_steps], level)
        for replication_steps in rows.values()
    ]
    axes.errorbar(
        [interval.mean * 1e3 for interval in sums],
        places,
        xerr=[interval.half_width * 1e3 if interval.n > 1 else 0.0 for interval in sums],
        fmt="none",
        color="black",
    )
    axes.set_xlim(left=0)
    axes.set_xlabel("milliseconds per request, mean")
    axes.grid(axis="y", visible=False)


def _describe_steps(rows: Mapping[str, list[dict[str, float]]], level: float) -> str:
    sentences = [
        f"{title}: "
        + ", ".join(
            f"{_LABELS[step]} {student([means[step] for means in replication_steps], level).mean * 1e3:.2f}"
            for step in _LOOKS
            if step in replication_steps[0]
        )
        + "."
        for title, replication_steps in rows.items()
    ]
    return f"Steps of the mean latency, in milliseconds. {' '.join(sentences)}"


_POINTS = 60
_FEWEST_BEYOND = 10
"""Requests of a replication that must lie beyond the last point of the curve."""
_PANELS = {"latency": "Whole request", "checking": "Token checking"}
_DESCRIBED_QUANTILES = {"p50": 0.5, "p99": 0.01, "p99.9": 0.001}


class Tail(NamedTuple):
    """Complementary distribution: shares (points,), and the latency that they exceed, an interval (s) per point."""

    shares: NDArray[np.float64]
    latencies: tuple[Interval, ...]


def compute_tail(replications: Sequence[Records], warm_up_s: float, level: float = 0.95, what: str = "latency") -> Tail:
    """The complementary distribution of the "latency", or of its part in "checking", over replications.

    It ends where the smallest of them has ten requests left. As in a summary, those requests count that arrived after
    the warm-up (seconds) and have a latency. Raises ValueError for a replication with fewer than twenty of them.
    """
    samples = [_collect_seconds(records, warm_up_s, what) for records in replications]
    fewest = min((sample.size for sample in samples), default=0)
    if fewest < 2 * _FEWEST_BEYOND:
        raise ValueError(f"{fewest} finished requests after the warm-up are too few for a distribution")
    shares = np.geomspace(1.0, _FEWEST_BEYOND / fewest, _POINTS)
    quantiles = np.array([np.quantile(sample, 1 - shares) for sample in samples])
    return Tail(shares, tuple(student(quantiles[:, point], level) for point in range(_POINTS)))


def distribution_figure(
    designs: Mapping[str, Sequence[Records]], warm_up_s: float, level: float = 0.95
) -> "tuple[Figure, str]":
    """Share of the requests that take longer than so many milliseconds, per design (title -> its replications).

    Left the latency, right its part in token checking, on logarithmic axes; bands are intervals over the replications.
    Returns figure and description; raises ValueError as `compute_tail` does.
    """
    from matplotlib.figure import Figure

    tails = {
        what: {title: compute_tail(replications, warm_up_s, level, what) for title, replications in designs.items()}
        for what in _PANELS
    }
    with apply_house_style():
        figure = Figure(figsize=(9.6, 3.6 + 0.2 * len(designs)), layout="constrained")
        for axes, (what, panel) in zip(figure.subplots(1, 2, sharey=True), tails.items(), strict=True):
            for number, (title, tail) in enumerate(panel.items()):
                _draw_tail(axes, number, title, tail)
            _finish_axes(axes, _PANELS[what])
        figure.axes[0].set_ylabel("share of requests that take longer")
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower left", ncols=1, handlelength=3.2)
    return figure, _describe_tails(tails)


def _collect_seconds(records: Records, warm_up_s: float, what: str) -> NDArray[np.float64]:
    requests = records["requests"]
    counted = find_timed_requests(requests) & (requests["arrival"] >= warm_up_s)
    seconds: NDArray[np.float64] = (
        requests["checking"][counted] if what == "checking" else (requests["end"] - requests["arrival"])[counted]
    )
    return seconds


def _draw_tail(axes: "Axes", number: int, title: str, tail: Tail) -> None:
    colour = OKABE_ITO[number % len(OKABE_ITO)]
    means = [interval.mean * 1e3 for interval in tail.latencies]
    axes.plot(means, tail.shares, color=colour, linestyle=LINES[number % len(LINES)], linewidth=1.6, label=title)
    if tail.latencies[0].n > 1:
        low, high = ([getattr(i, end) * 1e3 for i in tail.latencies] for end in ("low", "high"))
        axes.fill_betweenx(tail.shares, low, high, color=colour, alpha=0.2, linewidth=0)


def _finish_axes(axes: "Axes", title: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator

    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(LogLocator(10, (1, 3)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:g} %"))
    axes.set_ylim(top=1.0)
    axes.set_xlabel("milliseconds")
    axes.set_title(title)


def _describe_tails(tails: Mapping[str, Mapping[str, Tail]]) -> str:
    sentences = [
        f"{_PANELS[what]}: {'; '.join(f'{title}: {_format_quantiles(tail)}' for title, tail in panel.items())}."
        for what, panel in tails.items()
    ]
    return f"Share of requests that take longer than so many milliseconds, on logarithmic scales. {' '.join(sentences)}"


def _format_quantiles(tail: Tail) -> str:
    means = np.array([interval.mean for interval in tail.latencies])
    return ", ".join(
        f"{name} {np.interp(-np.log(share), -np.log(tail.shares), means) * 1e3:.3g} ms"
        for name, share in _DESCRIBED_QUANTILES.items()
        if share >= tail.shares[-1]
    )

"""Where the time of a request goes: the steps of `simlib.analysis.latency_steps`, stacked.

The distribution of the latency, and of token checking as its part, under every design.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.intervals import Interval, student
from simlib.analysis.latencies import timed
from simlib.analysis.latency_steps import SOMETIMES, STEPS, steps
from simlib.report.figure_style import LINES, OKABE_ITO, house_style
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
_LABELS = {**STEPS, **SOMETIMES}

Split = Mapping[str, Interval]


def steps_figure(
    designs: Mapping[str, Sequence[Records]], warm_up_s: float, level: float = 0.95
) -> "tuple[Figure, str]":
    """Mean latency per design (title -> its replications) made of its steps; the right panel shows the server's alone.

    Bars at the ends are intervals of the sums over the replications. Needs records with visits; raises ValueError
    without.
    """
    from matplotlib.figure import Figure

    rows = {title: [steps(records, warm_up_s) for records in replications] for title, replications in designs.items()}
    with house_style():
        figure = Figure(figsize=(9.6, 1.9 + 0.62 * len(rows)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        shown = [step for step in _LOOKS if any(step in one for own in rows.values() for one in own)]
        _draw_steps(left, rows, shown, level)
        _draw_steps(right, rows, [step for step in shown if step not in _AT_CLIENT], level)
        left.set_title("All of it")
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
        widths = [student([one.get(step, 0.0) for one in own], level).mean * 1e3 for own in rows.values()]
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
        begin = [at + width for at, width in zip(begin, widths, strict=True)]
    sums = [student([sum(one.get(step, 0.0) for step in shown) for one in own], level) for own in rows.values()]
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
    told = [
        f"{title}: "
        + ", ".join(
            f"{_LABELS[step]} {student([one[step] for one in own], level).mean * 1e3:.2f}"
            for step in _LOOKS
            if step in own[0]
        )
        + "."
        for title, own in rows.items()
    ]
    return f"Where the mean latency goes, in milliseconds per step. {' '.join(told)}"


_POINTS = 60
_AT_LEAST = 10
"""Requests of a replication that must lie beyond the last point that is drawn."""
_PANELS = {"latency": "The whole request", "checking": "Of it, token checking"}
_TOLD = {"p50": 0.5, "p99": 0.01, "p99.9": 0.001}


class Tail(NamedTuple):
    """What share of the requests takes longer (points,), and than how long: an interval in seconds per point."""

    shares: NDArray[np.float64]
    latencies: tuple[Interval, ...]


def tail(replications: Sequence[Records], warm_up_s: float, level: float = 0.95, what: str = "latency") -> Tail:
    """The complementary distribution of the "latency", or of its part in "checking", over replications.

    It goes as far as the smallest of them reaches.

    Requests whose time is a latency (`timed`) and that arrived after the warm-up (seconds) count, as in a summary.
    Raises ValueError when a replication has fewer than twenty of them.
    """
    samples = [_seconds(records, warm_up_s, what) for records in replications]
    fewest = min((sample.size for sample in samples), default=0)
    if fewest < 2 * _AT_LEAST:
        raise ValueError(f"{fewest} finished requests after the warm-up are too few for a distribution")
    shares = np.geomspace(1.0, _AT_LEAST / fewest, _POINTS)
    found = np.array([np.quantile(sample, 1 - shares) for sample in samples])
    return Tail(shares, tuple(student(found[:, point], level) for point in range(_POINTS)))


def distribution_figure(
    designs: Mapping[str, Sequence[Records]], warm_up_s: float, level: float = 0.95
) -> "tuple[Figure, str]":
    """Share of the requests that take longer than so many milliseconds, per design (title -> its replications).

    Left the latency, right what of it is token checking.
    Both axes are logarithmic; bands are intervals over the replications. Raises ValueError as `tail` does.
    """
    from matplotlib.figure import Figure

    tails = {
        what: {title: tail(replications, warm_up_s, level, what) for title, replications in designs.items()}
        for what in _PANELS
    }
    with house_style():
        figure = Figure(figsize=(9.6, 3.6 + 0.2 * len(designs)), layout="constrained")
        for axes, (what, panel) in zip(figure.subplots(1, 2, sharey=True), tails.items(), strict=True):
            for number, (title, one) in enumerate(panel.items()):
                _draw_tail(axes, number, title, one)
            _finish(axes, _PANELS[what])
        figure.axes[0].set_ylabel("requests that take longer")
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower left", ncols=1, handlelength=3.2)
    return figure, _describe_tails(tails)


def _seconds(records: Records, warm_up_s: float, what: str) -> NDArray[np.float64]:
    requests = records["requests"]
    kept = timed(requests) & (requests["arrival"] >= warm_up_s)
    taken: NDArray[np.float64] = (
        requests["checking"][kept] if what == "checking" else (requests["end"] - requests["arrival"])[kept]
    )
    return taken


def _draw_tail(axes: "Axes", number: int, title: str, one: Tail) -> None:
    colour = OKABE_ITO[number % len(OKABE_ITO)]
    means = [interval.mean * 1e3 for interval in one.latencies]
    axes.plot(means, one.shares, color=colour, linestyle=LINES[number % len(LINES)], linewidth=1.6, label=title)
    if one.latencies[0].n > 1:
        low, high = ([getattr(i, end) * 1e3 for i in one.latencies] for end in ("low", "high"))
        axes.fill_betweenx(one.shares, low, high, color=colour, alpha=0.2, linewidth=0)


def _finish(axes: "Axes", title: str) -> None:
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
    told = [
        f"{_PANELS[what]}: {'; '.join(f'{title}: {_quantiles(one)}' for title, one in panel.items())}."
        for what, panel in tails.items()
    ]
    return f"Share of requests that take longer than so many milliseconds, on logarithmic scales. {' '.join(told)}"


def _quantiles(one: Tail) -> str:
    means = np.array([interval.mean for interval in one.latencies])
    return ", ".join(
        f"{word} {np.interp(-np.log(share), -np.log(one.shares), means) * 1e3:.3g} ms"
        for word, share in _TOLD.items()
        if share >= one.shares[-1]
    )

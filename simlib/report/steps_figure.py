"""Where the time of a request goes: the steps of `simlib.analysis.steps`, stacked."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from simlib.analysis.intervals import Interval, student
from simlib.analysis.steps import SOMETIMES, STEPS, steps
from simlib.report.style import house_style
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
        _draw(left, rows, shown, level)
        _draw(right, rows, [step for step in shown if step not in _AT_CLIENT], level)
        left.set_title("All of it")
        right.set_title("At the resource server")
        left.set_yticks(range(len(rows)), [textwrap.fill(title, 24) for title in rows])
        left.set_ylim(len(rows) - 0.5, -0.5)
        handles, labels = left.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=3, columnspacing=1.2)
    return figure, _words(rows, level)


def _draw(axes: "Axes", rows: Mapping[str, list[dict[str, float]]], shown: Sequence[str], level: float) -> None:
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


def _words(rows: Mapping[str, list[dict[str, float]]], level: float) -> str:
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

"""The two panels of the latency figure: how long requests take, and what the mean is made of."""

from typing import TYPE_CHECKING

from simlib.analysis.intervals import Interval
from simlib.decision import Verdicts
from simlib.report.style import HATCHES, MARKERS, OKABE_ITO

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PERCENTILES = {"p50": "p50_s", "mean": "mean_s", "p95": "p95_s", "p99": "p99_s"}
_PARTS = {"waiting for a token": "obtaining_mean_s", "token checking": "checking_mean_s", "the rest": None}
_PART_COLOURS = ("#E69F00", "#D55E00", "#C9D6DF")


def draw_percentiles(axes: "Axes", verdicts: Verdicts) -> None:
    """One row per design: p50, mean, p95 and p99 in milliseconds, each with its interval."""
    for number, (label, name) in enumerate(_PERCENTILES.items()):
        offset = (number - 1.5) * 0.16
        rows = [(row, verdicts.intervals[d][name]) for row, d in enumerate(verdicts.designs) if _shown(verdicts, d)]
        axes.errorbar(
            [interval.mean * 1e3 for _, interval in rows],
            [row + offset for row, _ in rows],
            xerr=[half_width_ms(interval) for _, interval in rows],
            fmt=MARKERS[number],
            markersize=5,
            color=OKABE_ITO[number],
            label=label,
        )
    _name_the_unstable(axes, verdicts)
    axes.set_xlim(left=0)
    axes.set_xlabel("latency (ms)")
    axes.set_title("How long a request takes", pad=24)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=4, columnspacing=1.0, handletextpad=0.3)
    axes.grid(axis="y", visible=False)


def draw_parts(axes: "Axes", verdicts: Verdicts) -> None:
    """One bar per design: waiting for a token, token checking, the rest; the interval is that of the mean."""
    rows = [(row, verdicts.intervals[d]) for row, d in enumerate(verdicts.designs) if _shown(verdicts, d)]
    begin = [0.0] * len(rows)
    for number, (label, name) in enumerate(_PARTS.items()):
        ends = [own["mean_s"].mean * 1e3 for _, own in rows]
        if name is not None:
            ends = [at + own[name].mean * 1e3 for at, (_, own) in zip(begin, rows, strict=True)]
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
        [own["mean_s"].mean * 1e3 for _, own in rows],
        [row for row, _ in rows],
        xerr=[half_width_ms(own["mean_s"]) for _, own in rows],
        fmt="none",
        color="black",
    )
    _name_the_unstable(axes, verdicts)
    axes.set_xlim(left=0)
    axes.set_xlabel("mean latency (ms)")
    axes.set_title("Where the mean goes", pad=24)
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=3, columnspacing=0.8, handletextpad=0.4, handlelength=1.5
    )
    axes.grid(axis="y", visible=False)


def half_width_ms(interval: Interval) -> float:
    """The bar to draw in milliseconds; none where one replication leaves the spread unknown."""
    return interval.half_width * 1e3 if interval.n > 1 else 0.0


def _shown(verdicts: Verdicts, design: str) -> bool:
    return verdicts.steady(design, "mean_s") and verdicts.intervals[design]["mean_s"].n > 0


def _name_the_unstable(axes: "Axes", verdicts: Verdicts) -> None:
    for row, design in enumerate(verdicts.designs):
        if not _shown(verdicts, design):
            word = "no finished request" if verdicts.steady(design, "mean_s") else "unstable: not averaged"
            axes.text(0.03, row, word, transform=axes.get_yaxis_transform(), va="center", style="italic")

"""Figures of revocation: exposure of each design beside its cost in calls and latency, and age of answers in use."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from simlib.analysis.intervals import Interval, student
from simlib.analysis.quantiles import compute_interval
from simlib.report.figure_style import HATCHES, LINES, MARKERS, OKABE_ITO, apply_house_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Parts = Mapping[str, str]
"""Column -> its label, in the order in which the parts are stacked."""
_HEAD, _ROW = 1.7, 0.31  # inches


def revocation_figure(
    frame: "pd.DataFrame",
    titles: Mapping[str, str],
    bounds: Mapping[str, float],
    calls: Parts,
    delays: Parts,
    level: float = 0.95,
) -> "tuple[Figure, str]":
    """Exposure with its interval and bound; calls to the AS and milliseconds per request, split into parts.

    ``frame`` has a row per design and replication, with ``exposure_s``, the columns of ``calls`` (calls per request)
    and those of ``delays`` (seconds per request). ``titles``: design -> its label, from the top downwards;
    ``bounds``: design -> the seconds that it guarantees. Returns figure and description.
    """
    from matplotlib.figure import Figure

    means = {design: frame[frame["design"] == design].mean(numeric_only=True) for design in titles}
    measured = {design: compute_interval(frame[frame["design"] == design], "exposure_s", level) for design in titles}
    exposures = {design: interval.limit(highest=bounds[design]) for design, interval in measured.items()}
    with apply_house_style():
        figure = Figure(figsize=(9.6, _HEAD + _ROW * len(titles)), layout="constrained")
        left, middle, right = figure.subplots(1, 3, sharey=True, width_ratios=(1.35, 1, 1))
        _draw_exposures(left, exposures, bounds)
        _draw_stack(middle, ("Calls to the AS", "per 100 requests"), means, calls, 100.0)
        _draw_stack(right, ("Time spent on tokens", "ms per request"), means, delays, 1e3)
        left.set_yticks(range(len(titles)), list(titles.values()))
        left.set_ylim(len(titles) - 0.4, -0.6)
    return figure, _describe_revocations(titles, exposures, bounds, means, calls, delays)


def _draw_exposures(axes: "Axes", exposed: Mapping[str, Interval], bounds: Mapping[str, float]) -> None:
    rows = range(len(exposed))
    means = [interval.mean for interval in exposed.values()]
    spread = [interval.half_width if interval.n > 1 else 0.0 for interval in exposed.values()]
    axes.hlines(rows, means, [bounds[design] for design in exposed], color="#999999", linewidth=1.0)
    axes.plot([bounds[design] for design in exposed], rows, "|", color="black", markersize=11, label="guaranteed bound")
    axes.errorbar(means, rows, xerr=spread, fmt=MARKERS[0], color=OKABE_ITO[1], markersize=5.5, label="measured")
    axes.set_xscale("symlog", linthresh=1.0, linscale=0.5)
    axes.set_xticks([0, 1, 10, 100, 1000], ["0", "1", "10", "100", "1000"])
    axes.minorticks_off()
    axes.set_xlim(-0.15, max(bounds.values()) * 1.6)
    axes.set_title("Exposure after revocation")
    axes.set_xlabel("seconds")
    _draw_legend(axes, 2)


def _draw_stack(
    axes: "Axes", titles: tuple[str, str], means: Mapping[str, "pd.Series[float]"], parts: Parts, factor: float
) -> None:
    left = [0.0] * len(means)
    for number, (column, label) in enumerate(parts.items()):
        widths = [float(design_means[column]) * factor for design_means in means.values()]
        hatch, colour = HATCHES[number % len(HATCHES)], OKABE_ITO[number % len(OKABE_ITO)]
        bars = axes.barh(range(len(widths)), widths, 0.62, left, color=colour, label=label)
        for bar in bars:
            bar.set(hatch=hatch, edgecolor="white", linewidth=0)
        left = [begin + width for begin, width in zip(left, widths, strict=True)]
    axes.set_xlim(left=0.0)
    axes.set_title(titles[0])
    axes.set_xlabel(titles[1])
    _draw_legend(axes, 1)


def _draw_legend(axes: "Axes", columns: int) -> None:
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=columns, fontsize=8.5)


def _describe_revocations(
    titles: Mapping[str, str],
    exposures: Mapping[str, Interval],
    bounds: Mapping[str, float],
    means: Mapping[str, "pd.Series[float]"],
    calls: Parts,
    delays: Parts,
) -> str:
    sentences = [
        f"{title}: {_format_short(exposures[design].mean)} s of at most {_format_short(bounds[design])} s, "
        f"{_format_short(sum(means[design][column] for column in calls) * 100)} calls, "
        f"{_format_short(sum(means[design][column] for column in delays) * 1e3)} ms."
        for design, title in titles.items()
    ]
    head = "Exposure after revocation, calls to the authorization server per 100 requests and milliseconds"
    return f"{head} spent on tokens per request. {' '.join(sentences)}"


def _format_short(value: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{float(f'{value:.3g}'):,.10g}"


def answer_age_figure(
    frame: "pd.DataFrame",
    columns: Mapping[float, str],
    titles: Mapping[str, str],
    expected: Mapping[str, Callable[[float], float]] | None = None,
    level: float = 0.95,
) -> "tuple[Figure, str]":
    """Share of the requests decided by an answer of the AS older than so many seconds; figure and description.

    ``frame`` has a row per design and replication; ``columns``: seconds -> name of the column with the share;
    ``titles``: design -> label of its line. ``expected``: design -> closed form of the seconds, drawn as a thin line.
    """
    from matplotlib.figure import Figure

    curves = {design: _build_curve(frame, design, columns, level) for design in titles}
    with apply_house_style():
        figure = Figure(figsize=(7.2, 3.9), layout="constrained")
        axes = figure.subplots()
        for number, (design, title) in enumerate(titles.items()):
            ages, colour = list(curves[design]), OKABE_ITO[number % len(OKABE_ITO)]
            means = [interval.mean * 100 for interval in curves[design].values()]
            axes.plot(ages, means, color=colour, linestyle=LINES[number % len(LINES)], linewidth=1.8, label=title)
            spread = {age: interval for age, interval in curves[design].items() if interval.n > 1}
            low, high = ([getattr(interval, end) * 100 for interval in spread.values()] for end in ("low", "high"))
            axes.fill_between(list(spread), low, high, color=colour, alpha=0.2, linewidth=0)
            if expected and design in expected:
                axes.plot(ages, [expected[design](age) * 100 for age in ages], color="black", linewidth=0.9)
        axes.set_xlim(0, max(columns))
        axes.set_ylim(0, 100)
        axes.set_xlabel("seconds since the AS went down, or since the token was revoked")
        axes.set_ylabel("requests still accepted (%)")
        axes.legend(loc="upper right", handlelength=3.2)
    return figure, _describe_ages(curves, titles, bool(expected))


def _build_curve(
    frame: "pd.DataFrame", design: str, columns: Mapping[float, str], level: float
) -> dict[float, Interval]:
    rows = frame[frame["design"] == design]
    return {age: student(rows[column], level).limit(0.0, 1.0) for age, column in sorted(columns.items())}


def _describe_ages(curves: Mapping[str, Mapping[float, Interval]], titles: Mapping[str, str], forms: bool) -> str:
    sentences = [f"{title}: {_describe_curve(curves[design])}." for design, title in titles.items()]
    black = " Closed forms are thin black lines." if forms else ""
    return f"Share of requests decided by an answer of the AS older than so many seconds. {' '.join(sentences)}{black}"


def _describe_curve(curve: Mapping[float, Interval]) -> str:
    """Every third point of a curve, as far as it is above 0."""
    positive = {age: interval.mean for age, interval in curve.items() if interval.mean > 0}
    return ", ".join(f"{share:.0%} after {age:g} s" for age, share in list(positive.items())[::3]) or "none at any time"

"""What revocation costs: for how long a revoked token works under each design, beside what the design pays for it.

How old the word is that verdicts go by: at once what an outage leaves and what a revocation costs.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from simlib.analysis.intervals import Interval, student
from simlib.report.figure_style import HATCHES, LINES, MARKERS, OKABE_ITO, house_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Parts = Mapping[str, str]
"""Column -> what it is called, in the order in which the parts are stacked."""
_HEAD, _ROW = 1.7, 0.31  # inches


def revocation_figure(
    frame: "pd.DataFrame",
    titles: Mapping[str, str],
    bounds: Mapping[str, float],
    asked: Parts,
    waited: Parts,
    level: float = 0.95,
) -> "tuple[Figure, str]":
    """Exposure with its interval and the promised bound; calls to the AS and milliseconds per request, in their parts.

    ``frame`` has a row per design and replication, with ``exposure_s``, the columns of ``asked`` (calls per request)
    and those of ``waited`` (seconds per request). ``titles``: design -> what it is called, from the top downwards;
    ``bounds``: design -> the seconds that it promises. Returns figure and description.
    """
    from matplotlib.figure import Figure

    means = {design: frame[frame["design"] == design].mean(numeric_only=True) for design in titles}
    exposed = {design: student(frame.loc[frame["design"] == design, "exposure_s"], level) for design in titles}
    with house_style():
        figure = Figure(figsize=(9.6, _HEAD + _ROW * len(titles)), layout="constrained")
        left, middle, right = figure.subplots(1, 3, sharey=True, width_ratios=(1.35, 1, 1))
        _exposures(left, exposed, bounds)
        _stack(middle, ("Calls to the AS", "per 100 requests"), means, asked, 100.0)
        _stack(right, ("Time for tokens", "ms per request"), means, waited, 1e3)
        left.set_yticks(range(len(titles)), list(titles.values()))
        left.set_ylim(len(titles) - 0.4, -0.6)
    return figure, _describe_revocations(titles, exposed, bounds, means, asked, waited)


def _exposures(axes: "Axes", exposed: Mapping[str, Interval], bounds: Mapping[str, float]) -> None:
    rows = range(len(exposed))
    means = [interval.mean for interval in exposed.values()]
    spread = [interval.half_width if interval.n > 1 else 0.0 for interval in exposed.values()]
    axes.hlines(rows, means, [bounds[design] for design in exposed], color="#999999", linewidth=1.0)
    axes.plot([bounds[design] for design in exposed], rows, "|", color="black", markersize=11, label="promised at most")
    axes.errorbar(means, rows, xerr=spread, fmt=MARKERS[0], color=OKABE_ITO[1], markersize=5.5, label="measured")
    axes.set_xscale("symlog", linthresh=1.0, linscale=0.5)
    axes.set_xticks([0, 1, 10, 100, 1000], ["0", "1", "10", "100", "1000"])
    axes.minorticks_off()
    axes.set_xlim(-0.15, max(bounds.values()) * 1.6)
    axes.set_title("A revoked token works on")
    axes.set_xlabel("seconds")
    _legend(axes, 2)


def _stack(
    axes: "Axes", words: tuple[str, str], means: Mapping[str, "pd.Series[float]"], parts: Parts, factor: float
) -> None:
    left = [0.0] * len(means)
    for number, (column, label) in enumerate(parts.items()):
        widths = [float(own[column]) * factor for own in means.values()]
        hatch, colour = HATCHES[number % len(HATCHES)], OKABE_ITO[number % len(OKABE_ITO)]
        bars = axes.barh(range(len(widths)), widths, 0.62, left, color=colour, label=label)
        for bar in bars:
            bar.set(hatch=hatch, edgecolor="white", linewidth=0)
        left = [begin + width for begin, width in zip(left, widths, strict=True)]
    axes.set_xlim(left=0.0)
    axes.set_title(words[0])
    axes.set_xlabel(words[1])
    _legend(axes, 1)


def _legend(axes: "Axes", columns: int) -> None:
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=columns, fontsize=8.5)


def _describe_revocations(
    titles: Mapping[str, str],
    exposed: Mapping[str, Interval],
    bounds: Mapping[str, float],
    means: Mapping[str, "pd.Series[float]"],
    asked: Parts,
    waited: Parts,
) -> str:
    told = [
        f"{title}: {_short(exposed[design].mean)} s of at most {_short(bounds[design])} s, "
        f"{_short(sum(means[design][column] for column in asked) * 100)} calls, "
        f"{_short(sum(means[design][column] for column in waited) * 1e3)} ms."
        for design, title in titles.items()
    ]
    head = "For how long a revoked token works, calls to the authorization server per 100 requests and milliseconds"
    return f"{head} spent on tokens per request. {' '.join(told)}"


def _short(value: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{float(f'{value:.3g}'):,.10g}"


def answer_age_figure(
    frame: "pd.DataFrame",
    columns: Mapping[float, str],
    titles: Mapping[str, str],
    expected: Mapping[str, Callable[[float], float]] | None = None,
    level: float = 0.95,
) -> "tuple[Figure, str]":
    """Share of the requests that went by a word older than so many seconds, a line per design; figure and description.

    ``frame`` has a row per design and replication; ``columns``: seconds -> name of the column with the share;
    ``titles``: design -> what it is called. ``expected``: design -> closed form of the seconds, drawn as a thin line.
    """
    from matplotlib.figure import Figure

    curves = {design: _curve(frame, design, columns, level) for design in titles}
    with house_style():
        figure = Figure(figsize=(7.2, 3.9), layout="constrained")
        axes = figure.subplots()
        for number, (design, title) in enumerate(titles.items()):
            ages, colour = list(curves[design]), OKABE_ITO[number % len(OKABE_ITO)]
            means = [interval.mean * 100 for interval in curves[design].values()]
            axes.plot(ages, means, color=colour, linestyle=LINES[number % len(LINES)], linewidth=1.8, label=title)
            known = {age: interval for age, interval in curves[design].items() if interval.n > 1}
            low, high = ([getattr(interval, end) * 100 for interval in known.values()] for end in ("low", "high"))
            axes.fill_between(list(known), low, high, color=colour, alpha=0.2, linewidth=0)
            if expected and design in expected:
                axes.plot(ages, [expected[design](age) * 100 for age in ages], color="black", linewidth=0.9)
        axes.set_xlim(0, max(columns))
        axes.set_ylim(0, 100)
        axes.set_xlabel("seconds since the AS fell silent, or since the token was revoked")
        axes.set_ylabel("requests still accepted (%)")
        axes.legend(loc="upper right", handlelength=3.2)
    return figure, _describe_ages(curves, titles, bool(expected))


def _curve(frame: "pd.DataFrame", design: str, columns: Mapping[float, str], level: float) -> dict[float, Interval]:
    rows = frame[frame["design"] == design]
    return {age: student(rows[column], level) for age, column in sorted(columns.items())}


def _describe_ages(curves: Mapping[str, Mapping[float, Interval]], titles: Mapping[str, str], forms: bool) -> str:
    told = [f"{title}: {_told(curves[design])}." for design, title in titles.items()]
    black = " Closed forms are thin black lines." if forms else ""
    return f"Share of requests that went by a word of the AS older than so many seconds. {' '.join(told)}{black}"


def _told(curve: Mapping[float, Interval]) -> str:
    """Every third point, as far as anything is left."""
    left = {age: interval.mean for age, interval in curve.items() if interval.mean > 0}
    return ", ".join(f"{share:.0%} after {age:g} s" for age, share in list(left.items())[::3]) or "none at any time"

"""How old the word is that verdicts go by: at once what an outage leaves and what a revocation costs."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from simlib.analysis.intervals import Interval, student
from simlib.report.style import LINES, OKABE_ITO, house_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


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
    return figure, _words(curves, titles, bool(expected))


def _curve(frame: "pd.DataFrame", design: str, columns: Mapping[float, str], level: float) -> dict[float, Interval]:
    rows = frame[frame["design"] == design]
    return {age: student(rows[column], level) for age, column in sorted(columns.items())}


def _words(curves: Mapping[str, Mapping[float, Interval]], titles: Mapping[str, str], forms: bool) -> str:
    told = [f"{title}: {_told(curves[design])}." for design, title in titles.items()]
    black = " Closed forms are thin black lines." if forms else ""
    return f"Share of requests that went by a word of the AS older than so many seconds. {' '.join(told)}{black}"


def _told(curve: Mapping[float, Interval]) -> str:
    """Every third point, as far as anything is left."""
    left = {age: interval.mean for age, interval in curve.items() if interval.mean > 0}
    return ", ".join(f"{share:.0%} after {age:g} s" for age, share in list(left.items())[::3]) or "none at any time"

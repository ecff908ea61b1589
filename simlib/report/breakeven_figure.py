"""Net present value over the load, drawn: where a design begins to pay, and how sure that is."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from simlib.decision.choice.values import Worthwhile
from simlib.report.style import LINES, MARKERS, OKABE_ITO, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_APART = 0.3
"""Of the linear part of the axis: numbers nearer to 0 would be printed over it."""


def breakeven_figure(pairs: Sequence[Worthwhile], currency: str, load: float) -> "tuple[Figure, str]":
    """One panel per pair: mean and interval of the net present value, and its crossings; figure and description.

    ``load`` is the scenario's, requests per second. Raises ValueError without pairs.
    """
    from matplotlib.figure import Figure

    if not pairs:
        raise ValueError("no pairs to draw")
    columns = min(len(pairs), 2)
    rows = -(-len(pairs) // columns)
    with house_style():
        figure = Figure(figsize=(4.8 * columns, 0.6 + 3.1 * rows), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for number, (axes, pair) in enumerate(zip(panels, pairs, strict=False)):
            _draw(axes, pair, number, load)
            axes.set_ylabel(f"net present value ({currency})")
            axes.set_xlabel("load (requests per second)")
        for axes in panels[len(pairs) :]:
            axes.set_axis_off()
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=4)
    return figure, " ".join(_words(pair, currency) for pair in pairs)


def _draw(axes: "Axes", pair: Worthwhile, number: int, load: float) -> None:
    curve, colour = pair.curve, OKABE_ITO[number % len(OKABE_ITO)]
    axes.fill_between(curve.loads, curve.low, curve.high, color=colour, alpha=0.22, linewidth=0, label="interval")
    axes.plot(curve.loads, curve.mean, color=colour, linestyle=LINES[0], label="mean")
    axes.axhline(0, color="black", linewidth=1.0)
    axes.axvline(load, color="#555555", linestyle=LINES[3], linewidth=1.4, label="the scenario's load")
    crossings = [crossing.load for crossing in pair.crossings]
    axes.plot(
        crossings or [float("nan")],
        [0.0] * max(len(crossings), 1),
        MARKERS[3],
        color="black",
        markersize=6,
        linestyle="none",
        label="break-even",
        zorder=5,
    )
    axes.set_xscale("log")
    linear = _linear(pair, load)
    axes.set_yscale("symlog", linthresh=linear, linscale=1.5)
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlim(*pair.load_range)
    axes.set_title(f"{pair.design} against {pair.against}")
    axes.set_yticks(_ticks(axes.get_yticks(), *axes.get_ylim(), linear))


def _ticks(every: Iterable[float], low: float, high: float, linear: float) -> list[float]:
    """Those far enough from 0; where none is left, about half of the linear part in their place."""
    half = float(f"{linear / 2:.0e}")
    apart = [float(tick) for tick in every if low <= tick <= high and abs(tick) >= _APART * linear]
    return sorted([*(apart or [tick for tick in (-half, half) if low <= tick <= high]), 0.0])


def _linear(pair: Worthwhile, load: float) -> float:
    """Where the axis of money goes over from linear to logarithmic: about as far as the interval reaches here."""
    ends = zip(pair.curve.loads, pair.curve.low, pair.curve.high, strict=True)
    _, low, high = min(ends, key=lambda end: abs(end[0] - load))
    return max(abs(low), abs(high)) or 1.0


def _words(pair: Worthwhile, currency: str) -> str:
    head = f"Net present value of {pair.design} against {pair.against} over the load: "
    low, high = pair.load_range
    if not pair.crossings:
        return f"{head}{pair.always} at every load from {low:.3g} to {high:.3g} requests per second."
    told = ", ".join(
        f"{crossing.load:.3g} requests per second (it {'begins' if crossing.to_positive else 'ceases'} to pay)"
        for crossing in pair.crossings
    )
    ends = f"{pair.curve.mean[0]:,.0f} {currency} at {low:.3g} and {pair.curve.mean[-1]:,.0f} {currency} at {high:.3g}"
    return f"{head}{ends}; it crosses 0 at {told}."

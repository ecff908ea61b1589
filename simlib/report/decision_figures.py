"""Figures of a decision: net present value over the load, total cost by cause, and sensitivity to the inputs."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from simlib.decision.choice.results import Decision, Index, NetPresentValue, Sensitivity, Swing
from simlib.report.figure_style import HATCHES, LINES, MARKERS, OKABE_ITO, apply_house_style
from simlib.report.record.formatting import format_number, format_spread
from simlib.report.record.inputs import describe_input

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_APART = 0.3
"""Smallest distance of a tick from 0, as a share of the linear part of the axis; nearer ones would overlap."""


def breakeven_figure(pairs: Sequence[NetPresentValue], currency: str, load: float) -> "tuple[Figure, str]":
    """One panel per pair: mean and interval of the net present value, and its crossings; figure and description.

    ``load`` is the scenario's, requests per second. Raises ValueError without pairs.
    """
    from matplotlib.figure import Figure

    if not pairs:
        raise ValueError("no pairs to draw")
    columns = min(len(pairs), 2)
    rows = -(-len(pairs) // columns)
    with apply_house_style():
        figure = Figure(figsize=(4.8 * columns, 0.6 + 3.1 * rows), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for number, (axes, pair) in enumerate(zip(panels, pairs, strict=False)):
            _draw_curve(axes, pair, number, load)
            axes.set_ylabel(f"net present value ({currency})")
            axes.set_xlabel("load (requests per second)")
        for axes in panels[len(pairs) :]:
            axes.set_axis_off()
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=4)
    return figure, " ".join(_describe_break_even(pair, currency) for pair in pairs)


def _draw_curve(axes: "Axes", pair: NetPresentValue, number: int, load: float) -> None:
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
    linear = _find_linear_range(pair, load)
    axes.set_yscale("symlog", linthresh=linear, linscale=1.5)
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlim(*pair.load_range)
    axes.set_title(f"{pair.design} against {pair.against}")
    axes.set_yticks(_choose_ticks(axes.get_yticks(), *axes.get_ylim(), linear))


def _choose_ticks(ticks: Iterable[float], low: float, high: float, linear: float) -> list[float]:
    """Ticks far enough from 0; where there are none, about half of the linear part on each side."""
    half = float(f"{linear / 2:.0e}")
    distant = [float(tick) for tick in ticks if low <= tick <= high and abs(tick) >= _APART * linear]
    return sorted([*(distant or [tick for tick in (-half, half) if low <= tick <= high]), 0.0])


def _find_linear_range(pair: NetPresentValue, load: float) -> float:
    """Money at which the axis changes from linear to logarithmic: about the larger end of the interval at this load."""
    ends = zip(pair.curve.loads, pair.curve.low, pair.curve.high, strict=True)
    _, low, high = min(ends, key=lambda end: abs(end[0] - load))
    return max(abs(low), abs(high)) or 1.0


def _describe_break_even(pair: NetPresentValue, currency: str) -> str:
    head = f"Net present value of {pair.design} against {pair.against} over the load: "
    low, high = pair.load_range
    if not pair.crossings:
        return f"{head}{pair.always} at every load from {low:.3g} to {high:.3g} requests per second."
    crossings = ", ".join(
        f"{crossing.load:.3g} requests per second (it {'begins' if crossing.to_positive else 'ceases'} to pay)"
        for crossing in pair.crossings
    )
    ends = f"{pair.curve.mean[0]:,.0f} {currency} at {low:.3g} and {pair.curve.mean[-1]:,.0f} {currency} at {high:.3g}"
    return f"{head}{ends}; it crosses 0 at {crossings}."


SAME = "the same for every design"
_WIDTH, _HEAD, _COST_ROW = 9.6, 1.5, 0.5  # inches


def cost_bars_figure(decision: Decision) -> "tuple[Figure, str]":
    """Stacked bars of the total cost by cause with the interval of the sum; figure and description."""
    from matplotlib.figure import Figure

    with apply_house_style():
        figure = Figure(figsize=(_WIDTH, _HEAD + _COST_ROW * len(decision.ranking)), layout="constrained")
        axes = figure.subplots()
        _draw_cost_bars(axes, decision)
        _draw_totals(axes, decision)
        axes.set_yticks(
            range(len(decision.ranking)), [_label_design(ranked.design, ranked.place) for ranked in decision.ranking]
        )
        axes.invert_yaxis()
        axes.axvline(0, color="#555555", linewidth=0.8)
        axes.grid(axis="y", visible=False)
        horizon = decision.scenario.terms.horizon_years
        axes.set_xlabel(f"present value over {horizon:g} years ({decision.scenario.prices.currency})")
        axes.xaxis.set_major_formatter(lambda value, _: format_number(value, 12))
        figure.legend(loc="outside lower center", ncols=4)
    return figure, _describe_costs(decision)


def list_causes(decision: Decision) -> list[str]:
    """Causes with a cost in some design, in one order for all."""
    causes = dict.fromkeys(cause for ranked in decision.ranking for cause in ranked.cost_parts)
    return [
        c for c in causes if any(ranked.cost_parts[c].mean for ranked in decision.ranking if c in ranked.cost_parts)
    ]


def _draw_cost_bars(axes: "Axes", decision: Decision) -> None:
    """Draw the bars: what is the same for all designs, then causes without it; savings are bars to the left of 0."""
    rows = range(len(decision.ranking))
    common = {} if decision.common is None else {name: part.mean for name, part in decision.common.parts.items()}
    if any(common.values()):
        axes.barh(rows, [sum(common.values())] * len(rows), color="#bbbbbb", edgecolor="white", label=SAME)
    ends = {True: [sum(common.values()) for _ in rows], False: [0.0 for _ in rows]}
    for place, cause in enumerate(list_causes(decision)):
        widths = [
            ranked.cost_parts[cause].mean - common.get(cause, 0.0) if cause in ranked.cost_parts else 0.0
            for ranked in decision.ranking
        ]
        begins = [ends[width >= 0][row] for row, width in enumerate(widths)]
        axes.barh(
            rows,
            widths,
            left=begins,
            color=OKABE_ITO[place % len(OKABE_ITO)],
            hatch=HATCHES[place % len(HATCHES)],
            edgecolor="white",
            label=cause,
        )
        for row, width in enumerate(widths):
            ends[width >= 0][row] += width


def _draw_totals(axes: "Axes", decision: Decision) -> None:
    totals = [total.total_cost for total in decision.ranking]
    axes.errorbar(
        [total.mean for total in totals],
        range(len(totals)),
        xerr=[[total.mean - total.low for total in totals], [total.high - total.mean for total in totals]],
        fmt="o",
        color="black",
        markersize=4,
        label=f"total with {decision.level * 100:g} % interval",
    )


def _label_design(design: str, place: int) -> str:
    return design if place else f"{design} (excluded)"


def _describe_costs(decision: Decision) -> str:
    unit = decision.scenario.prices.currency
    rows = []
    for ranked in decision.ranking:
        parts = ", ".join(f"{cause} {format_spread(part)}" for cause, part in ranked.cost_parts.items() if part.mean)
        rows.append(
            f"{_label_design(ranked.design, ranked.place)}: {format_spread(ranked.total_cost, unit)}, of which {parts}."
        )
    return f"Total cost per design over {decision.scenario.terms.horizon_years:g} years by cause. {' '.join(rows)}"


BARS = 10
_SWING_ROW = 0.36  # inches per bar
_LABEL = 34  # characters in a line
ENDS = {"low": "value with the input low (5 % quantile)", "high": "value with the input high (95 % quantile)"}
_SMALLEST_TOTAL_INDEX = 0.005  # total indices below this have no row


def tornado_figure(sensitivity: Sensitivity, currency: str, bars: int = BARS) -> "tuple[Figure, str]":
    """The widest swings of the net present value and the largest Sobol indices, if any; figure and description."""
    from matplotlib.figure import Figure

    swings = sensitivity.tornado[:bars]
    indices = [index for index in sensitivity.sobol if index.total >= _SMALLEST_TOTAL_INDEX][:bars]
    with apply_house_style():
        height = 1.4 + _SWING_ROW * max(len(swings), len(indices), 2)
        figure = Figure(figsize=(9.6, height), layout="constrained")
        panels = figure.subplots(1, 2 if indices else 1, squeeze=False)[0]
        _draw_swings(panels[0], swings, sensitivity.middle, currency)
        if indices:
            _draw_indices(panels[1], indices)
        figure.suptitle(f"{sensitivity.design} against {sensitivity.against}", x=0.01, ha="left", fontsize=10.5)
        figure.legend(loc="outside lower left", ncols=2)
    return figure, _describe_sensitivity(sensitivity, swings, indices, currency)


def _draw_swings(axes: "Axes", swings: tuple[Swing, ...], middle: float, currency: str) -> None:
    for row, swing in enumerate(swings):
        for end, value, number in (("low", swing.npv_low, 0), ("high", swing.npv_high, 1)):
            axes.barh(
                row,
                value - middle,
                left=middle,
                height=0.66,
                color=OKABE_ITO[number],
                hatch=HATCHES[number],
                edgecolor="white",
                label=ENDS[end] if not row else None,
            )
    axes.axvline(0, color="black", linewidth=1.0)
    axes.set_yticks(range(len(swings)), [wrap_label(describe_input(swing.input)) for swing in swings])
    axes.set_ylim(len(swings) - 0.4, -0.6)
    axes.set_title("One input at a time")
    axes.set_xlabel(f"net present value ({currency})")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.locator_params(axis="x", nbins=5)


def _draw_indices(axes: "Axes", indices: list[Index]) -> None:
    rows = range(len(indices))
    axes.barh(
        [row - 0.18 for row in rows],
        [index.first for index in indices],
        height=0.34,
        color=OKABE_ITO[2],
        xerr=[index.first_half_width for index in indices],
        label="share of an input alone (first order)",
    )
    axes.barh(
        [row + 0.18 for row in rows],
        [index.total for index in indices],
        height=0.34,
        color=OKABE_ITO[4],
        hatch=HATCHES[1],
        edgecolor="white",
        xerr=[index.total_half_width for index in indices],
        label="share with all it interacts with (total)",
    )
    axes.set_yticks(rows, [wrap_label(describe_input(index.input)) for index in indices])
    axes.set_ylim(len(indices) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.set_title("Share of the variance")
    axes.set_xlabel("Sobol index")


def wrap_label(name: str) -> str:
    """A label of an input in two lines at most."""
    return textwrap.fill(name, _LABEL, max_lines=2, placeholder=" …")


def _describe_sensitivity(
    sensitivity: Sensitivity, swings: tuple[Swing, ...], indices: list[Index], currency: str
) -> str:
    sentences = [
        f"{describe_input(swing.input)} from {swing.low:,.4g} to {swing.high:,.4g} {swing.unit}".rstrip()
        + f": {swing.npv_low:,.0f} to {swing.npv_high:,.0f} {currency}"
        for swing in swings
    ]
    text = f"Net present value of {sensitivity.design} against {sensitivity.against}, one input at a time. "
    text += "; ".join(sentences) + "."
    if indices:
        shares = ", ".join(f"{describe_input(index.input)} {index.total:.2f}" for index in indices)
        text += f" Total Sobol indices: {shares}."
    return text

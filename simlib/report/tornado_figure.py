"""What drives a decision, drawn: a tornado of single inputs, and Sobol indices beside it."""

import textwrap
from typing import TYPE_CHECKING

from simlib.decision.choice.values import Index, Sensitivity, Swing
from simlib.report.input_names import told_input
from simlib.report.style import HATCHES, OKABE_ITO, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BARS = 10
_ROW = 0.36  # inches per bar
_LABEL = 34  # characters in a line
ENDS = {"low": "value with the input low (5 % quantile)", "high": "value with the input high (95 % quantile)"}
_LEAST = 0.005  # a total index below this is not worth a row


def tornado_figure(sensitivity: Sensitivity, currency: str, bars: int = BARS) -> "tuple[Figure, str]":
    """The widest swings of the net present value and, where there are any, the largest indices: figure and words."""
    from matplotlib.figure import Figure

    swings = sensitivity.tornado[:bars]
    indices = [index for index in sensitivity.sobol if index.total >= _LEAST][:bars]
    with house_style():
        height = 1.4 + _ROW * max(len(swings), len(indices), 2)
        figure = Figure(figsize=(9.6, height), layout="constrained")
        panels = figure.subplots(1, 2 if indices else 1, squeeze=False)[0]
        _draw_swings(panels[0], swings, sensitivity.middle, currency)
        if indices:
            _draw_indices(panels[1], indices)
        figure.suptitle(f"{sensitivity.design} against {sensitivity.against}", x=0.01, ha="left", fontsize=10.5)
        figure.legend(loc="outside lower left", ncols=2)
    return figure, _words(sensitivity, swings, indices, currency)


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
    axes.set_yticks(range(len(swings)), [_wrapped(told_input(swing.input)) for swing in swings])
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
    axes.set_yticks(rows, [_wrapped(told_input(index.input)) for index in indices])
    axes.set_ylim(len(indices) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.set_title("Share of the variance")
    axes.set_xlabel("Sobol index")


def _wrapped(name: str) -> str:
    return textwrap.fill(name, _LABEL, max_lines=2, placeholder=" …")


def _words(sensitivity: Sensitivity, swings: tuple[Swing, ...], indices: list[Index], currency: str) -> str:
    told = [
        f"{told_input(swing.input)} from {swing.low:,.4g} to {swing.high:,.4g} {swing.unit}".rstrip()
        + f": {swing.npv_low:,.0f} to {swing.npv_high:,.0f} {currency}"
        for swing in swings
    ]
    text = f"Net present value of {sensitivity.design} against {sensitivity.against}, one input at a time. "
    text += "; ".join(told) + "."
    if indices:
        shares = ", ".join(f"{told_input(index.input)} {index.total:.2f}" for index in indices)
        text += f" Total Sobol indices: {shares}."
    return text

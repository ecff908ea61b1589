"""What each design costs over the horizon, by cause."""

from typing import TYPE_CHECKING

from simlib.decision.choice.values import Decision
from simlib.report.record.amounts import number, told
from simlib.report.style import HATCHES, OKABE_ITO, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _HEAD, _ROW = 9.6, 1.5, 0.5  # inches


def cost_bars_figure(decision: Decision) -> "tuple[Figure, str]":
    """Stacked bars of the total cost by cause with the interval of the sum; figure and description."""
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(_WIDTH, _HEAD + _ROW * len(decision.ranking)), layout="constrained")
        axes = figure.subplots()
        _bars(axes, decision)
        _totals(axes, decision)
        axes.set_yticks(range(len(decision.ranking)), [_label(own.design, own.place) for own in decision.ranking])
        axes.invert_yaxis()
        axes.axvline(0, color="#555555", linewidth=0.8)
        axes.grid(axis="y", visible=False)
        horizon = decision.scenario.terms.horizon_years
        axes.set_xlabel(f"present value over {horizon:g} years ({decision.scenario.prices.currency})")
        axes.xaxis.set_major_formatter(lambda value, _: number(value, 12))
        figure.legend(loc="outside lower center", ncols=4)
    return figure, _words(decision)


def causes(decision: Decision) -> list[str]:
    """The causes that cost something in some design, in one order for all."""
    every = dict.fromkeys(cause for own in decision.ranking for cause in own.cost_parts)
    return [c for c in every if any(own.cost_parts[c].mean for own in decision.ranking if c in own.cost_parts)]


def _bars(axes: "Axes", decision: Decision) -> None:
    """What saves money, such as work that falls away, goes to the left of 0."""
    rows = range(len(decision.ranking))
    ends = {True: [0.0 for _ in rows], False: [0.0 for _ in rows]}
    for place, cause in enumerate(causes(decision)):
        widths = [own.cost_parts[cause].mean if cause in own.cost_parts else 0.0 for own in decision.ranking]
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


def _totals(axes: "Axes", decision: Decision) -> None:
    totals = [own.total_cost for own in decision.ranking]
    axes.errorbar(
        [own.mean for own in totals],
        range(len(totals)),
        xerr=[[own.mean - own.low for own in totals], [own.high - own.mean for own in totals]],
        fmt="o",
        color="black",
        markersize=4,
        label=f"total with {decision.level * 100:g} % interval",
    )


def _label(design: str, place: int) -> str:
    return design if place else f"{design} (out)"


def _words(decision: Decision) -> str:
    unit = decision.scenario.prices.currency
    rows = []
    for own in decision.ranking:
        parts = ", ".join(f"{cause} {told(part)}" for cause, part in own.cost_parts.items() if part.mean)
        rows.append(f"{_label(own.design, own.place)}: {told(own.total_cost, unit)}, of which {parts}.")
    return f"Total cost per design over {decision.scenario.terms.horizon_years:g} years by cause. {' '.join(rows)}"

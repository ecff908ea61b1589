"""Figures of effort: designs side by side, sensitivity of a difference, and growth with the number of services."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from simlib.decision.effort import EffortLedger, Indicator, Swing
from simlib.report.effort_tables import format_value
from simlib.report.figure_style import HATCHES, LINES, MARKERS, OKABE_ITO, apply_house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Value = tuple[float, ...]


def effort_figure(indicators: Sequence[Indicator]) -> "tuple[Figure, str]":
    """Person-days as a panel per indicator (of `simlib.decision.effort`), designs down; figure and description.

    A dot is the mean, a line the central 90 % of the draws. Raises ValueError without indicators.
    """
    from matplotlib.figure import Figure

    if not indicators:
        raise ValueError("there is no indicator to draw")
    designs = list(indicators[0].values)
    with apply_house_style():
        figure = Figure(figsize=(9.6, 1.3 + 0.34 * len(designs)), layout="constrained")
        panels = figure.subplots(1, len(indicators), sharey=True, squeeze=False)[0]
        for number, (axes, indicator) in enumerate(zip(panels, indicators, strict=True)):
            _draw_dots(axes, indicator, designs, number)
    return figure, _describe_effort(indicators)


def _draw_dots(axes: "Axes", indicator: Indicator, designs: Sequence[str], number: int) -> None:
    for place, design in enumerate(designs):
        value = indicator.values[design]
        if value is not None:
            errors = [[value[0] - value[1]], [value[2] - value[0]]] if len(value) == 3 else None
            color, marker = OKABE_ITO[number % len(OKABE_ITO)], MARKERS[number % len(MARKERS)]
            axes.errorbar(value[0], place, xerr=errors, fmt=marker, color=color)
    axes.set_yticks(range(len(designs)), list(designs))
    axes.set_ylim(len(designs) - 0.5, -0.5)
    axes.set_title(indicator.label)
    axes.set_xlabel(indicator.unit)
    if indicator.name.endswith("_difference"):
        axes.axvline(0, color="#555555", linewidth=1)
    else:
        axes.set_xlim(left=0)


def _describe_effort(indicators: Sequence[Indicator]) -> str:
    sentences = [
        f"{indicator.label}: "
        + ", ".join(f"{name} {format_value(indicator, value)}" for name, value in indicator.values.items() if value)
        for indicator in indicators
    ]
    return f"{indicators[0].unit[0].upper()}{indicators[0].unit[1:]}, mean and 90 % interval. {'. '.join(sentences)}."


def swings_figure(
    swings: Sequence[Swing], ledger: EffortLedger, title: str, middle: float, most: int = 12
) -> "tuple[Figure, str]":
    """A tornado: how far each item alone moves a difference of two designs, widest on top; figure and description.

    ``middle`` is the expected difference, person-days. Raises ValueError without swings.
    """
    from matplotlib.figure import Figure

    if not swings:
        raise ValueError("no item moves the difference")
    shown = swings[:most]
    with apply_house_style():
        figure = Figure(figsize=(9.6, 1.5 + 0.36 * len(shown)), layout="constrained")
        axes = figure.subplots()
        for place, swing in enumerate(shown):
            for end, (days, hatch) in enumerate(zip((swing.low_days, swing.high_days), HATCHES[:2], strict=True)):
                label = ("item at its low end", "item at its high end")[end] if place == 0 else None
                axes.barh(
                    place, days - middle, left=middle, color=OKABE_ITO[end], hatch=hatch, edgecolor="white", label=label
                )
        axes.set_yticks(range(len(shown)), [_format_item(ledger, swing) for swing in shown])
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.axvline(middle, color="#333333", linewidth=1)
        axes.set_xlabel("person-days")
        axes.set_title(title)
        figure.legend(loc="outside lower right", ncols=2)
    descriptions = "; ".join(f"{ledger.find_item(s.item).title}: {s.low_days:.1f} to {s.high_days:.1f}" for s in shown)
    return figure, f"{title}: {middle:.1f} person-days. Each item alone from its low to its high end: {descriptions}."


def _format_item(ledger: EffortLedger, swing: Swing, width: int = 62) -> str:
    """The title of an item, wrapped, with its id."""
    return fill(f"{ledger.find_item(swing.item).title} ({swing.item})", width)


def growth_figure(differences: Mapping[str, Mapping[int, Value]], title: str, xlabel: str) -> "tuple[Figure, str]":
    """Lines of differences with their intervals over a count, such as that of services; figure and description.

    ``differences``: line -> count -> (mean, low, high) in person-days.
    """
    from matplotlib.figure import Figure

    with apply_house_style():
        figure = Figure(figsize=(9.6, 3.4), layout="constrained")
        axes = figure.subplots()
        for number, (name, values) in enumerate(differences.items()):
            counts = list(values)
            means, lows, highs = (list(column) for column in zip(*values.values(), strict=True))
            color = OKABE_ITO[number % len(OKABE_ITO)]
            axes.plot(
                counts, means, color=color, marker=MARKERS[number], linestyle=LINES[number % len(LINES)], label=name
            )
            axes.fill_between(counts, lows, highs, color=color, alpha=0.15, linewidth=0)
        axes.axhline(0, color="#555555", linewidth=1)
        axes.set_title(title)
        axes.set_xlabel(xlabel)
        axes.set_ylabel("person-days")
        axes.legend(loc="best")
    descriptions = [
        f"{name}: {', '.join(_format_point(count, value) for count, value in values.items())}"
        for name, values in differences.items()
    ]
    return figure, f"{title}, over {xlabel}. {'; '.join(descriptions)}."


def _format_point(count: int, value: Value) -> str:
    middle, low, high = value
    return f"{middle:+.1f} ({low:+.1f} to {high:+.1f}) at {count}"

"""Figures of validation and calibration: simulation beside theory, and CPU times of operations."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from simlib.analysis.intervals import Interval
from simlib.report.figure_style import HATCHES, LINES, MARKERS, OKABE_ITO, apply_house_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def theory_figure(
    loads: Sequence[float],
    exact: Mapping[str, Sequence[float]],
    simulated: Mapping[str, Sequence[Interval]],
    labels: tuple[str, str] = ("utilisation", "mean time in the system, in service times"),
) -> "tuple[Figure, str]":
    """Closed forms as lines and simulations as points with intervals, over one axis of loads; figure and description.

    ``exact`` and ``simulated``: name of the queue -> one value, or interval, per load.
    """
    from matplotlib.figure import Figure

    with apply_house_style():
        figure = Figure(figsize=(7.2, 4.2), layout="constrained")
        axes = figure.subplots()
        for number, (name, values) in enumerate(exact.items()):
            colour = OKABE_ITO[number % len(OKABE_ITO)]
            axes.plot(loads, values, color=colour, linestyle=LINES[number % len(LINES)], label=name)
            points = simulated[name]
            axes.errorbar(
                loads,
                [point.mean for point in points],
                yerr=[point.half_width for point in points],
                color=colour,
                marker=MARKERS[number % len(MARKERS)],
                linestyle="none",
                markersize=5,
            )
        axes.set_yscale("log")
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
        axes.legend(title="line: exact, point: simulated")
    return figure, _describe_validation(loads, exact, simulated)


def _describe_validation(
    loads: Sequence[float], exact: Mapping[str, Sequence[float]], simulated: Mapping[str, Sequence[Interval]]
) -> str:
    points = [(value, point) for name in exact for value, point in zip(exact[name], simulated[name], strict=True)]
    inside = sum(point.low <= value <= point.high for value, point in points)
    worst = max(abs(point.mean / value - 1) for value, point in points)
    return (
        f"Closed forms and simulation of {', '.join(exact)} at loads from {min(loads):g} to {max(loads):g}: "
        f"{inside} of {len(points)} exact values lie inside the {points[0][1].level:.1%} intervals, "
        f"and no mean is more than {worst:.1%} off."
    )


def costs_figure(tables: "Mapping[str, pd.DataFrame]") -> "tuple[Figure, str]":
    """One panel per table of `simlib.analysis.tabulate_costs` (title -> table): figure and description."""
    from matplotlib.figure import Figure

    rows = max(len(table) for table in tables.values())
    with apply_house_style():
        figure = Figure(figsize=(9.6, 0.9 + 0.42 * rows), layout="constrained")
        panels = figure.subplots(1, len(tables), squeeze=False)[0]
        for number, (axes, (title, table)) in enumerate(zip(panels, tables.items(), strict=True)):
            middle = table["median_us"]
            axes.barh(
                range(len(table)),
                middle,
                xerr=[middle - table["low_us"], table["high_us"] - middle],
                color=OKABE_ITO[number],
                hatch=HATCHES[number % len(HATCHES)],
                edgecolor="white",
                ecolor="black",
            )
            axes.set_yticks(range(len(table)), list(table.index))
            axes.invert_yaxis()
            axes.set_title(title)
            axes.set_xlabel("CPU time (µs)")
    return figure, _describe_operations(tables)


def _describe_operations(tables: "Mapping[str, pd.DataFrame]") -> str:
    sentences = [
        f"{title}: " + ", ".join(f"{name} {value:.0f}" for name, value in table["median_us"].items())
        for title, table in tables.items()
    ]
    return "Median CPU time in microseconds. " + ". ".join(sentences) + "."

"""What operations cost, drawn."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from simlib.report.style import HATCHES, OKABE_ITO, house_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def costs_figure(tables: "Mapping[str, pd.DataFrame]") -> "tuple[Figure, str]":
    """One panel per table of `simlib.analysis.costs.cost_table` (title -> table): figure and words."""
    from matplotlib.figure import Figure

    rows = max(len(table) for table in tables.values())
    with house_style():
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
    return figure, _words(tables)


def _words(tables: "Mapping[str, pd.DataFrame]") -> str:
    told = [
        f"{title}: " + ", ".join(f"{name} {value:.0f}" for name, value in table["median_us"].items())
        for title, table in tables.items()
    ]
    return "Median CPU time in microseconds. " + ". ".join(told) + "."

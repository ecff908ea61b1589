"""Figure of switch values: how far each input is from the value at which another design costs least."""

import math
from typing import TYPE_CHECKING

from simlib.decision.choice.results import Decision
from simlib.decision.choice.robustness import Switch
from simlib.report.decision_figures import wrap_label
from simlib.report.figure_style import MARKERS, OKABE_ITO, apply_house_style
from simlib.report.record.formatting import format_number
from simlib.report.record.inputs import describe_input
from simlib.report.record.robustness import describe_switch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS = 10
FARTHEST = 10.0
"""Largest factor that is drawn; beyond it a value is too far away to decide anything."""
_ROW, _HEAD = 0.36, 1.5  # inches


def list_drawn_switches(decision: Decision, rows: int = ROWS) -> list[Switch]:
    """The nearest switch values within a factor of `FARTHEST` of inputs that do not count 0."""
    return [switch for switch in decision.switches if switch.ratio <= FARTHEST][:rows]


def switches_figure(decision: Decision, rows: int = ROWS) -> "tuple[Figure, str]":
    """Switch values as multiples of the inputs as they are, with the inputs' own ranges; figure and description.

    Raises ValueError where no switch value is near enough to be drawn.
    """
    from matplotlib.figure import Figure

    switches = list_drawn_switches(decision, rows)
    if not switches:
        raise ValueError("no switch values to draw")
    with apply_house_style():
        figure = Figure(figsize=(9.6, _HEAD + _ROW * max(len(switches), 2)), layout="constrained")
        axes = figure.subplots()
        _draw_rows(axes, switches, list(decision.scenario.designs))
        axes.axvline(1.0, color="black", linewidth=1.0)
        axes.set_xscale("log")
        axes.set_yticks(range(len(switches)), [wrap_label(describe_input(switch.input)) for switch in switches])
        axes.set_ylim(len(switches) - 0.4, -0.6)
        axes.set_xlabel("multiple of the input as it is, all else equal")
        low, high = axes.get_xlim()
        ticks = [tick for tick in _TICKS if low <= tick <= high]
        axes.set_xticks(ticks, [format_number(tick) for tick in ticks])
        axes.minorticks_off()
        axes.grid(axis="y", visible=False)
        figure.legend(loc="outside lower left", ncols=3)
    sentences = " ".join(f"{describe_switch(switch)}." for switch in switches)
    return figure, f"Switch values: single inputs at which another design costs least in the mean. {sentences}"


_TICKS = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 2.5, 3.0, 5.0, 7.0, 10.0)


def _draw_rows(axes: "Axes", switches: list[Switch], designs: list[str]) -> None:
    labelled: set[str] = set()

    def label(name: str) -> str | None:
        first = name not in labelled
        labelled.add(name)
        return name if first else None

    for row, switch in enumerate(switches):
        if switch.low < switch.high:
            low = max(switch.low / switch.value, 1 / FARTHEST)
            high = min(switch.high / switch.value, FARTHEST)
            axes.plot(
                [low, high], [row, row], color="#999999", linewidth=5, alpha=0.6, label=label("range of the input")
            )
        number = designs.index(switch.design)
        axes.plot(
            switch.at / switch.value,
            row,
            MARKERS[number % len(MARKERS)],
            color=OKABE_ITO[number % len(OKABE_ITO)],
            markersize=8,
            label=label(f"{switch.design} costs as little"),
        )
    ends = [abs(math.log(switch.at / switch.value)) for switch in switches]
    reach = max(math.exp(max(ends)), 1.2) * 1.1
    axes.set_xlim(1 / reach, reach)

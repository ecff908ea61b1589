"""Report of bad days: availability of every design on every day, goodput during one of them, and the folder of both."""

import json
from collections.abc import Mapping
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from simlib.experiment.atomic_folder import write_files
from simlib.experiment.bad_days import BIN_S, FAULTLESS, BadDays
from simlib.report.bad_days_tables import Cells, build_bad_days_document, format_bad_days_csv, format_share, list_marks
from simlib.report.figure_style import LINES, OKABE_ITO, apply_house_style, render_png, render_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CELL, _LABEL = 26, 26  # characters in a line of a cell, and of the name of a day
_ROW, _LINE = 0.2, 0.16  # inches for the first line of a row, and for each further one


def availability_figure(days: BadDays, cells: Cells) -> "tuple[Figure, str]":
    """Availability as numbers and shades, days down and designs across, with other effects; figure and description."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    designs = list(days.plan.scenario.designs)
    texts = {key: [format_share(cell.availability), *_wrap_marks(list_marks(cell))] for key, cell in cells.items()}
    labels = {day.name: fill(day.title, _LABEL) for day in days.plan.days}
    heights = [
        _ROW + _LINE * (max(len(texts[day.name, d]) for d in designs) + labels[day.name].count("\n"))
        for day in days.plan.days
    ]
    edges = np.concatenate(([0.0], np.cumsum(heights)))
    shades = LinearSegmentedColormap.from_list("availability", ["#D55E00", "#F2D8C4", "#FFFFFF"])
    with apply_house_style():
        figure = Figure(figsize=(2.4 + 2.4 * len(designs), 0.7 + edges[-1]), layout="constrained")
        axes = figure.subplots()
        means = [[cells[day.name, design].availability.mean for design in designs] for day in days.plan.days]
        axes.pcolormesh(np.arange(len(designs) + 1), edges, np.ma.masked_invalid(means), cmap=shades, vmin=0, vmax=1)
        for row, day in enumerate(days.plan.days):
            for column, design in enumerate(designs):
                middle, text = (edges[row] + edges[row + 1]) / 2, "\n".join(texts[day.name, design])
                axes.text(column + 0.5, middle, text, ha="center", va="center", fontsize=8, linespacing=1.3)
        axes.set_yticks((edges[:-1] + edges[1:]) / 2, list(labels.values()))
        axes.set_xticks(np.arange(len(designs)) + 0.5, designs)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.set_xlim(0, len(designs))
        axes.set_ylim(edges[-1], 0)
        axes.hlines(edges, 0, len(designs), color="#CCCCCC", linewidth=0.6)
        axes.spines[:].set_visible(False)
    return figure, _describe_availability(days, cells)


def _wrap_marks(marks: tuple[str, ...]) -> list[str]:
    return [line for mark in marks for line in fill(mark, _CELL).split("\n")]


def _describe_availability(days: BadDays, cells: Cells) -> str:
    sentences = []
    for day in days.plan.days:
        shares = [f"{d} {format_share(cells[day.name, d].availability)}" for d in days.plan.scenario.designs]
        sentences.append(f"{day.title}: {', '.join(shares)}.")
    return f"Availability in the fault window of each bad day, by design, with intervals. {' '.join(sentences)}"


def goodput_figure(days: BadDays, day: str) -> "tuple[Figure, str]":
    """Correct answers per second over one day, a line per design, beside the requests; figure and description."""
    from matplotlib.figure import Figure

    chosen = days.plan.find_day(day)
    window = days.plan.find_window(chosen, 0)
    seconds = BIN_S * (np.arange(len(days.offered)) + 0.5)
    with apply_house_style():
        figure = Figure(figsize=(9.6, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.plot(seconds, days.offered, color="#999999", linewidth=1, label="requests")
        for number, design in enumerate(days.plan.scenario.designs):
            curve = days.goodput[day, design]
            axes.plot(
                seconds,
                curve,
                color=OKABE_ITO[number % len(OKABE_ITO)],
                linestyle=LINES[number % len(LINES)],
                label=design,
            )
        if window is not None:
            axes.axvspan(window.begin, max(window.end, window.begin + BIN_S / 5), color="#D55E00", alpha=0.12, zorder=0)
        axes.set_title(chosen.title)
        axes.set_xlabel("second of the run")
        axes.set_ylabel("correct answers per second, in time")
        axes.set_xlim(0, len(days.offered) * BIN_S)
        axes.set_ylim(bottom=0)
        figure.legend(loc="outside lower left", ncols=4, handlelength=3.2)
    return figure, _describe_goodput(days, day)


def _describe_goodput(days: BadDays, day: str) -> str:
    """Smallest goodput of each design after the warm-up, with and without the fault."""
    first = int(np.ceil(days.plan.scenario.run.warm_up_s / BIN_S))
    sentences = [
        f"{design}: at least {days.goodput[day, design][first:].min():.0f}, "
        f"without the fault {days.goodput[FAULTLESS, design][first:].min():.0f}."
        for design in days.plan.scenario.designs
    ]
    title = days.plan.find_day(day).title
    return f"Correct answers per second over the day '{title}'; the fault is shaded. {' '.join(sentences)}"


def write_bad_days(folder: str | Path, days: BadDays, cells: Cells) -> Path:
    """Write figures and tables into a new or empty folder; returns it.

    Raises InputError for a folder that holds something or cannot be written.
    """
    return write_files(folder, _build_files(days, cells), "--out")


def _build_files(days: BadDays, cells: Cells) -> Mapping[str, bytes]:
    figure, description = availability_figure(days, cells)
    descriptions = {"availability": description}
    files = {"availability.svg": render_svg(figure), "availability.png": render_png(figure)}
    for day in days.plan.days:
        drawn, description = goodput_figure(days, day.name)
        files[f"goodput_{day.name}.png"] = render_png(drawn)
        descriptions[f"goodput_{day.name}"] = description
    document = {**build_bad_days_document(days, cells), "figures": descriptions}
    return {
        **files,
        "cells.csv": format_bad_days_csv(cells).encode(),
        "replications.csv": str(days.table.to_csv(index=False, lineterminator="\n")).encode(),
        "bad_days.json": f"{json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)}\n".encode(),
    }

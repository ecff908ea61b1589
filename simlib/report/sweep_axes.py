"""Axes of a sweep's figure: the key on the horizontal axis, and a line per design and value of the other keys."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simlib.experiment.sweep_plan import SweepPlan
from simlib.experiment.variation import Point, describe_point, format_value, shorten_keys

if TYPE_CHECKING:
    import pandas as pd

MOST_LINES = 12
"""Lines that a figure can hold; with more, the other keys stay at their first values."""


@dataclass(frozen=True, eq=False)
class Arrangement:
    """A frame to draw: ``key`` holds numbers, ``ticks`` the words for 0, 1, ... where it has none.

    ``note`` says which points are not drawn.
    """

    frame: "pd.DataFrame"
    key: str
    ticks: tuple[str, ...] = ()
    note: str = ""


def arrange_points(plan: SweepPlan, frame: "pd.DataFrame") -> Arrangement:
    """The rows of a sweep as lines over one key, which is the first with numbers."""
    key = next((key for key in plan.keys if _has_numbers(plan, key)), plan.key)
    others = [each for each in plan.keys if each != key and len({str(point[each]) for point in plan.points}) > 1]
    note = ""
    if others and plan.sample is None:
        frame, note = _split_designs(plan, frame, others)
    if _has_numbers(plan, key):
        return Arrangement(frame, key, (), note)
    words = tuple(dict.fromkeys(format_value(point[key]) for point in plan.points))
    places = {word: float(number) for number, word in enumerate(words)}
    return Arrangement(frame.assign(**{key: [places[format_value(value)] for value in frame[key]]}), key, words, note)


def _has_numbers(plan: SweepPlan, key: str) -> bool:
    values = [point[key] for point in plan.points]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return numbers and (len(set(values)) > 1 or len(plan.keys) == 1)


def _split_designs(plan: SweepPlan, frame: "pd.DataFrame", others: list[str]) -> "tuple[pd.DataFrame, str]":
    """The frame with a design of its own for each combination of other keys that concerns it, and a note."""
    first: Point = {key: plan.points[0][key] for key in others}
    lines = len(plan.scenario.designs) * len({str([point[key] for key in others]) for point in plan.points})
    if lines > MOST_LINES:
        chosen = frame[others[0]] == first[others[0]]
        for key in others[1:]:
            chosen &= frame[key] == first[key]
        words = ", ".join(f"{key} = {format_value(value)}" for key, value in first.items())
        return frame[chosen], f"Drawn are the points with {words} alone."
    short = shorten_keys(others)
    labels = [_name_line(str(row["design"]), {short[key]: row[key] for key in others}) for _, row in frame.iterrows()]
    return frame.assign(design=labels), ""


def _name_line(design: str, values: Point) -> str:
    words = describe_point(values)
    return f"{design}, {words}" if len(values) > 1 else f"{design}, {next(iter(values))} = {words}"

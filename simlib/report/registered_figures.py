"""Registered figures: those of plug-ins and notebooks, drawn in the report of a comparison after the built-in ones."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from simlib.decision import Verdicts
from simlib.report.html import ReportFigure
from simlib.scenario.registry import PluginGroup, Registry, describe_exception, note_registration
from simlib.scenario.texts import check_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Draw = Callable[[Verdicts], "tuple[Figure, str]"]
"""Verdicts of a comparison -> figure and its description (alternative text)."""
BUILT_IN = ("latency", "tradeoff")


class RegisteredFigure(NamedTuple):
    """A figure of reports: the base name of its files, the function that draws it, and its caption."""

    name: str
    draw: Draw
    caption: str


_PLUGINS = PluginGroup("simlib.figures", lambda triple: _add_triple(triple))
FIGURES: Registry[RegisteredFigure] = Registry("figure", {}, _PLUGINS)
"""Name -> registered figure."""


def register_figure(name: str, draw: Draw, caption: str) -> None:
    """Add a figure of your own to the reports of comparisons; ``draw`` makes it of the verdicts, with a description.

    Raises ValueError for the name of a built-in figure. A figure that was registered before is replaced. An entry point
    of the group ``simlib.figures`` names the triple ``(name, draw, caption)``.
    """
    _add_figure(name, draw, caption)
    note_registration("simlib.figures", name, register_figure, name, draw, caption)


def _add_triple(triple: object) -> None:
    if not isinstance(triple, tuple) or len(triple) != 3:
        raise ValueError("a figure is named as a triple: name, function of the verdicts, and caption")
    _add_figure(*triple)


def _add_figure(name: str, draw: Draw, caption: str) -> None:
    if name in BUILT_IN:
        raise ValueError(f"figure: there is a built-in {name!r} already")
    if not callable(draw):
        raise ValueError(f"figure {name!r}: the second of the three is a function of the verdicts")
    if not isinstance(caption, str) or not caption.strip():
        raise ValueError(f"figure {name!r}: its caption must be a text that is not empty")
    check_label(f"figure {name!r}: its caption", caption)
    FIGURES.add(name, RegisteredFigure(name, draw, caption))


def draw_registered(verdicts: Verdicts) -> tuple[ReportFigure, ...]:
    """Draw the registered figures; one that fails is left out, with a line on standard error that says so."""
    drawn = (_draw_one(figure, verdicts) for figure in FIGURES.values())
    return tuple(figure for figure in drawn if figure is not None)


def _draw_one(registered: RegisteredFigure, verdicts: Verdicts) -> ReportFigure | None:
    from xml.etree.ElementTree import fromstring

    from matplotlib.figure import Figure

    try:
        figure, alt = registered.draw(verdicts)
        if not isinstance(figure, Figure) or not isinstance(alt, str):
            raise TypeError("what it returns is no pair of a matplotlib Figure and a text")
        drawn = ReportFigure(registered.name, figure, alt, registered.caption)
        check_label("its description", alt)
        drawn.render_files()  # here, for errors in texts of a figure come up when it is rendered
        fromstring(drawn.svg)  # a control character in a text makes the document malformed
    except Exception as error:
        line = f"simlib: warning: plug-in figure {registered.name!r} is left out: {describe_exception(error)}"
        print(line, file=sys.stderr)
        return None
    return drawn


def list_registered_files() -> tuple[str, ...]:
    """The names of their files in a report folder."""
    return tuple(f"{name}.{ending}" for name in FIGURES for ending in ("svg", "png"))

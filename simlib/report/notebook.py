"""Display of results in notebooks: a table of a comparison and figures with a description."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simlib.decision import Verdicts
from simlib.report.cells import Cell, build_comparison_rows
from simlib.report.figure_style import render_png

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_DPI = 85
_COLOURS = 128
"""Enough for a page, and notebooks stay small: a palette takes a third of the bytes of full colour."""


def tabulate_comparison(verdicts: Verdicts, metrics: Sequence[str] | None = None) -> "pd.DataFrame":
    """Metrics down, designs across: mean and half width, and the word for the difference to the first design.

    ``metrics`` are names of `simlib.analysis.METRICS`, by default all that some design has.
    """
    import pandas as pd

    rows = [row for row in build_comparison_rows(verdicts) if metrics is None or row.metric.name in metrics]
    cells = {row.label: {design: _format_cell(row.cells[design]) for design in verdicts.designs} for row in rows}
    return pd.DataFrame.from_dict(cells, orient="index", columns=list(verdicts.designs))


def _format_cell(cell: Cell) -> str:
    return f"{cell.value} ({cell.word})" if cell.word else cell.value


def show_figure(drawn: "tuple[Figure, str]") -> Any:
    """A figure and its description as an image that a notebook displays, with the description as its alt text."""
    from IPython import display

    figure, description = drawn
    image: Any = display.Image  # IPython has no types for it
    return image(data=_reduce_palette(render_png(figure, _DPI)), alt=description)


def _reduce_palette(png: bytes) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(io.BytesIO(png)) as full:
        full.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()

"""Display of results in notebooks: tables of a comparison and of a decision, and figures with a description."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simlib.decision import Verdicts
from simlib.decision.choice.results import Decision
from simlib.report.cells import Cell, build_comparison_rows
from simlib.report.figure_style import render_png
from simlib.report.record.rows import (
    MARKS,
    Amount,
    NetValue,
    RankingRow,
    build_limit_rows,
    build_ranking_rows,
    list_references,
)
from simlib.scenario.errors import require_packages

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
    require_packages("show_figure", ("IPython",), "notebooks")
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


def tabulate_limits(decision: Decision) -> "pd.DataFrame":
    """Limits down, designs across: a mark and the value of each design."""
    import pandas as pd

    cells = {
        row.requirement: {design: f"{MARKS[outcome.word]} {outcome.found}" for design, outcome in row.outcomes.items()}
        for row in build_limit_rows(decision)
    }
    return pd.DataFrame.from_dict(cells, orient="index", columns=list(decision.scenario.designs))


def tabulate_ranking(decision: Decision) -> "pd.DataFrame":
    """Designs down: place, person-days, cost per year and in total, net present values with intervals, and chances."""
    import pandas as pd

    return pd.DataFrame([_build_row(decision, row) for row in build_ranking_rows(decision)]).set_index("design")


def _build_row(decision: Decision, row: RankingRow) -> dict[str, str]:
    unit = decision.scenario.prices.currency
    against = zip(list_references(decision), row.net_values, strict=True)
    return {
        "design": row.design,
        "place": row.place,
        "person-days once": _format_amount(row.effort_days),
        "person-days a year": _format_amount(row.yearly_days),
        f"running cost and losses a year, {unit}": _format_amount(row.running_cost),
        f"total cost, {unit}": _format_amount(row.total_cost),
        **{f"NPV against {name}, {unit}": _format_net_value(value) for name, value in against},
        "best in": row.p_best,
    }


def _format_net_value(value: NetValue | None) -> str:
    return "-" if value is None else f"{_format_amount(value.npv)}, > 0 in {value.p_positive}"


def _format_amount(amount: Amount) -> str:
    return f"{amount.mean} ({amount.interval})" if amount.interval else amount.mean

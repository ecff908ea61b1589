"""A table of figures with their intervals: designs down, figures across."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from simlib.analysis.intervals import student
from simlib.analysis.metrics import Metric
from simlib.report.cells import label_of, mean_text

if TYPE_CHECKING:
    import pandas as pd


def measured_table(
    frame: "pd.DataFrame", metrics: Sequence[Metric], titles: Mapping[str, str] | None = None, level: float = 0.95
) -> "pd.DataFrame":
    """Mean and half width over the replications of each design, as text in the unit that a person sees.

    ``frame`` has a row per design and replication, as `simlib.experiment.measure` makes it, and a column for the name
    of each metric. ``titles`` says which designs there are rows for and what they are called; all, by their names,
    without it.
    """
    import pandas as pd

    titles = {str(name): str(name) for name in frame["design"].unique()} if titles is None else titles
    own = {title: frame[frame["design"] == name] for name, title in titles.items()}
    rows = {
        title: [mean_text(metric, student(values[metric.name], level)) for metric in metrics]
        for title, values in own.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=[label_of(metric) for metric in metrics])

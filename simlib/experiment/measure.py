"""Figures of one's own: every replication of every design, summarised as usual and by a function of its records."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from simlib.analysis.summary import summarise
from simlib.engine.simulate import check_budget, simulate
from simlib.experiment.replicate import Replication, as_frame
from simlib.scenario.records import Records
from simlib.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

Figures = Callable[[Records], Mapping[str, float]]
"""Records of one replication -> name -> number."""


def measure(scenario: Scenario, figures: Figures) -> "pd.DataFrame":
    """All replications of all designs, one row each: the columns of `replicate`, then what ``figures`` makes of them.

    One of its names that a summary has too takes the summary's place. The records are let go at once. Raises InputError
    for a run beyond its memory budget.
    """
    check_budget(scenario)
    return as_frame(
        [
            _measured(scenario, design, number, figures)
            for number in range(scenario.run.replications)
            for design in scenario.designs
        ]
    )


def _measured(scenario: Scenario, design: str, number: int, figures: Figures) -> Replication:
    records = simulate(scenario, design, number)
    own = {**summarise(records, scenario.run.warm_up_s), **figures(records)}
    return Replication(design, number, own, dict(records.forms))

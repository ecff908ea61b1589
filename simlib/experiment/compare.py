"""Comparison: the same arrivals and the same luck for every design, replication by replication."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simlib.engine.live import Stopwatch
from simlib.engine.simulate import check_budget
from simlib.experiment.replicate import Figures, Progress, as_frame, jobs_of, run_jobs
from simlib.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Comparison:
    """The replications of all designs. ``table`` has one row per design and replication.

    ``forms``: design -> host -> form of its stations. The first design is the baseline.
    """

    scenario: Scenario
    table: "pd.DataFrame"
    forms: Mapping[str, Mapping[str, str]]

    @property
    def designs(self) -> tuple[str, ...]:
        """Names of the designs, baseline first."""
        return tuple(self.scenario.designs)

    def values(self, design: str, metric: str) -> list[float]:
        """One metric's value in each replication of a design, in the order of the replications."""
        rows = self.table[self.table["design"] == design].sort_values("replication")
        return [float(value) for value in rows[metric]]


def compare(
    scenario: Scenario,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    records: Path | None = None,
    stopwatch: Stopwatch | None = None,
    figures: Figures | None = None,
) -> Comparison:
    """Run every design of the scenario in the same replications.

    ``records`` is a folder that exists: all rows are kept there, in DESIGN/REPLICATION/ as `read_records` reads them.
    ``figures`` gives further columns of the table, such as `simlib.analysis.gain_figures`.
    Raises InputError for a run beyond its memory budget, or live timing without a ``stopwatch``, which must be
    picklable when there are several ``workers``.
    """
    check_budget(scenario)
    replications = run_jobs(jobs_of(scenario, tuple(scenario.designs), records, stopwatch, figures), workers, progress)
    forms = {r.design: r.forms for r in replications}
    return Comparison(scenario, as_frame(replications), forms)

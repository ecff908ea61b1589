"""Replications: one row of figures per run, the unit of all statistics."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from simlib.analysis.summary import summarise
from simlib.engine.live import Stopwatch, stopwatch_of
from simlib.engine.simulate import simulate
from simlib.experiment.parquet import record
from simlib.experiment.workers import run_all
from simlib.scenario.records import Records
from simlib.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int], None]
"""Told how many runs of how many are done."""
Figures = Callable[[Records, float], Mapping[str, float]]
"""Records and warm-up (seconds) to numbers; a function of a module, so that it can be sent to a worker process."""


class Replication(NamedTuple):
    """The figures of one replication of one design, and the form its stations had."""

    design: str
    replication: int
    figures: dict[str, float]
    forms: dict[str, str]


class Job(NamedTuple):
    """One run to do; its rows go to ``folder`` as Parquet when there is one.

    ``figures`` are taken beside those of `simlib.analysis.summarise`.
    """

    scenario: Scenario
    design: str
    replication: int
    folder: Path | None = None
    stopwatch: Stopwatch | None = None
    figures: Figures | None = None


def jobs_of(
    scenario: Scenario,
    designs: Sequence[str],
    records: Path | None = None,
    stopwatch: Stopwatch | None = None,
    figures: Figures | None = None,
) -> list[Job]:
    """Every replication of some designs; the designs in turn, so that an early stop leaves pairs.

    With ``records``, a folder that exists, the folders of the jobs are made inside it. Raises InputError for live
    timing without a stopwatch.
    """
    watch = stopwatch_of(scenario, stopwatch)
    numbers = range(scenario.run.replications)
    jobs = [Job(scenario, design, number, stopwatch=watch, figures=figures) for number in numbers for design in designs]
    return jobs if records is None else [job._replace(folder=_folder(records, job)) for job in jobs]


def _folder(records: Path, job: Job) -> Path:
    folder = records / job.design / f"{job.replication:04d}"
    folder.mkdir(parents=True)  # here, so that no worker makes folders that this process is about to remove
    return folder


def run_jobs(jobs: Sequence[Job], workers: int = 1, progress: Progress | None = None) -> list[Replication]:
    """Do all jobs, in order; the result does not depend on ``workers`` (processes), unless times are live."""
    return run_all(one_run, jobs, workers, progress)


def one_run(job: Job) -> Replication:
    """Simulate and summarise one replication; the records are let go, or are in the job's folder."""
    scenario, design, replication, folder, stopwatch, further = job
    if folder is None:
        records = simulate(scenario, design, replication, stopwatch=stopwatch)
    else:
        records = record(scenario, design, replication, folder, stopwatch)
    warm_up_s = scenario.run.warm_up_s
    figures = {**summarise(records, warm_up_s), **(further(records, warm_up_s) if further is not None else {})}
    return Replication(design, replication, figures, dict(records.forms))


def as_frame(replications: list[Replication]) -> "pd.DataFrame":
    """One row per replication: design, replication, then the figures of `simlib.analysis.summarise`."""
    import pandas as pd

    return pd.DataFrame([{"design": r.design, "replication": r.replication, **r.figures} for r in replications])


def replicate(
    scenario: Scenario,
    design: str,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    stopwatch: Stopwatch | None = None,
) -> "pd.DataFrame":
    """All replications of one design, one row each.

    Raises InputError for an unknown design, a run beyond its memory budget, or live timing without a ``stopwatch``,
    which must be picklable when there are several ``workers``.
    """
    scenario.design(design)
    return as_frame(run_jobs(jobs_of(scenario, (design,), stopwatch=stopwatch), workers, progress))

"""Replications of designs, one row of figures per run: the unit of all statistics.

Also the reuse of tokens within a cache's time to live, the figure that decides whether a cache helps.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simlib.analysis.drift import measure_drift
from simlib.analysis.metrics import METRICS
from simlib.analysis.summary import summarise
from simlib.deployment.demand import draw_demand
from simlib.deployment.simulate import check_budget, simulate
from simlib.engine.live_timing import Stopwatch, choose_stopwatch
from simlib.experiment.jobs import Figures, Job, Replication
from simlib.experiment.parquet import record_into
from simlib.experiment.result_store import Keep, get_store, run_stored
from simlib.experiment.temporary_folder import remove_folder
from simlib.experiment.workers import Progress, WorkerLostError, run_all
from simlib.scenario.design import Design
from simlib.scenario.loads import ReplayLoad
from simlib.scenario.records import Records
from simlib.scenario.scenario import Scenario
from simlib.scenario.traces import compute_requests_per_token
from simlib.scenario.variates import Variates

if TYPE_CHECKING:
    import pandas as pd


def list_jobs(
    scenario: Scenario,
    designs: Sequence[str],
    records: Path | None = None,
    stopwatch: Stopwatch | None = None,
    figures: Figures | None = None,
) -> list[Job]:
    """Every replication of some designs; the designs in turn, so that an early stop leaves pairs.

    With ``records``, a folder that exists, the folders of the jobs are made inside it. Raises InputError for live
    timing without a stopwatch, and for a metric of a plug-in that cannot be used.
    """
    METRICS.load_plugins()  # before a long run, and not after it
    watch = choose_stopwatch(scenario, stopwatch)
    numbers = range(scenario.run.replications)
    jobs = [Job(scenario, design, number, stopwatch=watch, figures=figures) for number in numbers for design in designs]
    return jobs if records is None else [job._replace(folder=_make_folder(records, job)) for job in jobs]


def _make_folder(records: Path, job: Job) -> Path:
    folder = records / job.design / f"{job.replication:04d}"
    folder.mkdir(parents=True)  # here, so that no worker makes folders that this process is about to remove
    return folder


def run_jobs(
    jobs: Sequence[Job],
    workers: int = 1,
    progress: Progress | None = None,
    work: Callable[[Job], Replication] | None = None,
) -> list[Replication]:
    """Run all jobs, results in their order; these do not depend on ``workers`` (processes), unless times are live.

    Those that the store in use has are not run again, and the others are kept there one by one. When a worker process
    is lost, folders of runs that were not finished are removed. ``work``, a module's function, is by default `run_job`.
    """
    store = get_store()
    if store is None:
        return _compute(jobs, workers, progress, work)

    def compute(missing: Sequence[Job], keep: Keep) -> None:
        before = len(jobs) - len(missing)
        if progress is not None and before:
            progress(before, len(jobs))
        report = None if progress is None else lambda done, _total: progress(before + done, len(jobs))
        _compute(missing, workers, report, work, keep)

    return run_stored(store, jobs, compute, work)


def _compute(
    jobs: Sequence[Job],
    workers: int,
    progress: Progress | None,
    work: Callable[[Job], Replication] | None,
    keep: Keep | None = None,
) -> list[Replication]:
    try:
        return run_all(work or run_job, jobs, workers, progress, keep)
    except WorkerLostError as error:
        for number, job in enumerate(jobs):
            if job.folder is not None and number not in error.finished:
                remove_folder(job.folder)
        raise


def run_job(job: Job) -> Replication:
    """Simulate and summarise one replication; the records are dropped, or are in the job's folder."""
    scenario, design, replication, folder, stopwatch, own_figures = job
    if folder is None:
        records = simulate(scenario, design, replication, stopwatch=stopwatch)
    else:
        records = record_into(folder, scenario, design, replication, stopwatch)
    warm_up_s = scenario.run.warm_up_s
    figures = {**summarise(records, warm_up_s), **(own_figures(records, warm_up_s) if own_figures is not None else {})}
    return Replication(design, replication, figures, dict(records.forms), measure_drift(records, warm_up_s))


def tabulate_replications(replications: Sequence[Replication]) -> "pd.DataFrame":
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
    """Run the replications of one design, one row each.

    Raises InputError for an unknown design, a run beyond its memory budget, or live timing without a ``stopwatch``,
    which must be picklable when there are several ``workers``; `WorkerLostError`, which is one, when a worker process
    is killed.
    """
    scenario.design(design)
    return tabulate_replications(run_jobs(list_jobs(scenario, (design,), stopwatch=stopwatch), workers, progress))


RecordFigures = Callable[[Records], Mapping[str, float]]
"""Records of one replication -> name -> number."""


def measure(scenario: Scenario, figures: RecordFigures) -> "pd.DataFrame":
    """All replications of all designs, one row each: the columns of `replicate`, then the numbers of ``figures``.

    Of equal names those of ``figures`` prevail. The records are dropped at once. Raises InputError
    for a run beyond its memory budget.
    """
    check_budget(scenario)
    return tabulate_replications(
        [
            _measure_run(scenario, design, number, figures)
            for number in range(scenario.run.replications)
            for design in scenario.designs
        ]
    )


def _measure_run(scenario: Scenario, design: str, number: int, figures: RecordFigures) -> Replication:
    records = simulate(scenario, design, number)
    numbers = {**summarise(records, scenario.run.warm_up_s), **figures(records)}
    return Replication(design, number, numbers, dict(records.forms))


class TokenReuse(NamedTuple):
    """Requests of one user within a window of ``window_s`` seconds, in this run and at the log's own speed.

    ``kind`` names the window: "cache TTL" (per replica) or "token lifetime".
    """

    design: str
    kind: str
    window_s: float
    requests: float
    original: float

    @property
    def is_distorted(self) -> bool:
        """Whether the speed-up changes the figure by more than 5 %."""
        return abs(self.requests / self.original - 1) > 0.05


def measure_token_reuse(scenario: Scenario) -> list[TokenReuse]:
    """The reuse of tokens under each design's cache TTL, or its token lifetime where it has no cache."""
    variates = Variates(scenario.run.seed, 0)
    demand = draw_demand(scenario, variates)
    load = scenario.world.load
    speed_up = load.speed_up if isinstance(load, ReplayLoad) else 1.0
    rows = []
    for design in scenario.designs.values():
        kind, window = _find_window(design)
        owners = demand.users
        if kind == "cache TTL":  # each replica has a cache of its own
            replicas = design.replicas["service"]
            uniform = variates.draw_column("balance.client.service", len(owners))
            owners = owners * replicas + np.floor(uniform * replicas).astype(np.int64)
        requests = compute_requests_per_token(demand.times, owners, window)
        # A window of w seconds of the log is a window of w / S seconds of the log sped up by S.
        original = compute_requests_per_token(demand.times, owners, window / speed_up) if speed_up != 1 else requests
        rows.append(TokenReuse(design.name, kind, window, requests, original))
    return rows


def _find_window(design: Design) -> tuple[str, float]:
    ttl = getattr(design.get_settings("service"), "ttl_s", None)
    return ("token lifetime", design.token_lifetime_s) if ttl is None else ("cache TTL", float(ttl))

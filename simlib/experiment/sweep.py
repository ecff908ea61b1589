"""Sweep: the same experiment at many points, each a scenario of its own with other values at some keys."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simlib.deployment.loading import check_disciplines
from simlib.deployment.parts import PARTS
from simlib.deployment.simulate import check_budget
from simlib.engine.live_timing import Stopwatch
from simlib.experiment.cluster import open_cluster
from simlib.experiment.executors import use_executor
from simlib.experiment.jobs import Job, Replication
from simlib.experiment.replicate import list_jobs, run_jobs, tabulate_replications
from simlib.experiment.result_store import open_store, use_store
from simlib.experiment.setting_keys import set_keys
from simlib.experiment.variation import Point, build_variations, list_points, parse_sample
from simlib.experiment.workers import Progress
from simlib.scenario.loading import build_scenario
from simlib.scenario.scenario import Scenario
from simlib.scenario.writing import export_scenario

if TYPE_CHECKING:
    import pandas as pd


def sweep(
    scenario: Scenario,
    vary: Mapping[str, Iterable[Any]],
    *,
    sample: str | None = None,
    workers: int = 1,
    progress: Progress | None = None,
    stopwatch: Stopwatch | None = None,
    store: str | Path | None = None,
    cluster: str | None = None,
) -> "pd.DataFrame":
    """Run every design at every combination of values: one row per point, replication and design.

    ``vary`` maps keys as in the scenario's file, such as "world.load.arrival_rate",
    "designs.opaque_cached.service.ttl_s" or "designs.jwt.wrappers.0.poll_s", to their values, or to a range such as
    "100:2000:8"; a bare setting such as "algorithm" applies to every design that has it. ``sample``, "latin:N" or
    "sobol:N", takes N points over ranges such as "100:2000" in place of all combinations. Each key has a column of its
    name, before those of `replicate`. A design that a point does not touch is not run again. All points share the seed,
    so they have common random numbers.

    ``store`` is a folder in which results are kept, and looked up before anything is run, so that a sweep that was
    ended goes on where it stopped; `simlib.read_results` reads it. ``cluster`` is the address of a Dask scheduler, such
    as "tcp://127.0.0.1:8786", on whose workers it runs. Raises InputError, before anything is run, for an unknown key,
    a value that a scenario file could not hold, a run beyond its memory budget, or live timing without a
    ``stopwatch``.
    """
    variations = build_variations(export_scenario(scenario), vary)
    points = list_points(variations, None if sample is None else parse_sample(sample), scenario.run.seed)
    with ExitStack() as stack:
        if cluster is not None:
            stack.enter_context(use_executor(stack.enter_context(open_cluster(cluster))))
        stack.enter_context(use_store(None if store is None else open_store(store)))
        return run_points(scenario, points, workers=workers, progress=progress, stopwatch=stopwatch)


def run_points(
    scenario: Scenario,
    points: Sequence[Point],
    *,
    workers: int = 1,
    progress: Progress | None = None,
    stopwatch: Stopwatch | None = None,
) -> "pd.DataFrame":
    """Run every design at every point, as `sweep` does."""
    scenarios = [change_scenario(scenario, point) for point in points]
    for each in scenarios:
        check_budget(each)
    designs = tuple(scenario.designs)
    jobs = [
        (point, job)
        for point, each in zip(points, scenarios, strict=True)
        for job in list_jobs(each, designs, stopwatch=stopwatch)
    ]
    keys = [_build_run_key(job) for _, job in jobs]
    distinct = {key: job for key, (_, job) in zip(keys, jobs, strict=True)}
    done = dict(zip(distinct, run_jobs(list(distinct.values()), workers, progress), strict=True))
    return _tabulate_points([point for point, _ in jobs], [done[key] for key in keys])


def change_scenario(scenario: Scenario, point: Point) -> Scenario:
    """The scenario with other values at dotted keys, checked like a scenario file.

    A bare name such as "algorithm" changes every setting of that name in every design. Another part at
    a place keeps the settings that it has too. Raises InputError naming the key and what is allowed.
    """
    document = export_scenario(scenario)
    set_keys(document, point)
    made = build_scenario(document, PARTS, Path(scenario.origin))
    check_disciplines(made, scenario.origin)
    same = made.world.profile == scenario.world.profile and made.run.host_noise == scenario.run.host_noise
    return replace(made, profile=scenario.profile) if same else made


def _build_run_key(job: Job) -> str:
    """A text that is equal for jobs with equal results: all that a run of one design depends on."""
    document = export_scenario(job.scenario)
    inputs = {"world": document["world"], "run": document["run"], "design": document["designs"][job.design]}
    return json.dumps([inputs, job.design, job.replication], sort_keys=True)


def _tabulate_points(points: list[Point], replications: list[Replication]) -> "pd.DataFrame":
    """The figures with the keys of the points as first columns."""
    import pandas as pd

    return pd.concat([pd.DataFrame(points), tabulate_replications(replications)], axis=1)

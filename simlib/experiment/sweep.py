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
from simlib.experiment.sweep_target import FEWEST, MOST, Target, build_target
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
    half_width: str | float | None = None,
    metric: str = "mean_s",
    most: int = MOST,
) -> "pd.DataFrame":
    """Run every design at every combination of values: one row per point, replication and design.

    ``vary`` maps keys as in the scenario's file, such as "world.load.arrival_rate",
    "designs.opaque_cached.service.ttl_s" or "designs.jwt.wrappers.0.poll_s", to their values, or to a range such as
    "100:2000:8"; a bare setting such as "algorithm" applies to every design that has it. ``sample``, "latin:N" or
    "sobol:N", takes N points over ranges such as "100:2000" in place of all combinations. Each key has a column of its
    name, before those of `replicate`. A design that a point does not touch is not run again. All points share the seed,
    so they have common random numbers. With ``half_width``, such as "0.1ms", each point gets replications until the
    paired difference of ``metric`` between each design and the first is known to that half-width, ``most`` at most.

    ``store`` is a folder in which results are kept, and looked up before anything is run, so that a sweep that was
    ended goes on where it stopped; `simlib.read_results` reads it. ``cluster`` is the address of a Dask scheduler, such
    as "tcp://127.0.0.1:8786", on whose workers it runs. Raises InputError, before anything is run, for an unknown key,
    a value that a scenario file could not hold, a run beyond its memory budget, or live timing without a
    ``stopwatch``.
    """
    target = None if half_width is None else build_target(half_width, metric, most)
    variations = build_variations(export_scenario(scenario), vary)
    points = list_points(variations, None if sample is None else parse_sample(sample), scenario.run.seed)
    with ExitStack() as stack:
        if cluster is not None:
            stack.enter_context(use_executor(stack.enter_context(open_cluster(cluster))))
        stack.enter_context(use_store(None if store is None else open_store(store)))
        return run_points(scenario, points, workers=workers, progress=progress, stopwatch=stopwatch, target=target)


def run_points(
    scenario: Scenario,
    points: Sequence[Point],
    *,
    workers: int = 1,
    progress: Progress | None = None,
    stopwatch: Stopwatch | None = None,
    target: Target | None = None,
    scenarios: Sequence[Scenario] | None = None,
) -> "pd.DataFrame":
    """Run every design at every point, as `sweep` does; ``scenarios`` are those of `build_scenarios`, if known."""
    built = build_scenarios(scenario, points) if scenarios is None else scenarios
    runs = _PointRuns(scenario, points, built, workers, progress, stopwatch)
    counts = [each.run.replications for each in runs.scenarios]
    if target is not None:
        counts = [min(max(count, FEWEST), target.most) for count in counts]
    runs.run(counts)
    while target is not None:
        wanted = [target.count_wanted(runs.select(number, count), runs.level) for number, count in enumerate(counts)]
        if wanted == counts:
            break
        counts = wanted
        runs.run(counts)
    return runs.tabulate(counts)


def build_scenarios(scenario: Scenario, points: Sequence[Point]) -> list[Scenario]:
    """The scenario at each point. Raises InputError for one that cannot be run."""
    scenarios = [change_scenario(scenario, point) for point in points]
    for each in scenarios:
        check_budget(each)
    return scenarios


class _PointRuns:
    """Runs of all designs at points; what is equal at several of them is run once."""

    def __init__(
        self,
        scenario: Scenario,
        points: Sequence[Point],
        scenarios: Sequence[Scenario],
        workers: int,
        progress: Progress | None,
        stopwatch: Stopwatch | None,
    ) -> None:
        self.scenarios = scenarios
        self.level = scenario.run.level
        self._points, self._designs = points, tuple(scenario.designs)
        self._workers, self._progress, self._stopwatch = workers, progress, stopwatch
        self._inputs = [_describe_inputs(each) for each in self.scenarios]
        self._done: dict[tuple[str, int], Replication] = {}

    def run(self, counts: Sequence[int]) -> None:
        """Run what is missing of so many replications at each point, in one batch."""
        jobs: dict[tuple[str, int], Job] = {}
        for number, (scenario, count) in enumerate(zip(self.scenarios, counts, strict=True)):
            longer = scenario.with_run(scenario.run.model_copy(update={"replications": count}))
            for job in list_jobs(longer, self._designs, stopwatch=self._stopwatch):
                key = (self._inputs[number][job.design], job.replication)
                if key not in self._done:
                    jobs.setdefault(key, job)
        before = len(self._done)
        self._done.update(
            zip(jobs, run_jobs(list(jobs.values()), self._workers, self._count_from(before)), strict=True)
        )

    def _count_from(self, before: int) -> Progress | None:
        report = self._progress
        return None if report is None else lambda done, total: report(before + done, before + total)

    def select(self, number: int, count: int) -> dict[str, list[Replication]]:
        """Design -> its first replications at a point."""
        inputs = self._inputs[number]
        return {name: [self._done[inputs[name], each] for each in range(count)] for name in self._designs}

    def tabulate(self, counts: Sequence[int]) -> "pd.DataFrame":
        """The figures with the keys of the points as first columns, replication by replication."""
        import pandas as pd

        rows = []
        for number, count in enumerate(counts):
            by_design = self.select(number, count)
            rows += [(self._points[number], by_design[name][each]) for each in range(count) for name in self._designs]
        figures = tabulate_replications([replication for _, replication in rows])
        return pd.concat([pd.DataFrame([point for point, _ in rows]), figures], axis=1)


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


def _describe_inputs(scenario: Scenario) -> dict[str, str]:
    """Design -> a text that is equal for designs with equal results: all but the replication that a run depends on."""
    document = export_scenario(scenario)
    run = {name: value for name, value in document["run"].items() if name != "replications"}
    return {
        name: json.dumps([document["world"], run, name, design], sort_keys=True)
        for name, design in document["designs"].items()
    }

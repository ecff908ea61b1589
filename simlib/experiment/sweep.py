"""Sweep: the same experiment at many points, each a scenario of its own with other values at some keys."""

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simlib.deployment.loading import check_disciplines
from simlib.deployment.parts import PARTS
from simlib.deployment.simulate import check_budget
from simlib.engine.live_timing import Stopwatch
from simlib.experiment.replicate import Job, Replication, list_jobs, run_jobs, tabulate_replications
from simlib.experiment.workers import Progress
from simlib.scenario.errors import InputError
from simlib.scenario.loading import build_scenario
from simlib.scenario.scenario import Scenario
from simlib.scenario.writing import export_scenario

if TYPE_CHECKING:
    import pandas as pd

Point = Mapping[str, Any]
"""Dotted key -> value."""


def sweep(
    scenario: Scenario,
    vary: Mapping[str, Iterable[Any]],
    *,
    workers: int = 1,
    progress: Progress | None = None,
    stopwatch: Stopwatch | None = None,
) -> "pd.DataFrame":
    """Run every design at every combination of values: one row per point, replication and design.

    ``vary`` maps keys as in the scenario's file, such as "world.load.arrival_rate",
    "designs.opaque_cached.service.ttl_s" or "designs.jwt.wrappers.0.poll_s", to their values. Each has a column of its
    name, before those of `replicate`. A design that a point does not touch is not run again. All points share the seed,
    so they have common random numbers. Raises InputError, before anything is run, for an unknown key, a value that a
    scenario file could not hold, a run beyond its memory budget, or live timing without a ``stopwatch``.
    """
    points = _list_points(vary)
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

    Raises InputError naming the key and what is allowed.
    """
    document = export_scenario(scenario)
    for key, value in point.items():
        _set_key(document, key, value)
    made = build_scenario(document, PARTS, Path(scenario.origin))
    check_disciplines(made, scenario.origin)
    same = made.world.profile == scenario.world.profile and made.run.host_noise == scenario.run.host_noise
    return replace(made, profile=scenario.profile) if same else made


def _list_points(vary: Mapping[str, Iterable[Any]]) -> list[dict[str, Any]]:
    values = {key: list(choices) for key, choices in vary.items()}
    for key, choices in values.items():
        if not choices:
            raise InputError(f"{key}: has no values to sweep; give at least one")
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def _set_key(document: dict[str, Any], key: str, value: Any) -> None:
    """Set one key, items of lists by their number; all tables above it must exist already."""
    *path, last = key.split(".")
    table: Any = document
    for depth, name in enumerate(path):
        table = _find_item(table, name)
        if not isinstance(table, dict | list):
            raise InputError(f"{key}: the scenario has no table {'.'.join(path[: depth + 1])!r}")
    if isinstance(table, list):
        raise InputError(f"{key}: ends in an item of a list; name a key of it")
    table[last] = _convert_value(value)


def _find_item(table: Any, name: str) -> Any:
    """Item of a table or a list; None where there is none."""
    if isinstance(table, list):
        return table[int(name)] if name.isdecimal() and int(name) < len(table) else None
    return table.get(name)


def _convert_value(value: Any) -> Any:
    """Python's number for one of numpy, for a document holds JSON types."""
    return value.item() if hasattr(value, "item") else deepcopy(value)


def _build_run_key(job: Job) -> str:
    """A text that is equal for jobs with equal results: all that a run of one design depends on."""
    document = export_scenario(job.scenario)
    inputs = {"world": document["world"], "run": document["run"], "design": document["designs"][job.design]}
    return json.dumps([inputs, job.design, job.replication], sort_keys=True)


def _tabulate_points(points: list[dict[str, Any]], replications: list[Replication]) -> "pd.DataFrame":
    """The figures with the keys of the points as first columns."""
    import pandas as pd

    return pd.concat([pd.DataFrame(points), tabulate_replications(replications)], axis=1)

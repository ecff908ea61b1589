"""Figures of the runs that were finished when a worker process was lost, as a table beside the report."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simlib.experiment.atomic_folder import find_free_name, write_file
from simlib.experiment.bad_days import DayJob, DayRun
from simlib.experiment.jobs import NO_REPLICATION, Job, Replication
from simlib.experiment.workers import Finished
from simlib.scenario.scenario import Scenario
from simlib.scenario.writing import export_scenario

if TYPE_CHECKING:
    import pandas as pd


def write_unfinished(report: Path, finished: Finished) -> Path | None:
    """Write the figures to a CSV named after the report that was not written; None when there are none."""
    table = tabulate_finished(finished)
    if table.empty:
        return None
    path = find_free_name(report.with_name(f"{report.name}.unfinished.csv"))
    return write_file(path, str(table.to_csv(index=False, lineterminator="\n")).encode(), "--out")


def tabulate_finished(finished: Finished) -> "pd.DataFrame":
    """One row per run: profile, the settings in which these runs differ, day, design, replication, figures."""
    import pandas as pd

    runs = [(job, run) for job, run in finished if _is_replication(run)]
    differing = _find_differing([_get_scenario(job) for job, _ in runs])
    rows = [
        {
            "profile": _get_scenario(job).profile.name,
            **differing[id(_get_scenario(job))],
            **({"day": run.day} if isinstance(run, DayRun) else {}),
            "design": run.design,
            "replication": run.replication,
            **run.figures,
        }
        for job, run in runs
    ]
    return pd.DataFrame(rows)


def _is_replication(run: Any) -> bool:
    return isinstance(run, Replication | DayRun) and bool(run.figures) and run.replication != NO_REPLICATION


def _get_scenario(job: Job | DayJob) -> Scenario:
    return job.plan.scenario if isinstance(job, DayJob) else job.scenario


def _find_differing(scenarios: Sequence[Scenario]) -> dict[int, dict[str, Any]]:
    """Identity of a scenario -> dotted key -> value, of the keys that are not equal in all scenarios."""
    settings = {id(scenario): dict(_flatten(export_scenario(scenario))) for scenario in scenarios}
    keys = dict.fromkeys(key for values in settings.values() for key in values)
    differing = [key for key in keys if len({repr(values.get(key)) for values in settings.values()}) > 1]
    return {number: {key: values.get(key) for key in differing} for number, values in settings.items()}


def _flatten(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value

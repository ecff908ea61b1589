"""Table of the runs that were finished when a worker was lost: each row says which run it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from simlib.experiment.bad_days import run_bad_days
from simlib.experiment.bad_days_plan import plan_bad_days
from simlib.experiment.replicate import list_jobs, run_job
from simlib.experiment.sweep import change_scenario
from simlib.experiment.unfinished import tabulate_finished, write_unfinished
from simlib.experiment.workers import collect_finished


def test_settings_in_which_runs_differ_are_columns(make_scenario: Callable[..., Any]) -> None:
    rates = (5.0, 7.0)
    points = [change_scenario(make_scenario(), {"world.load.arrival_rate": rate}) for rate in rates]
    jobs = [job for point in points for job in list_jobs(point, ("jwt_local",))[:1]]
    results = [run_job(job) for job in jobs]
    table = tabulate_finished(list(zip(jobs, results, strict=True)))
    assert [*table][:4] == ["profile", "world.load.arrival_rate", "design", "replication"]
    assert table["world.load.arrival_rate"].tolist() == list(rates)
    assert [row["p95_s"] for _, row in table.iterrows()] == [result.figures["p95_s"] for result in results]


def test_bad_days_are_named(make_scenario: Callable[..., Any], tmp_path: Path) -> None:
    plan = plan_bad_days(make_scenario(), standard=True, only=("as_down",), length_s=60.0, replications=1)
    with collect_finished() as finished:
        days = run_bad_days(plan)
    path = write_unfinished(tmp_path / "out", finished)
    assert path is not None
    assert path.name == "out.unfinished.csv"
    table = pd.read_csv(path)
    assert table["day"].tolist() == ["as_down"] * len(plan.scenario.designs)
    assert table["design"].tolist() == [*plan.scenario.designs]
    name = [*table][-1]
    pd.testing.assert_series_equal(table[name], days.table[name])


def test_nothing_is_written_where_nothing_was_finished(tmp_path: Path) -> None:
    assert write_unfinished(tmp_path / "out", []) is None
    assert write_unfinished(tmp_path / "out", [("item", "a result without figures")]) is None
    assert [*tmp_path.iterdir()] == []

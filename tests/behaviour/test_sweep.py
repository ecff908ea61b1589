"""Sweeps: every point is a scenario of its own, checked like a file, and nothing that was passed is changed."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from simlib.experiment import replicate, sweep
from simlib.scenario.errors import InputError
from simlib.scenario.writing import export_scenario
from support.scenarios import design_of

LOAD, TTL = "world.load.arrival_rate", "designs.cached.service.ttl_s"
TWO = {
    "cached": design_of("opaque_cached", "reference_token"),
    "jwt": design_of("jwt_local", "jwt_access_token"),
}


@pytest.fixture
def small(make_scenario: Callable[..., Any]) -> Any:
    return make_scenario(designs=TWO, run__length_s=8.0, run__warm_up_s=2.0)


def test_there_is_a_row_per_point_replication_and_design(small: Any) -> None:
    frame = sweep(small, {LOAD: [5.0, 10.0], TTL: [1.0, 4.0, 8.0]})
    assert len(frame) == 2 * 3 * 2 * 2
    assert list(frame.columns[:4]) == [LOAD, TTL, "design", "replication"]
    assert not frame.duplicated([LOAD, TTL, "design", "replication"]).any()


def test_a_point_gives_what_its_scenario_gives(small: Any, make_scenario: Callable[..., Any]) -> None:
    frame = sweep(small, {LOAD: [10.0]})
    alone = make_scenario(designs=TWO, run__length_s=8.0, run__warm_up_s=2.0, world__load__arrival_rate=10.0)
    for design in TWO:
        rows = frame[frame["design"] == design].drop(columns=LOAD).reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, replicate(alone, design))


def test_workers_do_not_matter(small: Any) -> None:
    vary = {LOAD: [5.0, 15.0]}
    pd.testing.assert_frame_equal(sweep(small, vary), sweep(small, vary, workers=2))


def test_a_design_that_a_point_does_not_touch_is_not_run_again(small: Any) -> None:
    told: list[tuple[int, int]] = []
    frame = sweep(small, {TTL: [1.0, 4.0, 8.0]}, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (8, 8)  # two replications of three cached designs and of one JWT
    jwt = frame[frame["design"] == "jwt"].drop(columns=TTL)
    parts = [jwt.iloc[at : at + 2].reset_index(drop=True) for at in (0, 2, 4)]
    pd.testing.assert_frame_equal(parts[0], parts[1])
    pd.testing.assert_frame_equal(parts[0], parts[2])


def test_a_longer_time_to_live_hits_more_often_on_the_same_arrivals(small: Any) -> None:
    frame = sweep(small, {TTL: [0.5, 8.0]})
    cached = frame[frame["design"] == "cached"]
    short, long = (cached[cached[TTL] == ttl].set_index("replication")["hit_ratio"] for ttl in (0.5, 8.0))
    assert (long > short).all()


def test_the_scenario_that_was_passed_is_unchanged(small: Any) -> None:
    before = export_scenario(small)
    sweep(small, {LOAD: [5.0]})
    assert export_scenario(small) == before


@pytest.mark.parametrize(
    ("key", "values", "message"),
    [
        ("world.load.arrivl_rate", [5.0], "arrivl_rate"),
        (LOAD, [5.0, -1.0], "arrival_rate"),
        ("designs.cachd.service.ttl_s", [5.0], "has no table 'designs.cachd'"),
        ("designs.jwt.service.ttl_s", [5.0], "ttl_s"),
        (LOAD, [], "no values"),
    ],
)
def test_bad_points_are_told_in_one_line_before_anything_runs(
    key: str, values: list[float], message: str, small: Any
) -> None:
    told: list[int] = []
    with pytest.raises(InputError, match=message) as refused:
        sweep(small, {key: values}, progress=lambda done, _: told.append(done))
    assert "\n" not in str(refused.value)
    assert told == []

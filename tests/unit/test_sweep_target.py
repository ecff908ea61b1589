"""Replications until a half-width: the smallest numbers that reach it, never more than allowed."""

import math
from typing import Any

import pandas as pd
import pytest

import simlib
from simlib.analysis import compare_pairs
from simlib.experiment.jobs import Replication
from simlib.experiment.sweep_target import FEWEST, Target, build_target, parse_half_width
from simlib.scenario.errors import InputError
from support.scenarios import design_of, scenario

RATE = "world.load.arrival_rate"


def runs_of(slope: float = 0.0, **values: list[float]) -> dict[str, list[Replication]]:
    """Design -> replications with these mean latencies; the backlog of the last design grows by ``slope``."""
    last = list(values)[-1]
    return {
        design: [
            Replication(
                design, n, {"mean_s": v, "arrivals_per_s": 10.0, "backlog_slope": slope if design == last else 0.0}, {}
            )
            for n, v in enumerate(own)
        ]
        for design, own in values.items()
    }


@pytest.mark.parametrize(
    ("text", "value"), [("0.1ms", 1e-4), ("20us", 2e-5), ("2s", 2.0), ("0.5%", 0.005), (".5", 0.5), ("1e-3", 1e-3)]
)
def test_amounts_have_units(text: str, value: float) -> None:
    assert parse_half_width(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "0ms", "-1ms", "1h", "ms", "1 2"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--half-width"):
        parse_half_width(text)


def test_what_is_known_well_enough_wants_no_more() -> None:
    equal = runs_of(first=[1.0, 5.0, 9.0], other=[1.1, 5.1, 9.1])
    assert Target("mean_s", 1e-6).count_wanted(equal, 0.95) == 3, "the difference counts, not the two means"
    apart = runs_of(first=[1.0, 1.0, 1.0], other=[1.0, 5.0, 9.0])
    assert Target("mean_s", 1e-6).count_wanted(apart, 0.95) == 6, "at most twice as many at a time"
    assert Target("mean_s", 1e-6, most=5).count_wanted(apart, 0.95) == 5
    assert Target("mean_s", 100.0).count_wanted(apart, 0.95) == 3


def test_one_design_is_judged_by_its_mean_and_an_unstable_one_by_nothing() -> None:
    assert Target("mean_s", 1e-6).count_wanted(runs_of(only=[1.0, 5.0, 9.0]), 0.95) == 6
    growing = runs_of(5.0, first=[1.0, 1.0, 1.0], other=[1.0, 5.0, 9.0])
    assert Target("mean_s", 1e-6).count_wanted(growing, 0.95) == 3
    undefined = runs_of(first=[math.nan] * 3, other=[math.nan] * 3)
    assert Target("mean_s", 1e-6).count_wanted(undefined, 0.95) == 3


@pytest.mark.parametrize("changes", [{"metric": "nope"}, {"half_width": 0.0}, {"half_width": -1.0}])
def test_bad_targets_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        build_target(**{"half_width": 0.1, "metric": "mean_s", **changes})


def test_every_cell_of_a_sweep_reaches_the_half_width_or_has_all_that_it_may() -> None:
    designs = {
        "cached": design_of("opaque_cached", "reference_token"),
        "jwt": design_of("jwt_local", "jwt_access_token"),
    }
    small = scenario(designs=designs, run__length_s=7.0)
    told: list[tuple[int, int]] = []
    vary, most, wanted = {RATE: [4.0, 40.0]}, 8, 0.0001
    frame = simlib.sweep(
        small, vary, half_width="0.1ms", most=most, progress=lambda done, total: told.append((done, total))
    )
    counts = frame.groupby([RATE, "design"]).size().unstack()
    assert (counts["cached"] == counts["jwt"]).all()
    assert counts["jwt"].nunique() == 2, "cells differ in what they need"
    assert told[-1] == (len(frame), len(frame))
    for rate, count in counts["jwt"].items():
        own = {design: frame[(frame[RATE] == rate) & (frame["design"] == design)]["mean_s"] for design in designs}
        assert FEWEST <= count <= most
        assert count == most or compare_pairs(own["jwt"], own["cached"]).half_width <= wanted
    longer = small.with_run(small.run.model_copy(update={"replications": most}))
    keys = [RATE, "design", "replication"]
    fixed = simlib.sweep(longer, vary).set_index(keys)
    pd.testing.assert_frame_equal(
        frame.set_index(keys).sort_index(), fixed.loc[frame.set_index(keys).index].sort_index()
    )

"""Replications and comparisons: the same tables however many processes do the work, and refusals before any work."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simlib import simulate
from simlib.analysis import summarise
from simlib.experiment import compare, measure_token_reuse, replicate
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario
from support.worlds import DESIGNS, scenario

SMALL = {"length_s": 10.0, "warm_up_s": 2.0, "replications": 3}


def test_tables_do_not_depend_on_the_number_of_processes() -> None:
    made = scenario(**SMALL)
    one, two = compare(made, workers=1), compare(made, workers=2)
    pd.testing.assert_frame_equal(one.table, two.table, check_exact=True)
    assert one.forms == two.forms
    assert one.designs == two.designs == tuple(DESIGNS)
    pd.testing.assert_frame_equal(
        replicate(made, "jwt", workers=1), replicate(made, "jwt", workers=2), check_exact=True
    )


def test_a_table_has_a_row_for_each_replication_as_simulated_alone() -> None:
    made = scenario(**SMALL)
    done = []
    comparison = compare(made, progress=lambda part, whole: done.append((part, whole)))
    assert done == [(n, 9) for n in range(1, 10)]
    rows = comparison.table[["design", "replication"]].to_numpy().tolist()
    assert rows == [[design, number] for number in range(3) for design in DESIGNS]
    for design in DESIGNS:
        figures = [summarise(simulate(made, design, number), 2.0) for number in range(3)]
        for metric in ("mean_s", "p99_s", "as_requests_per_s", "bytes_per_request"):
            assert comparison.list_values(design, metric) == [f[metric] for f in figures]
        alone = replicate(made, design)
        assert alone["mean_s"].tolist() == comparison.list_values(design, "mean_s")
    assert len(set(comparison.list_values("jwt", "mean_s"))) == 3  # replications differ


def test_designs_are_compared_under_the_same_luck() -> None:
    two = {name: DESIGNS[name] for name in ("opaque", "cached")}
    made = scenario(designs=two, length_s=25.0, warm_up_s=5.0, replications=6)
    comparison = compare(made)
    opaque, cached = (np.array(comparison.list_values(d, "mean_s")) for d in ("opaque", "cached"))
    assert np.corrcoef(opaque, cached)[0, 1] > 0.9
    assert (opaque - cached).std() < 0.5 * opaque.std()


def test_an_unknown_design_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match="no design 'jvt'; it has opaque, cached, jwt"):
        replicate(scenario(**SMALL), "jvt")
    with pytest.raises(InputError, match="no design 'jvt'"):
        simulate(scenario(**SMALL), "jvt")


def test_a_run_beyond_its_memory_budget_is_refused_before_it_begins() -> None:
    made = scenario(arrival_rate=1e6, length_s=1e6, memory_budget_mb=100)
    for refused in (
        lambda: simulate(made, "jwt"),
        lambda: replicate(made, "jwt"),
        lambda: compare(made, workers=2),
    ):
        with pytest.raises(
            InputError, match=r"about 1,000,000,000,000 requests.*run\.memory_budget_mb = 100; .*run\.length_s"
        ):
            refused()
    with pytest.raises(InputError, match=r"about 1e\+306 requests") as endless:
        simulate(scenario(arrival_rate=1e6, length_s=1e300), "jwt")
    assert len(str(endless.value)) < 300  # no number of 300 digits
    barely = scenario(arrival_rate=20.0, length_s=10.0, memory_budget_mb=1)
    assert len(simulate(barely, "opaque")["requests"]["request"]) > 100


def replaying(folder: Path, warm_up: float) -> Scenario:
    log = folder / "log.csv"
    log.write_text("time,user\n" + "".join(f"{second},{second % 3}\n" for second in range(100)))
    load = {"kind": "replay", "file": str(log), "time_column": "time", "user_column": "user", "speed_up": 10.0}
    return scenario(world={"load": load}, length_s=1000.0, warm_up_s=warm_up)


def test_a_warm_up_that_outlasts_the_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="warm_up_s must be below length_s"):
        scenario(length_s=10.0, warm_up_s=10.0)
    # A replayed log is as long as it is, whatever length_s says: 100 s at ten times the speed.
    for design in DESIGNS:
        with pytest.raises(InputError, match=r"run\.warm_up_s: 20 s of warm-up leave nothing"):
            simulate(replaying(tmp_path, 20.0), design)
    with pytest.raises(InputError, match=r"run\.warm_up_s"):
        compare(replaying(tmp_path, 20.0))
    made = replaying(tmp_path, 5.0)
    assert made.horizon_s == pytest.approx(10.0, abs=0.2)
    rows = simulate(made, "jwt")["requests"]
    assert len(rows["request"]) == 100
    assert len(set(rows["user"].tolist())) == 3


def test_reuse_of_tokens_is_told_for_every_design() -> None:
    made = scenario(users=10, arrival_rate=50.0, length_s=60.0)
    told = {reuse.design: reuse for reuse in measure_token_reuse(made)}
    assert {name: (r.kind, r.window_s) for name, r in told.items()} == {
        "opaque": ("token lifetime", 60.0),
        "cached": ("cache TTL", 10.0),
        "jwt": ("token lifetime", 60.0),
    }
    assert not any(reuse.is_distorted for reuse in told.values())
    # Five requests a second of each user: about 50 and one in ten seconds.
    assert told["cached"].requests == pytest.approx(51, rel=0.15)

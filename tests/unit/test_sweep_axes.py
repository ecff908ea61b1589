"""Figures of sweeps over several keys: lines, words in place of numbers, and points of samples."""

from itertools import product
from typing import Any

import pandas as pd
import pytest

from simlib.analysis import METRICS
from simlib.experiment.sweep_plan import SweepPlan, plan_sweep
from simlib.experiment.variation import Sample, Variation
from simlib.report.sweep_axes import MOST_LINES, arrange_points
from simlib.report.sweep_report import build_sweep_rows, sweep_figure
from simlib.scenario.scenario import Scenario
from support.scenarios import design_of, scenario

RATE, ALGORITHM = "world.load.arrival_rate", "algorithm"


def small() -> Scenario:
    jwt = design_of("jwt_local", "jwt_access_token")
    return scenario(designs={"cached": design_of("opaque_cached", "reference_token"), "jwt": jwt})


def sweep_by_hand(plan: SweepPlan) -> pd.DataFrame:
    """Three replications; every metric is the number of the point, in thousandths."""
    rows: list[dict[str, Any]] = [
        {
            **point,
            "design": design,
            "replication": replication,
            **dict.fromkeys(METRICS, (number + replication / 10) / 1000),
            "backlog_slope": 0.0,
            "arrivals_per_s": 20.0,
        }
        for (number, point), replication, design in product(enumerate(plan.points), range(3), plan.scenario.designs)
    ]
    return pd.DataFrame(rows)


def test_other_keys_make_a_line_of_each_of_their_values() -> None:
    plan = plan_sweep(small(), [Variation(ALGORITHM, ("RS256", "ES256")), Variation(RATE, (5, 10, 20))])
    shown = arrange_points(plan, sweep_by_hand(plan))
    assert (shown.key, shown.ticks) == (RATE, ())
    assert list(shown.frame["design"].unique()) == [
        f"{design}, algorithm = {algorithm}" for algorithm in ("RS256", "ES256") for design in ("cached", "jwt")
    ]
    figure, description = sweep_figure(plan, sweep_by_hand(plan), "mean_s")
    lines = figure.axes[0].lines
    assert [list(line.get_xdata()) for line in lines] == [[5.0, 10.0, 20.0]] * 4
    assert list(lines[2].get_ydata()) == pytest.approx([3.1, 4.1, 5.1]), "milliseconds of points 3, 4 and 5"
    assert "jwt, algorithm = ES256" in description


def test_a_key_without_numbers_has_its_words_on_the_axis() -> None:
    plan = plan_sweep(small(), [Variation(ALGORITHM, ("RS256", "ES256"))])
    figure, description = sweep_figure(plan, sweep_by_hand(plan), "mean_s")
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["RS256", "ES256"]
    assert "at RS256" in description


def test_more_lines_than_a_figure_holds_are_left_out_and_it_says_so() -> None:
    ttls = tuple(float(ttl) for ttl in range(1, MOST_LINES))
    plan = plan_sweep(small(), [Variation(RATE, (5, 10)), Variation("ttl", ttls)])
    shown = arrange_points(plan, sweep_by_hand(plan))
    assert set(shown.frame["designs.cached.service.ttl_s"]) == {1.0}
    assert "designs.cached.service.ttl_s = 1" in shown.note
    assert shown.note in sweep_figure(plan, sweep_by_hand(plan))[1]


def test_points_of_a_sample_are_not_joined() -> None:
    spans = [Variation(RATE, span=(5, 50)), Variation("ttl", span=(1, 9))]
    plan = plan_sweep(small(), spans, sample=Sample("latin", 5))
    figure, _ = sweep_figure(plan, sweep_by_hand(plan), "mean_s")
    assert {line.get_linestyle() for line in figure.axes[0].lines} == {"None"}
    assert [len(list(line.get_xdata())) for line in figure.axes[0].lines] == [5, 5]


def test_rows_name_the_keys_where_there_are_several() -> None:
    plan = plan_sweep(small(), [Variation(ALGORITHM, ("RS256", "ES256")), Variation(RATE, (5, 10))])
    rows = [row for row in build_sweep_rows(plan, sweep_by_hand(plan)) if row["metric"] == "mean_s"]
    assert [(row[ALGORITHM], row[RATE]) for row in rows[::2]] == [(p[ALGORITHM], p[RATE]) for p in plan.points]
    assert [row["mean"] for row in rows[::2]] == pytest.approx([(number + 0.1) / 1000 for number in range(4)])
    assert "key" not in rows[0]

"""Figures drawn from records: distributions and steps, judged by the data on their axes."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from simlib.analysis.latency_steps import STEPS, measure_steps
from simlib.analysis.summary import summarise
from simlib.deployment.simulate import simulate
from simlib.report.latency_figures import compute_tail, distribution_figure, steps_figure
from simlib.scenario.records import FINISHED, SCHEMA, Records

DESIGNS = ("opaque_introspection", "opaque_cached", "jwt_local")
Runs = Mapping[str, list[Records]]


@pytest.fixture(scope="module")
def runs() -> Runs:
    from support.scenarios import scenario

    made = scenario(run__detail="visits", world__revocations__rate=0.0)
    return {design: [simulate(made, design, n) for n in range(2)] for design in DESIGNS}


def with_latencies(seconds: list[float]) -> Records:
    """Requests that arrive one a second and take so long."""
    count = len(seconds)
    kinds = SCHEMA["requests"]
    requests = {name: np.zeros(count, dtype=kind) for name, kind in kinds.items()}
    requests["arrival"] = np.arange(count, dtype=np.float64)
    requests["end"] = requests["arrival"] + seconds
    requests["checking"] = np.array(seconds) / 10
    requests["outcome"][:] = FINISHED
    return Records({"requests": requests}, (), float(count), {}, {})


def test_the_tail_is_the_share_that_takes_longer() -> None:
    one = compute_tail([with_latencies([0.001 * n for n in range(1001)])], 0.0)
    assert one.shares[0] == 1.0
    assert one.shares[-1] == pytest.approx(10 / 1001)
    for share, interval in zip(one.shares, one.latencies, strict=True):
        assert interval.mean == pytest.approx(1 - share, abs=1e-9)


def test_the_tail_of_checking_is_that_of_the_part() -> None:
    whole, part = (compute_tail([with_latencies([0.02] * 50)] * 2, 0.0, what=what) for what in ("latency", "checking"))
    assert [interval.mean for interval in whole.latencies] == pytest.approx([0.02] * len(whole.shares))
    assert [interval.mean for interval in part.latencies] == pytest.approx([0.002] * len(part.shares))


def test_requests_of_the_warm_up_are_not_in_the_distribution() -> None:
    assert compute_tail([with_latencies([9.0] * 30 + [0.02] * 70)], 30.0).latencies[-1].mean == pytest.approx(0.02)


def test_too_few_requests_have_no_distribution() -> None:
    with pytest.raises(ValueError, match="too few"):
        compute_tail([with_latencies([0.02] * 19)], 0.0)


def test_the_distribution_has_a_line_per_design_in_milliseconds_and_bands_from_two_replications(runs: Runs) -> None:
    figure, alt = distribution_figure(runs, 5.0)
    whole = figure.axes[0]
    assert [line.get_label() for line in whole.lines] == list(DESIGNS)
    assert len({line.get_color() for line in whole.lines}) == len(DESIGNS)
    for axes, what in zip(figure.axes, ("latency", "checking"), strict=True):
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        assert len(axes.collections) == len(DESIGNS)
        for line, replications in zip(axes.lines, runs.values(), strict=True):
            expected = compute_tail(replications, 5.0, what=what)
            assert line.get_ydata() == pytest.approx(expected.shares)
            assert line.get_xdata() == pytest.approx([i.mean * 1e3 for i in expected.latencies])
    assert all(f"{design}: p50 " in alt for design in DESIGNS)
    single, _ = distribution_figure({"one": runs["jwt_local"][:1]}, 5.0)
    assert [len(axes.collections) for axes in single.axes] == [0, 0]


@pytest.mark.parametrize("design", DESIGNS)
def test_the_steps_add_up_to_the_mean_latency(design: str, runs: Runs) -> None:
    for records in runs[design]:
        found = measure_steps(records, 5.0)
        assert list(found) == list(STEPS)
        assert sum(found.values()) == pytest.approx(summarise(records, 5.0)["mean_s"], rel=1e-9)
        assert min(found.values()) >= -1e-12


def test_only_a_design_that_asks_waits_for_the_authorization_server(runs: Runs) -> None:
    asking = {design: measure_steps(runs[design][0], 5.0)["asking_s"] for design in DESIGNS}
    assert asking["jwt_local"] == pytest.approx(0, abs=1e-4)
    assert asking["jwt_local"] < asking["opaque_cached"] < asking["opaque_introspection"]
    assert asking["opaque_introspection"] > 0.001  # the round trip of the tiny world


def test_the_work_is_the_same_in_every_design_as_is_the_luck(runs: Runs) -> None:
    work = [measure_steps(replications[0], 5.0)["work_s"] for replications in runs.values()]
    assert work == pytest.approx([work[0]] * 3, rel=0.02)


def test_nobody_queues_at_a_server_with_workers_to_spare(make_scenario: Callable[..., Any]) -> None:
    busy, idle = (
        measure_steps(simulate(make_scenario(run__detail="visits", world__service__workers=n), "jwt_local"), 5.0)
        for n in (1, 64)
    )
    assert idle["queueing_s"] == 0
    assert busy["queueing_s"] > 0.0001


def test_the_wait_for_a_thread_is_queueing(make_scenario: Callable[..., Any]) -> None:
    """With one thread that is kept while the authorization server is asked, requests queue although the CPU is free."""
    busy = {"run__detail": "visits", "world__load__arrival_rate": 100.0, "world__revocations__rate": 0.0}
    many, one = (simulate(make_scenario(world__service__threads=n, **busy), "opaque_introspection") for n in (99, 1))
    free, short = measure_steps(many, 5.0), measure_steps(one, 5.0)
    assert short["queueing_s"] > 1.2 * free["queueing_s"]
    assert short["network_s"] == pytest.approx(free["network_s"], rel=0.01)
    assert sum(short.values()) == pytest.approx(summarise(one, 5.0)["mean_s"], rel=1e-9)


def test_records_without_visits_have_no_steps(make_scenario: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="detail = 'visits'"):
        measure_steps(simulate(make_scenario(), "jwt_local"), 5.0)


def test_the_bars_are_the_steps_in_milliseconds_stacked(runs: Runs) -> None:
    figure, alt = steps_figure(runs, 5.0)
    left = figure.axes[0]
    bars = [one for one in left.containers if hasattr(one[0], "get_width")]
    assert [one.get_label() for one in bars] == list(STEPS.values())
    for row, design in enumerate(DESIGNS):
        means = [np.mean([measure_steps(records, 5.0)[step] for records in runs[design]]) * 1e3 for step in STEPS]
        assert [one[row].get_width() for one in bars] == pytest.approx(means)
        assert [one[row].get_x() for one in bars] == pytest.approx([sum(means[:n]) for n in range(len(means))])
    assert all(meaning in alt for meaning in STEPS.values())
    assert len({(b[0].get_facecolor(), b[0].get_hatch()) for b in bars}) == len(STEPS)

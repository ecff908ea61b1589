"""Figures drawn from sweeps, judged by the data on their axes; the sweeps are made by hand."""

from typing import Any

import pandas as pd
import pytest

from simlib.analysis import METRICS
from simlib.analysis.cache_theory import ttl_hit_ratio
from simlib.analysis.intervals import student
from simlib.report.sweep_figures import LOAD, compute_curves, load_figure, ttl_figure

TTL = "designs.cached.service.ttl_s"
NOISE = (-1.0, 0.0, 1.0)


def swept(key: str, values: list[float], unstable: tuple[str, float] = ("", 0.0)) -> pd.DataFrame:
    """Three replications of two designs; every metric is the value itself, in thousandths, plus a little noise."""
    rows: list[dict[str, Any]] = []
    for value in values:
        for replication, noise in enumerate(NOISE):
            for number, design in enumerate(("cached", "jwt")):
                figures = dict.fromkeys(METRICS, (value + number + noise / 10) / 1000)
                slope = 5.0 + noise / 10 if (design, value) == unstable else 0.0
                rows.append({key: value, "design": design, "replication": replication, **figures})
                rows[-1] |= {"backlog_slope": slope, "arrivals_per_s": 20.0}
    return pd.DataFrame(rows)


def test_a_curve_holds_the_interval_over_the_replications_at_every_value() -> None:
    found = compute_curves(swept(LOAD, [10.0, 20.0]), LOAD, "mean_s")
    assert list(found) == ["cached", "jwt"]
    assert list(found["jwt"]) == [10.0, 20.0]
    assert found["jwt"][20.0] == student([(21 + noise / 10) / 1000 for noise in NOISE])


def test_a_line_ends_where_its_design_does_not_keep_up() -> None:
    frame = swept(LOAD, [10.0, 20.0, 30.0], unstable=("cached", 30.0))
    figure, alt = load_figure(frame)
    assert [list(line.get_xdata()) for line in figure.axes[0].lines] == [[10.0, 20.0], [10.0, 20.0, 30.0]]
    assert "cached: 10.0" in alt
    assert "at 20. jwt" in alt


def test_latency_and_utilisation_stand_side_by_side_in_the_units_that_people_see() -> None:
    figure, alt = load_figure(swept(LOAD, [10.0, 20.0]), "mean_s", "as_utilisation")
    latency, busy = figure.axes
    assert latency.get_title(loc="left") == "mean latency, ms"
    assert busy.get_title(loc="left") == "utilisation of the authorization server, %"
    assert list(latency.lines[0].get_ydata()) == pytest.approx([10.0, 20.0])
    assert list(busy.lines[0].get_ydata()) == pytest.approx([1.0, 2.0])
    assert "with intervals" in alt


def test_intervals_are_bands_and_designs_differ_in_colour_and_marker() -> None:
    axes = load_figure(swept(LOAD, [10.0, 20.0]))[0].axes[0]
    assert len(axes.collections) == 2
    heights = axes.collections[0].get_paths()[0].vertices[:, 1]
    expected = student([10 + noise / 10 for noise in NOISE])
    assert heights.min() == pytest.approx(expected.low)
    first, second = axes.lines
    assert first.get_color() != second.get_color()
    assert first.get_marker() != second.get_marker()


def test_the_closed_form_is_drawn_on_the_hit_ratio_only() -> None:
    figure, alt = ttl_figure(swept(TTL, [5.0, 15.0]), TTL, lambda ttl: ttl_hit_ratio(0.1, ttl))
    hits, exposure = figure.axes
    (theory,) = [line for line in hits.lines if line.get_label() == "closed form"]
    assert list(theory.get_ydata()) == pytest.approx([100 * 0.5 / 1.5, 100 * 1.5 / 2.5])
    assert len(exposure.lines) == 2
    assert "closed form" in alt


def test_without_a_closed_form_there_is_none() -> None:
    figure, alt = ttl_figure(swept(TTL, [5.0, 15.0]), TTL)
    assert [line.get_label() for line in figure.axes[0].lines] == ["cached", "jwt"]
    assert "closed form" not in alt

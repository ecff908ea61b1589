"""The figures of decisions: what is drawn is what was decided, and words say it too."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from simlib.decision.choice.results import Decision
from simlib.report.decision_figures import breakeven_figure, tornado_figure
from simlib.report.figure_style import render_png
from simlib.report.frontier_figure import frontier_figure
from simlib.report.record.inputs import describe_input
from simlib.report.switches_figure import list_drawn_switches, switches_figure
from support.choices import decided, work
from support.comparisons import CACHED, JWT, OPAQUE, Figures
from support.decisions import worthwhile

FIGURES: Figures = {
    OPAQUE: {"rs_cpu_s": [0.004] * 4, "as_cpu_s": [0.001] * 4, "mean_s": [0.03] * 4, "exposure_s": [0.0] * 4},
    CACHED: {"rs_cpu_s": [0.004] * 4, "as_cpu_s": [0.0005] * 4, "mean_s": [0.029] * 4, "exposure_s": [9.0] * 4},
    JWT: {"rs_cpu_s": [0.004] * 4, "as_cpu_s": [0.0001] * 4, "mean_s": [0.028] * 4, "exposure_s": [120.0] * 4},
}
ITEMS = (work(OPAQUE, 5.0, 10.0, 20.0), work(CACHED, 15.0, 20.0, 40.0), work(JWT, 10.0, 18.0, 30.0))


@pytest.fixture(scope="module")
def told() -> Decision:
    return decided(FIGURES, ITEMS, sensitivity=True)


class TestFrontier:
    def test_every_figure_has_a_panel_with_all_designs_and_their_intervals(self, told: Decision) -> None:
        figure, _ = frontier_figure(told)
        panels = [axes for axes in figure.axes if axes.axison]
        assert len(panels) == len(told.frontiers) == 4
        for axes, frontier in zip(panels, told.frontiers, strict=True):
            at = [container.lines[0].get_xydata()[0] for container in axes.containers]
            factor = 1000 if frontier.figure == "mean_s" else 1
            for (x, y), point in zip(at, frontier.points, strict=True):
                assert (x, y) == pytest.approx((point.effort_days.mean, point.gain.mean * factor))

    def test_the_dominated_are_hollow_and_the_frontier_passes_them_by(self, told: Decision) -> None:
        figure, words = frontier_figure(told)
        number = [frontier.figure for frontier in told.frontiers].index("mean_s")
        axes, frontier = figure.axes[number], told.frontiers[number]
        assert [point.design for point in frontier.points if point.dominated_by] == [CACHED]
        hollow = [container.lines[0].get_markerfacecolor() == "white" for container in axes.containers]
        assert hollow == [False, True, False]
        (line,) = [one for one in axes.lines if one.get_drawstyle().startswith("steps")]
        assert len(line.get_xdata()) == 2
        assert f"On the frontier, by the means: {OPAQUE}, {JWT}" in words

    def test_nothing_is_cut_off(self, told: Decision) -> None:
        figure, _ = frontier_figure(told)
        assert render_png(figure, 60)[:4] == b"\x89PNG"
        for axes in (one for one in figure.axes if one.axison):
            low, high = axes.get_ylim()
            for container in axes.containers:
                assert low <= container.lines[0].get_ydata()[0] <= high


class TestTornado:
    def test_bars_reach_from_the_middle_to_both_ends(self, told: Decision) -> None:
        own = told.sensitivity[1]
        figure, words = tornado_figure(own, "USD", bars=4)
        bars = figure.axes[0].patches
        ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars]
        for number, swing in enumerate(own.tornado[:4]):
            assert ends[2 * number] == pytest.approx((own.middle, swing.npv_low))
            assert ends[2 * number + 1] == pytest.approx((own.middle, swing.npv_high))
            assert describe_input(swing.input) in words

    def test_indices_stand_beside_them_and_are_left_out_with_them(self, told: Decision) -> None:
        own = told.sensitivity[1]
        figure, words = tornado_figure(own, "USD")
        assert len(figure.axes) == 2
        assert "Total Sobol indices" in words
        figure, words = tornado_figure(replace(own, sobol=()), "USD")
        assert len(figure.axes) == 1
        assert "Sobol" not in words


class TestBreakEven:
    def test_curve_band_and_crossings_are_those_of_the_pair(self, told: Decision) -> None:
        pair = told.against[OPAQUE][JWT]
        figure, words = breakeven_figure([pair], "USD", 20.0)
        axes = figure.axes[0]
        mean = next(line for line in axes.lines if line.get_label() == "mean")
        assert mean.get_xydata().tolist() == [list(one) for one in zip(pair.curve.loads, pair.curve.mean, strict=True)]
        crossed = next(line for line in axes.lines if line.get_label() == "break-even")
        assert crossed.get_xdata() == pytest.approx([crossing.load for crossing in pair.crossings])
        (band,) = [one for one in axes.collections if isinstance(one, PolyCollection)]
        heights = band.get_paths()[0].vertices[:, 1]
        assert heights.min() == pytest.approx(min(pair.curve.low))
        assert heights.max() == pytest.approx(max(pair.curve.high))
        assert "begins to pay" in words

    def test_a_pair_that_never_crosses_says_so(self) -> None:
        pair = decided(FIGURES, (work(OPAQUE, 10.0), work(JWT, 1.0))).against[OPAQUE][JWT]
        figure, words = breakeven_figure([pair], "USD", 20.0)
        assert "better at every load" in words
        crossed = next(line for line in figure.axes[0].lines if line.get_label() == "break-even")
        assert np.isnan(np.asarray(crossed.get_xdata(), dtype=float)).all()

    def test_no_number_of_the_axis_is_printed_over_zero(self) -> None:
        far = worthwhile(JWT, CACHED, -38_000.0, half=32_000.0)  # the axis is linear up to 70,000
        figure, _ = breakeven_figure([far], "USD", 20.0)
        (axes,) = figure.axes
        ticks = [tick for tick in axes.get_yticks() if tick != 0]
        assert ticks
        assert min(abs(tick) for tick in ticks) >= 20_000
        assert 0 in axes.get_yticks()

    def test_each_pair_has_a_panel(self, told: Decision) -> None:
        pairs = [own for rival in told.against.values() for own in rival.values()]
        figure, _ = breakeven_figure(pairs, "USD", 20.0)
        titles = [axes.get_title(loc="left") for axes in figure.axes if axes.axison]
        assert titles == [f"{pair.design} against {pair.against}" for pair in pairs]

    def test_no_pairs_are_refused(self) -> None:
        with pytest.raises(ValueError, match="no pairs"):
            breakeven_figure([], "USD", 1.0)


class TestSwitches:
    def test_each_mark_is_at_the_multiple_at_which_another_design_costs_as_little(self, told: Decision) -> None:
        figure, words = switches_figure(told)
        (axes,) = figure.axes
        drawn = list_drawn_switches(told)
        assert 2 <= len(drawn) <= 10
        marks = [line for line in axes.lines if line.get_marker() not in ("None", "", None)]
        assert [line.get_xdata()[0] for line in marks] == pytest.approx([own.at / own.value for own in drawn])
        assert [line.get_ydata()[0] for line in marks] == list(range(len(drawn)))
        low, high = axes.get_xlim()
        for own, line in zip(drawn, marks, strict=True):
            assert low < line.get_xdata()[0] < high
            assert describe_input(own.input) in words
        assert len(axes.get_xticks()) >= 3

    def test_values_that_count_nothing_or_are_out_of_reach_are_not_drawn(self, told: Decision) -> None:
        far = tuple(own for own in told.switches if own.value == 0 or own.ratio > 10)
        assert far
        assert not set(far) & set(list_drawn_switches(told))
        with pytest.raises(ValueError, match="no switch values"):
            switches_figure(replace(told, switches=far))

    def test_nothing_is_cut_off(self, told: Decision) -> None:
        figure, _ = switches_figure(told)
        assert render_png(figure, 60)[:4] == b"\x89PNG"

"""The two figures of a report: what is on their axes, and how they are written."""

import math
from collections.abc import Callable
from typing import Any

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from simlib.decision import Verdicts, judge_comparison
from simlib.report.comparison_figures import latency_figure, tradeoff_figure
from simlib.report.figure_style import MARKERS, OKABE_ITO, inline_svg, render_png, render_svg
from support.comparisons import CACHED, JWT, OPAQUE, comparison
from support.scenarios import design_of

BOTH = pytest.mark.parametrize("draw", [latency_figure, tradeoff_figure])
Draw = Callable[[Verdicts], Any]


def verdicts(figures: dict[str, Any] | None = None, **changes: Any) -> Verdicts:
    return judge_comparison(comparison(figures or {}, **changes))


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_the_latency_figure_shows_the_means_and_what_they_are_made_of() -> None:
    own = {"mean_s": [0.02] * 4, "obtaining_mean_s": [0.004] * 4, "checking_mean_s": [0.006] * 4}
    figure, alt = latency_figure(verdicts(dict.fromkeys((OPAQUE, CACHED, JWT), own)))
    left, right = figure.axes
    assert [label.get_text().split("\n")[0] for label in left.get_yticklabels()] == [OPAQUE, CACHED, JWT]
    widths = [
        [bar.get_width() for bar in bars]
        for bars in right.containers
        if len(bars) == 3 and hasattr(bars[0], "get_width")
    ]
    assert widths == [[pytest.approx(ms)] * 3 for ms in (4.0, 6.0, 10.0)]
    assert "mean 20.00 ± 0" in alt


def test_an_unstable_design_is_named_in_the_figure_and_has_no_bar() -> None:
    figure, alt = latency_figure(verdicts({JWT: {"backlog_slope": [5.0, 5.1, 4.9, 5.0]}}))
    assert all(texts(axes) == ["unstable: not averaged"] for axes in figure.axes)
    assert f"{JWT}: unstable, not averaged." in alt


def test_the_trade_off_has_a_point_per_design() -> None:
    figures = {
        OPAQUE: {"as_requests_per_s": 60.0, "exposure_s": 0.0},
        JWT: {"as_requests_per_s": 2.0, "exposure_s": 15.0},
    }
    figure, alt = tradeoff_figure(verdicts(figures, run__length_s=60.0))
    points = [line.get_xydata()[0] for line in figure.axes[0].lines if line.get_marker() in MARKERS]
    assert [tuple(point) for point in points[::2]] == [
        (pytest.approx(60, rel=0.01), 0.0),
        (pytest.approx(2, rel=0.01), pytest.approx(15, rel=0.01)),
    ]
    assert "exposure 15" in alt


def test_undefined_exposure_is_told_in_the_figure() -> None:
    nobody = {"exposure_s": math.nan}
    figure, alt = tradeoff_figure(verdicts(dict.fromkeys((OPAQUE, CACHED, JWT), nobody)))
    assert all("exposure after revocation is undefined" in texts(axes)[0] for axes in figure.axes)
    assert alt.count("exposure undefined") == 3


def shown_labels(axes: Any) -> list[Any]:
    """Labels of the y axis; matplotlib keeps ticks beyond its ends, too."""
    low, high = sorted(axes.get_ylim())
    ticks = [tick for tick in axes.yaxis.get_major_ticks() if low <= tick.get_loc() <= high]
    return [tick.label1 for tick in ticks if tick.label1.get_visible()]


@BOTH
def test_figures_of_one_and_of_eight_designs_keep_all_text_inside(draw: Draw) -> None:
    title = "A design with a title that goes on and on about its cache, its keys and the schedule " * 2
    many = {f"design_{n}": design_of("opaque_cached", "reference_token", title=f"{title}{n}") for n in range(8)}
    one = {"only": design_of("opaque_cached", "reference_token")}
    for designs in (many, one):
        figure, _ = draw(verdicts(designs=designs))
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        width, height = figure.get_size_inches() * figure.dpi
        legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes if axes.get_legend())]
        for part in [*legends, *(label for axes in figure.axes for label in shown_labels(axes))]:
            box = part.get_window_extent(renderer)
            assert box.x0 >= -1
            assert box.y0 >= -1
            assert box.x1 <= width + 1
            assert box.y1 <= height + 1


@BOTH
def test_equal_figures_are_equal_bytes_without_date_or_address(draw: Draw) -> None:
    first, second = (draw(verdicts())[0] for _ in range(2))
    assert render_svg(first) == render_svg(second)
    assert render_png(first) == render_png(second)
    assert b"<metadata>" not in render_svg(first)
    assert b"dc:date" not in render_svg(first)


def test_figures_on_one_page_share_no_ids_and_are_described() -> None:
    figure, _ = latency_figure(verdicts())
    element = inline_svg(render_svg(figure), "latency", 'say "<this>" & that')
    assert element.startswith('<svg role="img" aria-label="say &quot;&lt;this&gt;&quot; &amp; that"')
    assert 'id="latency-' in element
    assert element.count('id="') == element.count('id="latency-')
    assert element.count("url(#") == element.count("url(#latency-")
    assert element.count('href="#') == element.count('href="#latency-')
    assert "http" not in element


def test_drawing_leaves_matplotlib_as_it_was() -> None:
    before = dict(matplotlib.rcParams)
    render_svg(tradeoff_figure(verdicts())[0])
    assert dict(matplotlib.rcParams) == before


def test_every_design_has_its_own_colour_and_marker() -> None:
    assert len({to_hex(colour) for colour in OKABE_ITO}) == len(set(MARKERS)) == 8

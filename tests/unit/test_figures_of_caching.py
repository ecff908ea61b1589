"""Figures of caching and of revocation, judged by the data on their axes; the frames are made by hand."""

import io
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure

from simlib.analysis import METRICS, Metric
from simlib.analysis.intervals import student
from simlib.report.cells import tabulate_measurements
from simlib.report.notebook import show_figure
from simlib.report.revocation_figures import answer_age_figure, revocation_figure
from simlib.report.ttl_trade_figure import PANELS, ttl_trade_figure
from simlib.scenario.errors import InputError
from support.missing_packages import hide_packages

NOISE = (-1.0, 0.0, 1.0)
TTLS = {"asks": 0.0, "short": 10.0, "long": 50.0}
ASKED = {"introspect": "introspection", "token": "tokens"}
WAITED = {"checking_mean_s": "checking", "obtaining_mean_s": "waiting"}


def measured(values: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Three replications of each design: these values, plus a little noise that cancels in the mean."""
    return pd.DataFrame(
        [
            {"design": design, "replication": number, **{name: value + noise / 100 for name, value in own.items()}}
            for number, noise in enumerate(NOISE)
            for design, own in values.items()
        ]
    )


def caching() -> pd.DataFrame:
    columns = [column for panel in PANELS for column in panel.columns]
    return measured({name: dict.fromkeys(columns, (ttl + 1) / 100) for name, ttl in TTLS.items()})


def points(axes: Any) -> list[tuple[list[float], list[float]]]:
    """What is drawn with intervals."""
    return [(list(bar[0].get_xdata()), list(bar[0].get_ydata())) for bar in axes.containers]


def test_each_quantity_stands_against_the_time_to_live_in_its_unit() -> None:
    figure, alt = ttl_trade_figure(caching(), TTLS)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [panel.title for panel in PANELS]
    for axes, panel in zip(figure.axes, PANELS, strict=True):
        drawn = points(axes)
        assert len(drawn) == len(panel.columns)
        for across, up in drawn:
            assert across == [0.0, 10.0, 50.0]
            assert up == pytest.approx([(ttl + 1) / 100 * panel.factor for ttl in TTLS.values()])
    assert "11 at 10 s" in alt


def test_the_closed_form_and_the_knee_are_drawn_where_they_belong() -> None:
    figure, alt = ttl_trade_figure(caching(), TTLS, {"asked_per_request": lambda ttl: 1 / (1 + ttl)}, knee_s=20.0)
    asked, *others = figure.axes
    (form,) = [line for line in asked.lines if line.get_label() == "closed form"]
    assert list(form.get_ydata()) == pytest.approx([100 / (1 + ttl) for ttl in form.get_xdata()])
    assert all("closed form" not in [line.get_label() for line in axes.lines] for axes in others)
    assert all([20.0, 20.0] in [list(line.get_xdata()) for line in axes.lines] for axes in figure.axes)
    assert "20 s" in alt
    (bound,) = [line for line in figure.axes[-1].lines if line.get_label() == "the time to live"]
    assert list(bound.get_xdata()) == list(bound.get_ydata())


def ages() -> pd.DataFrame:
    return measured({"cache": {"now": 0.8, "later": 0.4, "last": 0.0}, "jwt": {"now": 0.9, "later": 0.7, "last": 0.5}})


def test_the_age_of_answers_is_a_line_per_design_with_its_interval_and_its_closed_form() -> None:
    columns = {10.0: "later", 0.0: "now", 20.0: "last"}
    figure, alt = answer_age_figure(ages(), columns, {"cache": "A cache"}, {"cache": lambda age: 0.8 - age / 25})
    (axes,) = figure.axes
    line, form = axes.lines
    assert line.get_label() == "A cache"
    assert list(line.get_xdata()) == list(form.get_xdata()) == [0.0, 10.0, 20.0]
    assert list(line.get_ydata()) == pytest.approx([80.0, 40.0, 0.0])
    assert list(form.get_ydata()) == pytest.approx([80.0, 40.0, 0.0])
    heights = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert heights.max() == pytest.approx(student([79.0, 80.0, 81.0]).high)
    assert "A cache: 80% after 0 s" in alt
    assert "Closed forms" in alt


def test_a_design_whose_every_word_is_new_is_told_as_such() -> None:
    figure, alt = answer_age_figure(pd.DataFrame({"design": ["asks"], "now": [0.0]}), {5.0: "now"}, {"asks": "Asks"})
    assert "Asks: none at any time." in alt
    assert "Closed forms" not in alt
    assert len(figure.axes[0].lines) == 1


def revoking() -> Figure:
    frame = measured(
        {
            "jwt": {
                "exposure_s": 120.0,
                "introspect": 0.0,
                "token": 0.2,
                "checking_mean_s": 0.1,
                "obtaining_mean_s": 0.3,
            },
            "ask": {
                "exposure_s": 0.0,
                "introspect": 1.0,
                "token": 0.1,
                "checking_mean_s": 0.9,
                "obtaining_mean_s": 0.2,
            },
        }
    )
    figure, alt = revocation_figure(frame, {"ask": "Asks", "jwt": "JWT"}, {"ask": 10.0, "jwt": 300.0}, ASKED, WAITED)
    assert "Asks: 0 s of at most 10 s, 110 calls, 1,100 ms." in alt
    assert "JWT: 120 s of at most 300 s, 20 calls, 400 ms." in alt
    return figure


def test_what_is_measured_stands_beside_what_is_promised() -> None:
    left = revoking().axes[0]
    assert [label.get_text() for label in left.get_yticklabels()] == ["Asks", "JWT"]
    (bound,) = [line for line in left.lines if line.get_label() == "guaranteed bound"]
    assert list(bound.get_xdata()) == [10.0, 300.0]
    ((exposed, _),) = points(left)
    assert exposed == pytest.approx([0.0, 120.0])
    assert list(left.get_ylim()) == [1.6, -0.6]  # the first design on top


def test_what_is_paid_is_stacked_in_its_parts() -> None:
    _, asked, waited = revoking().axes
    assert asked.get_title(loc="left") == "Calls to the AS"
    bars = [[(bar.get_x(), bar.get_width()) for bar in parts] for parts in asked.containers]
    assert bars == [
        [pytest.approx((0, 100)), pytest.approx((0, 0), abs=1e-9)],
        [pytest.approx((100, 10)), pytest.approx((0, 20), abs=1e-9)],
    ]
    assert [bar.get_width() for parts in waited.containers for bar in parts] == pytest.approx([900, 100, 200, 300])


def test_a_table_of_measured_figures_has_means_and_half_widths_in_the_unit_that_people_see() -> None:
    frame = measured({"one": {"mean_s": 1.0}, "two": {"mean_s": 2.0}})
    table = tabulate_measurements(frame, [METRICS["mean_s"]], {"two": "The second"})
    half = student([1990.0, 2000.0, 2010.0]).half_width
    assert table.to_dict() == {"mean latency, ms": {"The second": f"2,000 ± {half:.0f}"}}
    shown = tabulate_measurements(frame, [METRICS["mean_s"], Metric("replication", "number", "", None)])
    assert list(shown.index) == ["one", "two"]
    assert list(shown.columns) == ["mean latency, ms", "number"]


def test_without_ipython_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_packages(monkeypatch, "IPython")
    with pytest.raises(InputError, match=r"show_figure needs the package IPython, .* 'simlib\[notebooks\]'$"):
        show_figure(ttl_trade_figure(caching(), TTLS))


def test_a_notebook_gets_a_picture_of_few_colours_with_its_words() -> None:
    from PIL import Image

    pytest.importorskip("IPython")
    figure, alt = ttl_trade_figure(caching(), TTLS)
    shown = show_figure((figure, alt))
    assert shown.alt == alt
    with Image.open(io.BytesIO(shown.data)) as picture:
        assert picture.mode == "P"
        assert picture.size == tuple(round(inches * 85) for inches in figure.get_size_inches())
    assert show_figure((figure, alt)).data == shown.data

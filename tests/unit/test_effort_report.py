"""Effort in tables and figures: every design is there, and the words say what is drawn."""

import pytest

from simlib.decision.effort import (
    Counts,
    Indicator,
    build_reference_designs,
    compute_effort_swings,
    explain_part,
    load_ledger,
    measure_indicators,
)
from simlib.report.effort_figures import effort_figure, growth_figure, swings_figure
from simlib.report.effort_tables import format_value, list_sources, tabulate_indicators, tabulate_items

LEDGER, DESIGNS = load_ledger(), build_reference_designs()


def row(name: str = "days", **values: tuple[float, ...] | None) -> Indicator:
    return Indicator(name, "to build", "person-days", "assumed", "somewhere", values)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("days", None, "\N{EN DASH}"),
        ("days", (174.0,), "174"),
        ("days", (0.4, 0.7), "0.4 to 0.7"),
        ("days", (21.83, 13.81, 34.0), "21.8 (13.8 to 34.0)"),
        ("days_difference", (-0.02, -3.6, 3.36), "+0.0 (\N{MINUS SIGN}3.6 to +3.4)"),
        ("days_difference", (-2.0,), "\N{MINUS SIGN}2"),
    ],
)
def test_values_are_told_with_their_interval(name: str, value: tuple[float, ...] | None, told: str) -> None:
    assert format_value(row(name), value) == told


def test_a_source_is_told_once() -> None:
    assert list_sources([row("a"), row("b")]) == ["From somewhere."]
    other = Indicator("c", "to run", "", "counted", "elsewhere", {})
    assert list_sources([row("a"), row("b"), other]) == ["to build: somewhere", "to run: elsewhere"]


def test_tables_hold_every_indicator_and_item() -> None:
    found = measure_indicators(LEDGER, DESIGNS, Counts(), n=50)
    table = tabulate_indicators(found)
    assert list(table.columns) == ["", *DESIGNS]
    assert len(table) == len(found)
    (items,) = explain_part(LEDGER, "jwt_local").values()
    assert list(tabulate_items(items).index) == [one.item.id for one in items]


def test_a_panel_per_indicator_with_every_design() -> None:
    figure, words = effort_figure([row(opaque=(2.0, 1.0, 4.0), jwt=(3.0, 2.0, 5.0)), row("b", opaque=None, jwt=(1.0,))])
    assert len(figure.axes) == 2
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["opaque", "jwt"]
    assert "opaque 2.0 (1.0 to 4.0), jwt 3.0" in words or "opaque 2 (1 to 4), jwt 3 (2 to 5)" in words


def test_a_tornado_has_the_widest_item_on_top() -> None:
    swings = compute_effort_swings(LEDGER, DESIGNS["jwt"], DESIGNS["opaque"], Counts())
    figure, words = swings_figure(swings, LEDGER, "JWT against opaque", 6.2, most=5)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(labels) == 5
    assert f"({swings[0].item})" in labels[0]
    assert LEDGER.find_item(swings[0].item).title in words
    assert words.startswith("JWT against opaque: 6.2 person-days.")


def test_lines_over_a_count_are_told_point_by_point() -> None:
    figure, words = growth_figure({"than opaque": {1: (2.0, -1.0, 4.0), 9: (-3.0, -5.0, 1.0)}}, "More", "services")
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["than opaque"]
    assert words == "More, over services. than opaque: +2.0 (-1.0 to +4.0) at 1, -3.0 (-5.0 to +1.0) at 9."


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="no indicator"):
        effort_figure([])
    with pytest.raises(ValueError, match="no item"):
        swings_figure([], LEDGER, "", 0.0)

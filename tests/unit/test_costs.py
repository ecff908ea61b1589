"""Costs read off a profile, as a table and as a figure."""

import numpy as np
import pytest

from simlib.analysis.usage import tabulate_costs
from simlib.report.validation_figures import costs_figure
from simlib.scenario.errors import InputError
from simlib.scenario.profile import CostProfile

PROFILE = CostProfile("test", {"a": np.linspace(1e-6, 3e-6, 101), "b": np.array([5e-6])}, {}, "as_measured")


def test_the_table_has_the_median_and_nine_runs_in_ten() -> None:
    table = tabulate_costs(PROFILE, ["b", "a"])
    assert list(table.index) == ["b", "a"]
    assert table.loc["a"].tolist() == pytest.approx([1.1, 2.0, 2.9])
    assert table.loc["b"].tolist() == pytest.approx([5.0, 5.0, 5.0])


def test_an_operation_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match="'c'"):
        tabulate_costs(PROFILE, ["c"])


def test_the_figure_draws_a_bar_per_operation_as_long_as_its_median() -> None:
    figure, words = costs_figure({"both": tabulate_costs(PROFILE, ["a", "b"]), "one": tabulate_costs(PROFILE, ["b"])})
    lengths = [[bar.get_width() for bar in axes.patches] for axes in figure.axes]
    assert lengths == [pytest.approx([2.0, 5.0]), pytest.approx([5.0])]
    assert "both: a 2, b 5. one: b 5." in words

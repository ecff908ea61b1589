"""The textbook queues that notebooks show, and the figure that lays them over their closed forms."""

import numpy as np
import pytest

from simlib.analysis import student
from simlib.analysis.queueing import VisitedStation, mg1_ps_mean_sojourn, mm1_mean_sojourn, product_form_mean_sojourn
from simlib.experiment.textbook_networks import RunSettings, simulate_closed_network, simulate_station, simulate_tandem
from simlib.report.validation_figures import theory_figure
from simlib.scenario.distributions import Constant, Exponential, Uniform
from support.networks import assert_covered

SHORT = RunSettings(12_000.0, 500.0, 10, seed=5)


def test_stations_have_the_sojourns_of_their_closed_forms() -> None:
    assert_covered(simulate_station(0.5, Exponential(mean_s=1.0), settings=SHORT), mm1_mean_sojourn(0.5, 1.0), 0.15)
    shared = simulate_station(0.5, Uniform(low_s=0.0, high_s=2.0), 1, "processor_sharing", SHORT)
    assert_covered(shared, mg1_ps_mean_sojourn(0.5, 1.0), 0.15)


def test_a_request_that_comes_back_has_the_sojourn_of_the_product_form() -> None:
    services = (Exponential(mean_s=0.1), Exponential(mean_s=0.2))
    settings = RunSettings(4_000.0, 500.0, 10, seed=5)
    expected = product_form_mean_sojourn(2.0, [VisitedStation(2, 0.1), VisitedStation(1, 0.2)])
    assert_covered(simulate_tandem(2.0, services, settings), expected, 0.1)


def test_one_user_who_thinks_and_asks_is_a_clockwork() -> None:
    services = (Constant(value_s=0.25), Constant(value_s=0.5))
    rates = simulate_closed_network(1, Constant(value_s=1.0), services, 1.0, RunSettings(900.0, 300.0, 1))
    assert rates == pytest.approx([1 / 3.0], abs=1 / 600)


def test_runs_are_the_same_again_and_other_seeds_differ() -> None:
    again = [
        simulate_station(0.3, Exponential(mean_s=1.0), settings=RunSettings(200.0, 10.0, 2, seed)) for seed in (1, 1, 2)
    ]
    assert (again[0] == again[1]).all()
    assert (again[0] != again[2]).all()


def test_the_figure_holds_the_lines_and_points_that_it_was_given() -> None:
    exact = {"M/M/1": [1.25, 2.0], "M/D/1": [1.1, 1.5]}
    points = {
        name: [student(np.array(values[i]) * [0.98, 1.0, 1.02]) for i in (0, 1)] for name, values in exact.items()
    }
    figure, words = theory_figure([0.2, 0.5], exact, points)
    (axes,) = figure.axes
    drawn = [line for line in axes.lines if line.get_linestyle() != "None" and line.get_label() in exact]
    assert [list(np.asarray(line.get_ydata())) for line in drawn] == list(exact.values())
    assert "4 of 4 exact values lie inside" in words
    assert "M/M/1, M/D/1" in words

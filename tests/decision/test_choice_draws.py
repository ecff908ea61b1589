"""Draws of figures from replications, inputs from their estimates, and contests of total costs."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simlib.analysis.intervals import compare_pairs, student
from simlib.decision.choice.break_even import find_first_crossings
from simlib.decision.choice.cost_pairs import compare_costs
from simlib.decision.choice.inputs import Input, draw_inputs, list_money_inputs
from simlib.decision.choice.monte_carlo import (
    build_certain_weights,
    compute_normal_weights,
    compute_student_weights,
    draw_figures,
)
from simlib.decision.choice.selection import select_best
from simlib.decision.effort import pert_mean
from simlib.decision.further_replications import compute_narrowing, count_further_replications, find_fewest
from simlib.scenario.errors import InputError
from support.scenarios import scenario

Values = NDArray[np.float64]
DRAWS = 40_000


def uniforms(rows: int, seed: int = 1, draws: int = DRAWS) -> Values:
    return np.random.default_rng(seed).random((rows, draws))


def table(**designs: list[float]) -> pd.DataFrame:
    rows = [
        {"design": name, "replication": number, "mean_s": value}
        for name, values in designs.items()
        for number, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


class TestWeights:
    def test_they_add_up_to_one_in_every_draw(self) -> None:
        assert compute_student_weights(uniforms(6)).sum(axis=0) == pytest.approx(1.0)

    @pytest.mark.parametrize("n", [3, 5, 12])
    @pytest.mark.parametrize("level", [0.5, 0.9])
    def test_the_share_of_draws_in_a_student_interval_is_its_level(self, n: int, level: float) -> None:
        values = np.random.default_rng(n).normal(100.0, 7.0, n)
        draws = values @ compute_student_weights(uniforms(n + 1))
        interval = student(values, level)
        inside = float(np.mean((draws >= interval.low) & (draws <= interval.high)))
        # Four standard errors of a share of 40,000 draws are 1 %.
        assert inside == pytest.approx(level, abs=0.01)
        assert float(np.mean(draws < interval.mean)) == pytest.approx(0.5, abs=0.01)

    def test_with_the_spread_as_observed_the_mean_has_its_standard_error(self) -> None:
        values = np.array([3.0, 4.0, 8.0, 5.0])
        weights = compute_normal_weights(uniforms(4))
        assert weights.sum(axis=0) == pytest.approx(1.0)
        draws = values @ weights
        assert draws.mean() == pytest.approx(5.0, abs=0.02)
        assert draws.std() == pytest.approx(np.std(values, ddof=1) / 2, rel=0.02)

    def test_pairs_stay_pairs(self) -> None:
        """Two designs differ by little, under luck that they share: the draws know the difference as the pairs do."""
        luck = np.random.default_rng(3).normal(0, 5.0, 6)
        one, other = 50.0 + luck, 50.3 + luck + np.array([0.1, -0.1, 0.05, 0.0, -0.05, 0.02])
        weights = compute_student_weights(uniforms(7))
        found = draw_figures(table(one=list(one), other=list(other)), ("one", "other"), ("mean_s",), weights)
        difference = found["other"]["mean_s"] - found["one"]["mean_s"]
        interval = compare_pairs(other, one, 0.9)
        low, high = np.quantile(difference, [0.05, 0.95])
        assert (low, high) == pytest.approx((interval.low, interval.high), abs=0.01)
        assert high - low < 0.3 < np.ptp(np.quantile(found["one"]["mean_s"], [0.05, 0.95]))

    def test_equal_replications_leave_nothing_uncertain(self) -> None:
        found = draw_figures(
            table(one=[0.1] * 4), ("one",), ("mean_s",), compute_student_weights(uniforms(5, draws=100))
        )
        assert set(found["one"]["mean_s"].tolist()) == {0.1}

    def test_one_replication_is_taken_as_it_is(self) -> None:
        assert compute_student_weights(uniforms(2, draws=5)).tolist() == [[1.0] * 5]

    def test_certainty_is_the_mean(self) -> None:
        found = draw_figures(table(one=[1.0, 2.0, 6.0]), ("one",), ("mean_s",), build_certain_weights(3))
        assert found["one"]["mean_s"].tolist() == pytest.approx([3.0])

    def test_what_a_replication_lacks_is_the_mean_of_the_others_and_what_all_lack_is_unknown(self) -> None:
        rows = table(one=[1.0, math.nan, 3.0], other=[math.nan] * 3)
        found = draw_figures(rows, ("one", "other"), ("mean_s", "p99_s"), build_certain_weights(3))
        assert found["one"]["mean_s"].tolist() == pytest.approx([2.0])
        assert np.isnan([found["other"]["mean_s"][0], found["one"]["p99_s"][0]]).all()

    def test_no_figure_is_below_nothing(self) -> None:
        found = draw_figures(table(one=[0.0, 0.0, 9.0]), ("one",), ("mean_s",), compute_student_weights(uniforms(4)))
        assert found["one"]["mean_s"].min() == 0

    def test_another_number_of_replications_is_refused(self) -> None:
        with pytest.raises(ValueError, match="one has 2 replications, not 3"):
            draw_figures(table(one=[1.0, 2.0]), ("one",), ("mean_s",), build_certain_weights(3))


class TestInputs:
    def test_the_mean_of_draws_is_that_of_the_estimate(self) -> None:
        own = Input("day", 400.0, 700.0, 1500.0, "USD", "here")
        values = draw_inputs({"day": own}, DRAWS, 1)["day"]
        assert values.min() >= 400
        assert values.max() <= 1500
        assert values.mean() == pytest.approx(pert_mean(400.0, 700.0, 1500.0), rel=0.005)

    def test_a_further_input_leaves_the_others_alone(self) -> None:
        day, hour = (Input(name, 1.0, 2.0, 4.0, "", "") for name in ("day", "hour"))
        alone = draw_inputs({"day": day}, 50, 1)["day"]
        assert draw_inputs({"hour": hour, "day": day}, 50, 1)["day"].tolist() == alone.tolist()
        assert draw_inputs({"day": day}, 80, 1)["day"][:50].tolist() == alone.tolist()

    def test_requests_of_a_year_are_those_of_the_world_or_what_is_stated(self) -> None:
        assert list_money_inputs(scenario())["requests_per_year"].likely == 20.0 * 8760 * 3600
        stated = list_money_inputs(scenario(decision={"requests_per_year": {"low": 1, "likely": 2e6, "high": 3e6}}))
        assert (stated["requests_per_year"].low, stated["requests_per_year"].high) == (1, 3e6)

    def test_every_input_says_where_it_is_from(self) -> None:
        for name, one in list_money_inputs(scenario()).items():
            assert one.source, name
            assert float(one.description.split(" ")[0].replace(",", "")) == pytest.approx(one.likely, rel=1e-5)
            assert one.source in one.description

    def test_a_currency_without_its_prices_is_refused(self) -> None:
        with pytest.raises(InputError, match="EUR"):
            list_money_inputs(scenario(prices={"currency": "EUR"}))


class TestContest:
    def test_the_cheapest_wins_when_it_is_the_cheapest_in_enough_draws(self) -> None:
        one, other = np.array([1.0] * 95 + [9.0] * 5), np.full(100, 5.0)
        told = select_best({"other": other, "one": one}, 0.1, 0.95)
        assert (told.word, told.best, told.order, told.runner_up) == ("choose", "one", ("one", "other"), "other")
        assert told.p_best == {"one": 0.95, "other": 0.05}
        assert select_best({"other": other, "one": one}, 0.1, 0.96).word == "undecided"

    def test_draws_that_are_shared_count_in_part(self) -> None:
        told = select_best({"one": np.ones(4), "two": np.ones(4)}, 0.0, 0.9)
        assert told.p_best == {"one": 0.5, "two": 0.5}
        assert (told.word, told.equivalents) == ("equivalent", ("two",))

    def test_equivalents_must_be_so_with_their_whole_interval(self) -> None:
        wide = np.linspace(-3.0, 3.5, 1001)
        told = select_best({"one": np.zeros(1001), "two": wide}, 2.0, 0.95)
        assert told.word == "undecided"
        assert select_best({"one": np.zeros(1001), "two": wide}, 3.5, 0.95).word == "equivalent"

    def test_the_rest_must_cost_more(self) -> None:
        costs = {"one": np.zeros(100), "two": np.full(100, 0.5), "three": np.array([-9.0] * 30 + [9.0] * 70)}
        assert select_best(costs, 1.0, 0.95).word == "undecided"

    def test_rivals_of_the_same_cost_share_their_chance_of_being_the_best(self) -> None:
        apart = np.array([3.0] * 40 + [9.0] * 60)
        costs = {"first": np.full(100, 5.0), "b": apart, "a": apart + 0.01, "far": np.full(100, 99.0)}
        told = select_best(costs, 0.1, 0.95)
        assert told.word == "undecided"
        assert told.indifferent_groups == ((("b", "a"), 0.4),)
        assert (told.p_best["a"], told.p_best["b"]) == (0.0, 0.4)
        assert select_best(costs, 0.001, 0.95).indifferent_groups == ()

    def test_one_alone_wins(self) -> None:
        assert select_best({"one": np.arange(3.0)}, 0.0, 0.99).word == "choose"

    def test_nobody_cannot_compete(self) -> None:
        with pytest.raises(ValueError, match="no designs"):
            select_best({}, 1.0, 0.9)

    @given(st.integers(2, 5), st.integers(0, 1000), st.floats(0, 3), st.floats(0.6, 0.99))
    @settings(max_examples=40)
    def test_chances_add_up_and_more_indifference_never_loses_an_equivalent(
        self, count: int, seed: int, margin: float, level: float
    ) -> None:
        costs = {f"d{n}": np.random.default_rng(seed + n).normal(n, 1, 200) for n in range(count)}
        told, laxer = select_best(costs, margin, level), select_best(costs, margin + 1, level)
        assert sum(told.p_best.values()) == pytest.approx(1.0)
        assert set(told.equivalents) <= set(laxer.equivalents)
        assert told.p_equivalent <= laxer.p_equivalent + 1e-12


class TestReplications:
    def test_as_many_more_as_bring_the_interval_there(self) -> None:
        values = [4.0, 6.0, 5.0, 5.5, 4.5]
        interval = student(values, 0.95)
        more = count_further_replications(interval, 0.2)
        assert more is not None
        spread = np.std(values, ddof=1)

        def half(n: int) -> float:
            return compute_narrowing(5, n - 5, 0.95) * interval.half_width if n > 5 else interval.half_width

        assert half(5 + more) <= 0.2 < half(5 + more - 1)
        assert half(5 + more) == pytest.approx(2.0 * spread / math.sqrt(5 + more), rel=0.05)

    def test_no_number_is_enough_for_certainty(self) -> None:
        assert count_further_replications(student([1.0, 2.0, 3.0]), 0.0) is None

    @given(st.integers(1, 5000))
    def test_the_fewest_are_found(self, needed: int) -> None:
        assert find_fewest(lambda n: n >= needed, 5000) == needed
        assert find_fewest(lambda n: n >= needed, needed - 1) is None if needed > 1 else True


def test_first_crossings_lie_between_their_neighbours() -> None:
    loads = np.array([1.0, 10.0, 100.0])
    values = np.array([[-1.0, 1.0, 1.0, -1.0], [1.0, 1.0, -3.0, -1.0], [2.0, 1.0, 5.0, 1.0]])
    found = find_first_crossings(loads, values)
    assert found.tolist() == pytest.approx([10**0.5, math.inf, 10**0.25, 10**1.5])


class TestCostsOfEveryPair:
    def test_every_two_designs_are_compared_once_with_intervals_that_hold_together(self) -> None:
        random = np.random.default_rng(4)
        shared = random.normal(0, 50, 4000)
        totals = {name: mean + shared + random.normal(0, 3, 4000) for name, mean in MEANS.items()}
        pairs = {(pair.design, pair.against): pair for pair in compare_costs(totals, list(MEANS), 20.0, 0.95)}
        assert list(pairs) == [("b", "a"), ("c", "a"), ("d", "a"), ("c", "b"), ("d", "b"), ("d", "c")]
        assert {pair.level for pair in pairs.values()} == {1 - 0.05 / 6}
        assert (pairs["b", "a"].word, pairs["c", "a"].word, pairs["d", "c"].word) == (
            "equivalent",
            "costs more",
            "costs less",
        )
        inside = np.ones(4000, dtype=bool)
        for (design, other), pair in pairs.items():
            difference = totals[design] - totals[other]
            inside &= (pair.low <= difference) & (difference <= pair.high)
            assert pair.p_less + pair.p_more == pytest.approx(1.0)
        assert inside.mean() >= 0.95  # in so many draws all intervals hold at once

    def test_equal_costs_are_equivalent_and_less_in_no_draw(self) -> None:
        same = np.full(10, 7.0)
        (pair,) = compare_costs({"a": same, "b": same}, ["a", "b"], 0.0, 0.95)
        assert (pair.word, pair.p_less, pair.p_more, pair.mean) == ("equivalent", 0.0, 0.0, 0.0)


MEANS = {"a": 0.0, "b": 4.0, "c": 60.0, "d": 20.0}


class TestEquivalentDesigns:
    def test_the_whole_group_is_within_the_margin_in_the_stated_share_of_the_draws(self) -> None:
        """Each of five is within the margin of the best in 97 % of the draws by itself, but not all at once."""
        draws = 4000
        totals = {"best": np.zeros(draws)}
        for number in range(5):
            own = np.full(draws, 1.0)
            own[number * 120 : (number + 1) * 120] = 30.0  # other draws for each
            totals[f"d{number}"] = own
        chosen = select_best(totals, 10.0, 0.95)
        assert all((totals[name] <= 10).mean() >= 0.95 for name in totals)
        group = (chosen.best, *chosen.equivalents)
        assert len(group) == 2  # a second one would make it 94 %
        assert np.mean(np.all([totals[name] <= 10.0 for name in group], axis=0)) >= 0.95

    @given(
        means=st.lists(st.floats(0, 100), min_size=2, max_size=6),
        spread=st.floats(0.1, 40),
        margin=st.floats(0, 60),
        seed=st.integers(0, 10_000),
    )
    @settings(max_examples=60, deadline=None)
    def test_no_group_has_an_error_above_the_stated_one(
        self, means: list[float], spread: float, margin: float, seed: int
    ) -> None:
        random = np.random.default_rng(seed)
        totals = {f"d{n}": mean + random.normal(0, spread, 500) for n, mean in enumerate(means)}
        chosen = select_best(totals, margin, 0.95)
        cheapest = np.min(list(totals.values()), axis=0)
        if chosen.equivalents:
            within = [totals[name] - cheapest <= margin for name in (chosen.best, *chosen.equivalents)]
            assert np.all(within, axis=0).mean() >= 0.95
        if chosen.word == "choose":
            assert (totals[chosen.best] == cheapest).mean() >= 0.95

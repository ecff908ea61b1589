"""All pairs of designs and the best of them: on normal data of known means the statements hold together."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simlib.analysis import METRICS, Metric
from simlib.analysis.intervals import compare_pairs
from simlib.decision import Judgement, judge_comparison, judge_difference
from simlib.decision.best_designs import BestDesigns, Standing, compare_with_best, describe_best
from simlib.decision.pairs import Pairs, compute_pair_level, count_pairs
from simlib.report.pair_tables import build_pair_matrices, describe_family, list_best_rows, list_pair_rows
from simlib.scenario.errors import InputError
from support.comparisons import CACHED, JWT, OPAQUE, Figures, comparison

LEVEL, TRIALS = 0.95, 150
METRIC = METRICS["mean_s"]
NOTHING: Figures = {}


def judge_all(values: Mapping[str, Sequence[float]], margin: float, metric: Metric = METRIC) -> Pairs:
    """Every pair of columns of values, one per design, as comparisons judge them."""
    level = compute_pair_level(LEVEL, len(values))
    return {
        (design, other): {
            metric.name: judge_difference(metric, design, values[design], other, values[other], margin, level)
        }
        for design in values
        for other in values
        if design != other
    }


def rank(values: Mapping[str, Sequence[float]], margin: float, metric: Metric = METRIC) -> BestDesigns:
    """The standings of the designs in one metric."""
    pairs = {
        pair: {name: own.get(name, next(iter(own.values()))) for name in METRICS}
        for pair, own in judge_all(values, margin, metric).items()
    }
    return compare_with_best(pairs, list(values), LEVEL)[metric.name]


def draw(
    random: np.random.Generator, means: Sequence[float], replications: int, common: float
) -> dict[str, NDArray[np.float64]]:
    """Replications of designs: a part that all share, as under common random numbers, and an own part of each."""
    shared = random.normal(0, common, replications)
    spreads = np.linspace(0.5, 2.0, len(means))  # designs whose variances differ
    return {
        f"d{number}": mean + shared + random.normal(0, spread, replications)
        for number, (mean, spread) in enumerate(zip(means, spreads, strict=True))
    }


CONFIGURATIONS = {
    "all equal": [0.0] * 6,
    "one better by the margin": [0.0, *[1.0] * 5],
    "one better by less": [0.0, *[0.7] * 5],
    "apart": [0.0, 0.5, 1.0, 2.0, 4.0, 8.0],
}


@pytest.mark.parametrize("means", CONFIGURATIONS.values(), ids=list(CONFIGURATIONS))
@pytest.mark.parametrize("replications", [4, 10])
def test_all_intervals_of_all_pairs_cover_together(means: list[float], replications: int) -> None:
    random = np.random.default_rng(1)
    together = separately = 0
    for _ in range(TRIALS):
        values = draw(random, means, replications, common=3.0)
        truth = dict(zip(values, means, strict=True))
        pairs = {pair: own["mean_s"] for pair, own in judge_all(values, 0.0).items()}
        together += all(_covers(judged, truth[a] - truth[b]) for (a, b), judged in pairs.items())
        single = {(a, b): compare_pairs(values[a], values[b], LEVEL) for a, b in pairs}
        separately += all(own.low <= truth[a] - truth[b] <= own.high for (a, b), own in single.items())
    least = LEVEL - 3 * math.sqrt(LEVEL * (1 - LEVEL) / TRIALS)
    assert together / TRIALS >= least
    assert separately / TRIALS < 0.85 < least  # intervals that each hold by themselves do not hold together


def _covers(judged: Judgement, difference: float) -> bool:
    return judged.difference.low <= difference <= judged.difference.high


@pytest.mark.parametrize("means", CONFIGURATIONS.values(), ids=list(CONFIGURATIONS))
def test_no_word_about_the_best_is_wrong_but_in_one_case_of_twenty(means: list[float]) -> None:
    random, margin = np.random.default_rng(2), 1.0
    wrong = decided = 0
    for _ in range(TRIALS):
        values = draw(random, means, 20, common=3.0)
        gap = dict(zip(values, np.array(means) - min(means), strict=True))
        standings = rank(values, margin).standings
        wrong += any(_is_wrong(standing, gap[name], margin, means) for name, standing in standings.items())
        decided += sum(standing.word != "undecided" for standing in standings.values())
        assert all(standing.low <= standing.high for standing in standings.values())
    assert wrong / TRIALS <= 1 - LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / TRIALS)
    assert decided  # the words are not merely cautious


def _is_wrong(standing: Standing, gap: float, margin: float, means: list[float]) -> bool:
    if standing.word == "worse":
        return gap == 0
    if standing.word == "best":
        return gap > 0
    return standing.word == "equivalent" and gap > margin


def test_the_probability_of_selecting_a_design_within_the_margin_is_kept() -> None:
    """Slippage: the best is better than all others by just the margin (the least favourable configuration)."""
    random, margin = np.random.default_rng(3), 1.0
    selected = right = 0
    for _ in range(TRIALS):
        best = rank(draw(random, [0.0, *[1.0] * 5], 60, common=3.0), margin)
        names = best.list_designs("best")
        selected += bool(names)
        right += names == ("d0",)
    assert selected > TRIALS / 3
    assert right >= (LEVEL - 0.02) * selected


def test_two_designs_are_compared_by_the_paired_interval_itself() -> None:
    assert (count_pairs(1), count_pairs(2), count_pairs(4)) == (1, 1, 6)
    assert compute_pair_level(0.95, 2) == pytest.approx(0.95)
    assert compute_pair_level(0.95, 4) == pytest.approx(1 - 0.05 / 6)


def steady(mean: float, half: float = 0.001) -> list[float]:
    """Values of four replications around a mean."""
    return [mean - half, mean + half, mean - half / 2, mean + half / 2]


class TestStandings:
    def test_one_is_best_and_the_others_are_worse(self) -> None:
        best = rank({"a": steady(1.0), "b": steady(2.0, 0.002), "c": steady(3.0, 0.003)}, 0.1)
        assert {name: own.word for name, own in best.standings.items()} == {"a": "best", "b": "worse", "c": "worse"}
        assert describe_best(best) == "Mean latency: best: a; worse: b, c."
        assert describe_best(best, {"a"}) == "Mean latency: best: a (breaks a limit); worse: b, c."

    def test_designs_within_the_margin_of_the_best_are_as_good(self) -> None:
        best = rank({"a": steady(1.0), "b": steady(1.01, 0.002), "c": steady(3.0, 0.003)}, 0.1)
        assert {name: own.word for name, own in best.standings.items()} == {
            "a": "best",
            "b": "equivalent",
            "c": "worse",
        }
        assert describe_best(best) == "Mean latency: best or within 100 ms of it: a, b; worse: c."

    def test_an_undecided_design_says_how_many_replications_are_needed(self) -> None:
        best = rank({"a": [1.0, 1.4, 0.8, 1.2], "b": [1.3, 1.0, 1.1, 1.4], "c": steady(9.0)}, 0.05)
        assert (best.standings["a"].word, best.standings["b"].word) == ("undecided", "undecided")
        assert best.standings["c"].word == "worse"
        assert "more replication" in describe_best(best)

    def test_where_more_is_better_the_order_is_turned(self) -> None:
        best = rank({"a": steady(0.9), "b": steady(0.99, 0.002)}, 0.01, METRICS["availability"])
        assert {name: own.word for name, own in best.standings.items()} == {"a": "worse", "b": "best"}

    def test_a_metric_that_a_design_lacks_is_not_comparable(self) -> None:
        best = rank({"a": steady(1.0), "b": [math.nan] * 4, "c": steady(2.0, 0.002)}, 0.1)
        assert {own.word for own in best.standings.values()} == {"undefined"}


def verdicts_of(figures: Figures = NOTHING, **changes: Any) -> Any:
    return judge_comparison(comparison(figures, **changes))


FIGURES: Figures = {OPAQUE: {"mean_s": 0.03}, CACHED: {"mean_s": 0.02}, JWT: {"mean_s": 0.025}}


class TestComparisons:
    def test_every_two_designs_are_compared_in_both_orders(self) -> None:
        judged = verdicts_of(FIGURES)
        assert len(judged.pairs) == 6
        assert judged.pairs[JWT, CACHED]["mean_s"].word == "worse"
        for design, other in judged.pairs:
            there, back = judged.pairs[design, other]["mean_s"], judged.pairs[other, design]["mean_s"]
            assert there.difference.mean == pytest.approx(-back.difference.mean)
            assert there.margin == back.margin
            assert there.difference.level == pytest.approx(1 - 0.05 / 3)

    def test_the_baseline_is_named_or_stated_or_the_first(self) -> None:
        compared = comparison(FIGURES)
        assert judge_comparison(compared).baseline == OPAQUE
        named = judge_comparison(compared, JWT)
        assert (named.baseline, set(named.judgements)) == (JWT, {OPAQUE, CACHED})
        assert named.judgements[OPAQUE]["mean_s"].word == "worse"
        assert named.find_word(JWT, "mean_s") == ""
        assert judge_comparison(comparison(FIGURES, decision={"baseline": CACHED})).baseline == CACHED
        with pytest.raises(InputError, match="other"):
            judge_comparison(compared, "other")

    def test_an_unstable_design_is_no_part_of_the_family(self) -> None:
        judged = verdicts_of({**FIGURES, JWT: {"backlog_slope": [5.0] * 4}})
        assert set(judged.pairs) == {(OPAQUE, CACHED), (CACHED, OPAQUE)}
        assert judged.pair_level == pytest.approx(0.95)
        assert set(judged.best["mean_s"].standings) == {OPAQUE, CACHED}

    def test_the_best_are_named_in_a_sentence_and_marked_when_they_break_a_limit(self) -> None:
        judged = verdicts_of(
            FIGURES, limits={"no_as_dependency": True}, designs__jwt_local__service__jwks_stale_if_error_s=700.0
        )
        assert judged.best_sentences[0] == (
            f"Mean latency: best: {CACHED} (breaks a limit); worse: {OPAQUE} (breaks a limit), {JWT}."
        )

    def test_one_design_has_no_pairs_and_no_best(self) -> None:
        judged = verdicts_of(designs__opaque_cached=..., designs__jwt_local=...)
        assert (judged.pairs, judged.best_sentences) == ({}, ())
        assert build_pair_matrices(judged) == []


class TestTables:
    def test_the_matrix_has_means_on_its_diagonal_and_differences_beside(self) -> None:
        matrix = build_pair_matrices(verdicts_of(FIGURES))[0]
        assert matrix.metric.name == "mean_s"
        assert {row: list(cells) for row, cells in matrix.rows.items()} == {
            name: [OPAQUE, CACHED, JWT] for name in (OPAQUE, CACHED, JWT)
        }
        assert matrix.rows[CACHED][CACHED].value.startswith("20.0")
        assert matrix.rows[CACHED][CACHED].word == "best"
        assert matrix.rows[JWT][CACHED].word == "worse"
        assert matrix.rows[CACHED][JWT].word == "better"

    def test_rows_have_each_pair_once_with_its_level(self) -> None:
        judged = verdicts_of(FIGURES)
        rows = [row for row in list_pair_rows(judged) if row["metric"] == "mean_s"]
        assert [(row["design"], row["against"]) for row in rows] == [(CACHED, OPAQUE), (JWT, OPAQUE), (JWT, CACHED)]
        assert {row["family_level"] for row in rows} == {0.95}
        assert all(row["level"] == pytest.approx(1 - 0.05 / 3) for row in rows)
        best = {row["design"]: row for row in list_best_rows(judged) if row["metric"] == "mean_s"}
        assert {name: row["word"] for name, row in best.items()} == {OPAQUE: "worse", CACHED: "best", JWT: "worse"}
        assert best[OPAQUE]["low"] > 0.009

    def test_the_family_is_described(self) -> None:
        assert "all 3 differences among 3 designs hold together with 95 %" in describe_family(verdicts_of(FIGURES))
        assert "98.33 % each" in describe_family(verdicts_of(FIGURES))
        assert "paired 95 %" in describe_family(verdicts_of(designs__jwt_local=...))

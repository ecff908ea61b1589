"""Every word of a judgement on hand-made replications, and the sentence it becomes."""

import math

import numpy as np
import pytest

from simlib.analysis import METRICS, compare_pairs
from simlib.decision import Judgement, describe_judgement, judge_difference

P95, HITS, TOKENS = METRICS["p95_s"], METRICS["hit_ratio"], METRICS["tokens_in_use"]
BASE = np.array([0.010, 0.012, 0.011, 0.009, 0.010])
JITTER = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])


def against(shift: float, spread: float, margin: float, metric: str = "p95_s") -> Judgement:
    """The second design is shifted by a mean difference and by five differences around it."""
    return judge_difference(METRICS[metric], "jwt", BASE + shift + spread * JITTER, "opaque", BASE, margin)


@pytest.mark.parametrize(
    ("shift", "spread", "margin", "word"),
    [
        (-0.002, 0.0001, 0.001, "better"),
        (0.002, 0.0001, 0.001, "worse"),
        (0.0, 0.0001, 0.001, "equivalent"),
        (-0.0005, 0.0001, 0.001, "equivalent"),  # excludes 0, and does not matter
        (-0.001, 0.0001, 0.001, "better"),  # reaches beyond the margin, wholly below 0
        (-0.002, 0.0030, 0.001, "undecided"),
        (0.0, 0.0030, 0.001, "undecided"),
        (-0.002, 0.0001, 0.0, "better"),
    ],
)
def test_the_word_follows_from_interval_and_margin(shift: float, spread: float, margin: float, word: str) -> None:
    judgement = against(shift, spread, margin)
    assert judgement.word == word
    assert judgement.difference == compare_pairs(BASE + shift + spread * JITTER, BASE)
    assert (judgement.more_replications == 0) == (word != "undecided")


def test_metrics_without_a_good_direction_are_higher_or_lower() -> None:
    assert against(0.3, 0.001, 0.01, "hit_ratio").word == "higher"
    assert against(-0.3, 0.001, 0.01, "hit_ratio").word == "lower"


def test_equal_values_are_equivalent_even_without_a_margin() -> None:
    assert judge_difference(P95, "a", BASE, "b", BASE, 0.0).word == "equivalent"


def test_a_metric_that_no_replication_has_in_both_designs_is_undefined() -> None:
    judgement = judge_difference(P95, "jwt", [math.nan, 1.0], "opaque", [1.0, math.nan], 0.1)
    assert judgement.word == "undefined"
    assert (
        describe_judgement(judgement)
        == "p95 latency of jwt cannot be compared with opaque: no replication has it in both"
    )


def test_one_replication_decides_nothing_and_asks_for_another() -> None:
    judgement = judge_difference(P95, "jwt", [0.010], "opaque", [0.012], 0.001)
    assert (judgement.word, judgement.more_replications) == ("undecided", 1)
    assert describe_judgement(judgement) == (
        "p95 latency of jwt against opaque: difference -2.00 ms (95 % interval not known from one replication), "
        "margin 1 ms: undecided, about 1 more replication"
    )


@pytest.mark.parametrize("shift", [0.0, 0.0003, 0.002])
def test_the_replications_asked_for_would_decide_at_the_same_mean_and_spread(shift: float) -> None:
    judgement = against(shift, 0.0030, 0.001)
    assert judgement.more_replications is not None
    total = 5 + judgement.more_replications
    deviation = 0.0030 * math.sqrt(2.5)
    differences = np.resize([-1.0, 1.0], total)
    differences = shift + (differences - differences.mean()) / differences.std(ddof=1) * deviation
    assert judge_difference(P95, "jwt", differences, "opaque", np.zeros(total), 0.001).word != "undecided"
    fewer = differences[:-2] - differences[:-2].mean() + shift
    fewer = shift + (fewer - shift) * deviation / fewer.std(ddof=1)
    assert judge_difference(P95, "jwt", fewer, "opaque", np.zeros(total - 2), 0.001).word == "undecided"


def test_a_question_that_no_number_of_replications_answers_says_so() -> None:
    judgement = against(0.0, 0.003, 0.0)
    assert judgement.more_replications is None
    assert describe_judgement(judgement).endswith("undecided, and no affordable number of replications would decide")


def test_wrong_margins_are_refused() -> None:
    for margin in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="margin of p95_s"):
            judge_difference(P95, "jwt", BASE, "opaque", BASE, margin)


def test_a_difference_is_told_with_its_direction_unit_and_interval() -> None:
    assert describe_judgement(against(-0.0019, 0.0001, 0.0005)) == (
        "p95 latency of jwt is 1.9 ms lower than opaque (95 % interval 1.7 to 2.1 ms): better"
    )
    assert describe_judgement(against(0.0019, 0.0001, 0.0005)) == (
        "p95 latency of jwt is 1.9 ms higher than opaque (95 % interval 1.7 to 2.1 ms): worse"
    )


def test_shares_differ_in_percentage_points_and_plain_numbers_have_no_unit() -> None:
    assert describe_judgement(against(0.3, 0.01, 0.01, "hit_ratio")) == (
        "cache hit ratio (neither a call nor a wait for one) of jwt is 30 percentage points higher than opaque "
        "(95 % interval 28 to 32 percentage points)"
    )
    assert describe_judgement(judge_difference(TOKENS, "jwt", [9, 8, 10], "opaque", [1, 0, 2], 1.0)) == (
        "tokens in use at a time of jwt are 8.0 higher than opaque (95 % interval 8.0 to 8.0)"
    )


def test_equivalence_names_its_margin() -> None:
    assert describe_judgement(against(-0.0005, 0.0001, 0.001)) == (
        "p95 latency of jwt is equivalent to opaque within 1 ms: difference -0.5 ms (95 % interval -0.7 to -0.3 ms)"
    )

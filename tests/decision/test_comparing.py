"""A whole comparison judged, on figures made by hand."""

import math
from typing import Any

import pytest

from simlib.analysis import METRICS, compare_pairs
from simlib.decision import Verdicts, judge_comparison
from support.comparisons import CACHED, JWT, OPAQUE, Figures, comparison

NAN = math.nan
NOTHING: Figures = {}
LIMITS = {"limits__p99_s": 0.5}


def verdicts(figures: Figures = NOTHING, **changes: Any) -> Verdicts:
    return judge_comparison(comparison(figures, **changes))


def test_the_least_availability_of_a_year_is_no_upper_limit_of_a_run() -> None:
    told = verdicts({JWT: {"availability": 0.9999}}, limits__availability=0.999)
    assert [(outcome.limit, outcome.word) for outcome in told.limits] == [("availability", "met")] * 3


def growing(slope: float) -> dict[str, list[float]]:
    return {"backlog_slope": [slope, slope * 1.01, slope * 0.99, slope]}


def test_every_metric_of_every_other_design_is_judged_against_the_first() -> None:
    told = verdicts({JWT: {"mean_s": 0.01}})
    assert set(told.judgements) == {CACHED, JWT}
    assert all(set(own) == set(METRICS) for own in told.judgements.values())
    assert told.judgements[JWT]["mean_s"].word == "better"
    assert told.judgements[CACHED]["mean_s"].word == "equivalent"
    assert told.find_word(OPAQUE, "mean_s") == ""


def test_the_difference_is_paired_by_replication() -> None:
    own, base = [0.013, 0.023, 0.033, 0.043], [0.010, 0.020, 0.030, 0.040]
    told = verdicts({JWT: {"p99_s": own}, OPAQUE: {"p99_s": base}})
    assert told.judgements[JWT]["p99_s"].difference == compare_pairs(own, base, 1 - 0.05 / 3)  # of three pairs
    assert told.judgements[JWT]["p99_s"].word == "worse"


def test_a_margin_of_the_scenario_counts_before_the_relative_one() -> None:
    figures = {OPAQUE: {"mean_s": 0.1, "p50_s": 0.1}, JWT: {"mean_s": 0.103, "p50_s": 0.103}}
    told = verdicts(figures, margins={"relative": 0.05, "mean_s": 0.001})
    assert told.judgements[JWT]["mean_s"].margin == 0.001
    assert told.judgements[JWT]["p50_s"].margin == pytest.approx(0.005, rel=0.01)
    assert [told.find_word(JWT, name) for name in ("mean_s", "p50_s")] == ["worse", "equivalent"]


def test_a_baseline_of_zero_has_no_relative_margin_and_still_gets_sensible_words() -> None:
    zero = {"exposure_s": 0.0, "failed_share": 0.0, "as_requests_per_s": 0.0}
    told = verdicts({OPAQUE: zero, CACHED: zero, JWT: {**zero, "exposure_s": 30.0}})
    assert told.judgements[JWT]["exposure_s"].margin == 0
    assert told.find_word(JWT, "exposure_s") == "worse"
    assert told.find_word(JWT, "failed_share") == "equivalent"


def test_a_metric_that_nobody_has_is_undefined_and_judged_by_no_word() -> None:
    told = verdicts({design: {"store_utilisation": NAN} for design in (OPAQUE, CACHED, JWT)})
    assert told.find_word(JWT, "store_utilisation") == "undefined"


def test_an_unstable_design_is_named_and_neither_averaged_nor_judged() -> None:
    told = verdicts({JWT: growing(5.0)}, **LIMITS)
    assert told.unstable == (JWT,)
    assert set(told.judgements) == {CACHED}
    assert told.find_word(JWT, "mean_s") == "unstable"
    assert not told.is_steady(JWT, "mean_s")
    assert not told.is_steady(JWT, "rs_cpu_s")
    assert told.is_steady(JWT, "rs_utilisation")
    assert told.headlines[0].startswith(f"{JWT} is unstable: its backlog grows by 5 requests per second")
    assert [(c.design, c.word) for c in told.limits if c.limit == "p99_s"] == [
        (OPAQUE, "met"),
        (CACHED, "met"),
        (JWT, "unstable"),
    ]
    assert [c.design for c in told.limits if c.limit == "stability"] == [JWT]
    assert not any(f"{JWT} against" in sentence for sentence in told.headlines)


def test_nothing_is_compared_with_an_unstable_first_design() -> None:
    told = verdicts({OPAQUE: growing(5.0)})
    assert told.judgements == {}
    assert told.find_word(CACHED, "mean_s") == "baseline unstable"
    assert any("No differences" in sentence for sentence in told.headlines)
    assert set(told.opponents) == {JWT}  # the cache still stands, so JWT is held against it


def test_jwt_is_held_against_the_design_that_caches_before_all_else() -> None:
    told = verdicts({OPAQUE: {"mean_s": 0.03}, CACHED: {"mean_s": 0.02}, JWT: {"mean_s": 0.025}})
    assert told.opponent == CACHED
    assert told.opponents[JWT]["mean_s"].word == "worse"
    assert told.judgements[JWT]["mean_s"].word == "better"
    assert told.headlines[0].startswith(f"{JWT} against {CACHED}: ")
    assert "worse: mean latency" in told.headlines[0]


def test_without_a_cache_there_is_no_opponent() -> None:
    told = verdicts(designs__opaque_cached=...)
    assert told.opponent is None
    assert told.opponents == {}


def test_one_design_is_averaged_and_compared_with_nobody() -> None:
    told = verdicts(designs__opaque_cached=..., designs__jwt_local=..., **LIMITS)
    assert told.judgements == {}
    assert told.headlines == ()
    assert told.limit_sentences == (f"The limit is met by {OPAQUE}: p99 latency at most 500 ms.",)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ([0.4, 0.41, 0.39, 0.4], "met"),
        ([0.7, 0.71, 0.69, 0.7], "broken"),
        ([0.4, 0.6, 0.45, 0.5], "undecided"),
        ([NAN] * 4, "undefined"),
        ([0.5, 0.5, 0.5, 0.5], "met"),  # at the limit is within it
    ],
)
def test_the_whole_interval_must_keep_a_limit(values: list[float], word: str) -> None:
    told = verdicts({JWT: {"p99_s": values}}, **LIMITS)
    assert [check.word for check in told.limits if check.design == JWT] == [word]
    assert (word == "met") == (told.limit_sentences[-1].startswith(f"The limit is met by {OPAQUE}, {CACHED}, {JWT}"))


def test_one_replication_decides_nothing_and_a_note_says_so() -> None:
    told = verdicts({JWT: {"mean_s": 0.001}}, replications=1, **LIMITS)
    assert told.find_word(JWT, "mean_s") == "undecided"
    assert {check.word for check in told.limits} == {"undecided"}
    assert any(note.startswith("One replication") for note in told.notes)


def test_a_run_without_arrivals_is_not_unstable() -> None:
    told = verdicts({OPAQUE: {"arrivals_per_s": 0.0, "mean_s": [NAN] * 4}})
    assert told.unstable == ()
    assert told.find_word(JWT, "mean_s") == "undefined"


def test_a_note_says_why_exposure_is_undefined() -> None:
    short = verdicts(run__length_s=30.0)  # warm-up 5 s and a token lifetime of 30 s
    assert any("is undefined for" in n and "35 s" in n for n in short.notes)
    assert not any("is undefined" in n for n in verdicts(run__length_s=36.0).notes)
    assert any("rate = 0" in n for n in verdicts(world__revocations__rate=0.0).notes)


@pytest.mark.parametrize(("noise", "words"), [("quiet", "left out"), ("as_measured", "part of the service times")])
def test_the_notes_name_the_profile_and_the_host_noise(noise: str, words: str) -> None:
    notes = verdicts(run__host_noise=noise).notes
    assert any("cost profile python-2026" in note for note in notes)
    assert any(words in note for note in notes)

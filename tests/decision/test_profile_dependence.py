"""Dependence of a verdict on the cost profile: words side by side, on comparisons made by hand."""

import dataclasses
from typing import Any

import pytest

from simlib.decision import ProfileDependence, Verdicts, judge_comparison, judge_profiles
from simlib.report.profile_tables import build_profile_rows, build_profiles_document, format_profiles_csv
from support.comparisons import CACHED, JWT, OPAQUE, Figures, comparison
from support.scenarios import design_of

NOTHING: Figures = {}
QUICK, SLOW = {JWT: {"mean_s": 0.01}}, {JWT: {"mean_s": 0.03}}
UNKNOWN = {JWT: {"mean_s": [0.010, 0.030, 0.011, 0.031]}}
GROWING = {JWT: {"backlog_slope": [5.0, 5.1, 4.9, 5.0]}}
TWO = {OPAQUE: design_of(OPAQUE, "reference_token"), JWT: design_of(JWT, "jwt_access_token")}


def verdicts(figures: Figures = NOTHING, profile: str = "python-2026", **changes: Any) -> Verdicts:
    made = comparison(figures, **{"designs": TWO, **changes})
    named = dataclasses.replace(made.scenario.profile, name=profile)
    return judge_comparison(dataclasses.replace(made, scenario=dataclasses.replace(made.scenario, profile=named)))


def dependence(own: Figures, **others: Figures) -> ProfileDependence:
    return judge_profiles(verdicts(own), {name: verdicts(one, name) for name, one in others.items()}, {})


def of_mean(told: ProfileDependence) -> str:
    (sentence,) = [one for one in told.sentences if one.startswith("Mean latency:")]
    return sentence


def test_the_same_word_everywhere_does_not_depend_on_the_profile() -> None:
    told = dependence(QUICK, jvm=QUICK, native=QUICK)
    assert of_mean(told) == (
        "Mean latency: the verdict does not depend on the profile: "
        f"under all three profiles lower for {JWT} than {OPAQUE}."
    )
    assert told.pairs[0].words == {"python-2026": "better", "jvm": "better", "native": "better"}
    assert told.sentences[0] == (
        "The same requests were priced under 3 cost profiles: python-2026 (4 replications), jvm (4 replications) and "
        "native (4 replications). 5 of 5 words stay the same and 0 change."
    )


def test_words_that_are_known_nowhere_are_not_counted_as_staying() -> None:
    unknown = {JWT: {"p99_s": [0.01, 0.03, 0.02, 0.04]}}  # far wider than any margin
    told = dependence(unknown, jvm=unknown, native=unknown)
    assert "4 of 5 words stay the same, 0 change and 1 is not known under any." in told.sentences[0]


def test_a_profile_that_stands_alone_is_named() -> None:
    told = dependence(QUICK, jvm=QUICK, native=NOTHING)
    assert of_mean(told) == (
        f"Mean latency: the verdict depends on the profile: {JWT} against {OPAQUE} is equivalent only under native, "
        "and lower under the others."
    )
    assert "4 of 5 words stay the same and 1 changes." in told.sentences[0]


def test_three_words_are_told_with_their_profiles() -> None:
    told = dependence(QUICK, jvm=SLOW, native=NOTHING)
    assert of_mean(told) == (
        f"Mean latency: the verdict depends on the profile: {JWT} against {OPAQUE} is lower under python-2026, higher "
        "under jvm and equivalent under native."
    )


def test_of_two_profiles_none_stands_alone() -> None:
    told = dependence(QUICK, jvm=SLOW)
    assert of_mean(told).endswith(f"{JWT} against {OPAQUE} is lower under python-2026 and higher under jvm.")
    assert "under both profiles" in " ".join(told.sentences)


def test_what_is_not_decided_contradicts_nothing() -> None:
    told = dependence(QUICK, jvm=UNKNOWN, native=QUICK)
    assert told.pairs[0].reading == "open"
    assert of_mean(told) == (
        "Mean latency: the verdict is contradicted under no profile, but not decided under every one: "
        f"{JWT} against {OPAQUE} is undecided only under jvm, and lower under the others."
    )
    assert "1 cannot be compared, being undecided under some profile" in told.sentences[0]


def test_a_contradiction_is_one_although_a_third_profile_is_undecided() -> None:
    assert dependence(QUICK, jvm=UNKNOWN, native=SLOW).pairs[0].reading == "changes"


def test_words_that_are_open_everywhere_are_the_same() -> None:
    told = dependence(UNKNOWN, jvm=UNKNOWN)
    assert told.pairs[0].reading == "same"
    assert of_mean(told) == (
        "Mean latency: the verdict is not known under any profile: "
        f"under both profiles undecided for {JWT} against {OPAQUE}."
    )


def test_a_design_that_does_not_keep_up_under_one_profile_changes_the_verdict() -> None:
    told = dependence(QUICK, jvm=GROWING, native=QUICK)
    assert told.pairs[0].words["jvm"] == "unstable"
    assert told.pairs[0].judgements["jvm"] is None
    assert f"{JWT} against {OPAQUE} is unstable only under jvm, and lower under the others." in of_mean(told)


def test_all_pairs_of_the_headlines_are_put_side_by_side() -> None:
    own, other = (verdicts(QUICK, name, designs=_three()) for name in ("own", "other"))
    told = judge_profiles(own, {"other": other}, {})
    pairs = [(pair.design, pair.reference) for pair in told.pairs if pair.metric == "mean_s"]
    assert pairs == [(JWT, CACHED), (CACHED, OPAQUE), (JWT, OPAQUE)]
    assert of_mean(told).endswith(
        f"under both profiles lower for {JWT} than {CACHED} and {JWT} than {OPAQUE} and equivalent for {CACHED} "
        f"against {OPAQUE}."
    )


def test_a_profile_that_cannot_price_a_design_is_named_with_what_it_lacks() -> None:
    told = judge_profiles(verdicts(QUICK), {"jvm": verdicts(QUICK, "jvm")}, {"old": (JWT, "jwt.verify.EdDSA")})
    assert told.profiles == ("python-2026", "jvm")
    assert told.sentences[-1] == f"old cannot price design {JWT}: lacks jwt.verify.EdDSA; it is left out."


def test_without_a_second_profile_nothing_is_claimed() -> None:
    told = judge_profiles(verdicts(QUICK), {}, {"old": (JWT, "jwt.verify.EdDSA")})
    assert told.pairs == ()
    assert told.sentences[0].endswith("how far the verdict depends on it is not known.")


def test_one_design_has_no_words_to_change() -> None:
    one = {OPAQUE: TWO[OPAQUE]}
    told = judge_profiles(verdicts(designs=one), {"jvm": verdicts(profile="jvm", designs=one)}, {})
    assert told.pairs == ()
    assert "no words to change" in told.sentences[0]


def test_other_designs_are_refused() -> None:
    with pytest.raises(ValueError, match="same designs"):
        judge_profiles(verdicts(QUICK), {"jvm": verdicts(profile="jvm", designs={OPAQUE: TWO[OPAQUE]})}, {})


def test_tables_hold_a_cell_per_profile_and_what_is_undefined_is_empty() -> None:
    told = dependence(QUICK, jvm=GROWING)
    row = build_profile_rows(told)[0]
    assert (row.label, row.pair, row.reading) == ("mean latency, ms", f"{JWT} against {OPAQUE}", "changes")
    assert [cell.word for cell in row.cells] == ["better", "unstable"]
    assert row.cells[0].difference.startswith("\N{MINUS SIGN}10.0")
    lines = format_profiles_csv(told).splitlines()
    assert len(lines) == 1 + 5 * 2
    assert lines[2].startswith(f"mean_s,s,{JWT},{OPAQUE},jvm,4,,,,,unstable,changes")
    document = build_profiles_document(told)
    assert document["profiles"] == {"python-2026": 4, "jvm": 4}
    assert document["words"][0]["difference"] == pytest.approx(-0.01, rel=0.01)
    assert document["words"][1]["difference"] is None


def _three() -> dict[str, Any]:
    return {OPAQUE: TWO[OPAQUE], CACHED: design_of(CACHED, "reference_token"), JWT: TWO[JWT]}

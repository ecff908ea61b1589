"""Every limit of a file is checked or named as not checked, and each refusal names settings that would do."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.decision import LimitOutcome, Verdicts, judge_comparison
from simlib.decision.gain.outages import compute_availability, compute_share_served_in_outage
from simlib.decision.limit_conflicts import SettingLimits
from simlib.decision.limit_explanations import explain_limits
from simlib.decision.limit_remedies import (
    find_availability_remedies,
    find_header_remedies,
    find_server_remedies,
)
from simlib.decision.limits import DesignProperties, check_structural_limits, read_properties
from simlib.decision.outage_tolerance import compute_outage_tolerance
from simlib.decision.promises import compute_bounds, has_readable_tokens
from simlib.experiment import compare
from simlib.experiment.sweep import change_scenario
from simlib.scenario.design import Design
from simlib.scenario.economics import find_likely
from simlib.scenario.limits import Limits
from simlib.scenario.scenario import Scenario
from simlib.scenario.setting_changes import Remedy
from support.choices import decided, work
from support.comparisons import CACHED, JWT, OPAQUE, Figures, comparison
from support.scenarios import design_of, scenario
from support.worlds import constant, link
from support.worlds import scenario as world_scenario

DESIGNS = (OPAQUE, CACHED, JWT)
NOTHING: Figures = {}
NAN = math.nan


def verdicts(figures: Figures = NOTHING, **changes: Any) -> Verdicts:
    return judge_comparison(comparison(figures, **changes))


def find_outcomes(judged: Verdicts, limit: str) -> dict[str, LimitOutcome]:
    return {outcome.design: outcome for outcome in judged.limits if outcome.limit == limit}


def find_words(judged: Verdicts, limit: str) -> list[str]:
    return [outcome.word for outcome in find_outcomes(judged, limit).values()]


def apply(made: Scenario, name: str, remedy: Remedy) -> Design:
    """The design with the values of a remedy at their keys in the file."""
    return change_scenario(made, {change.key: change.value for change in remedy}).design(name)


class TestSettingsThatDecide:
    def test_a_readable_token_breaks_the_limit_whatever_was_measured(self) -> None:
        judged = verdicts({JWT: {"p99_s": 0.001}}, limits={"opaque_to_clients": True, "p99_s": 0.5})
        assert find_words(judged, "opaque_to_clients") == ["met", "met", "broken"]
        assert find_words(judged, "p99_s") == ["met"] * 3
        assert judged.limit_sentences[-1].startswith(f"All 2 limits are met by {OPAQUE}, {CACHED}: ")
        assert not any("met by" in sentence and JWT in sentence for sentence in judged.limit_sentences)

    def test_the_revocation_lag_is_the_bound_of_the_settings(self) -> None:
        judged = verdicts(limits={"revocation_lag_s": 5.0})
        outcomes = find_outcomes(judged, "revocation_lag_s")
        assert {name: outcome.found for name, outcome in outcomes.items()} == {
            OPAQUE: "10 s",
            CACHED: "30 s",
            JWT: "30 s",
        }
        assert outcomes[OPAQUE].reason == "service.timeout_s = 10 lets a revoked token work for 10 s; 5 would do."
        assert outcomes[JWT].reason == "token_lifetime_s = 30 lets a revoked token work for 30 s; 5 would do."
        point = {change.key: change.value for name in DESIGNS for change in outcomes[name].remedies[0]}
        again = judge_comparison(replace(judged.comparison, scenario=change_scenario(judged.scenario, point)))
        assert find_words(again, "revocation_lag_s") == ["met"] * 3

    def test_what_an_outage_ends_follows_from_the_parts(self) -> None:
        judged = verdicts(limits={"no_as_dependency": True})
        assert find_words(judged, "no_as_dependency") == ["broken"] * 3
        lasting = verdicts(limits={"no_as_dependency": True}, designs__jwt_local__service__jwks_stale_if_error_s=700.0)
        assert find_words(lasting, "no_as_dependency") == ["broken", "broken", "met"]
        assert "token_lifetime_s = 30" in find_outcomes(lasting, "no_as_dependency")[JWT].caveat

    def test_the_least_availability_follows_from_the_share_served_in_an_outage(self) -> None:
        judged = verdicts({CACHED: {"hit_ratio": 0.9}}, limits={"availability": 0.9991})
        found = {name: outcome.found for name, outcome in find_outcomes(judged, "availability").items()}
        for name in DESIGNS:
            ratio = judged.intervals[name]["hit_ratio"].mean
            served = compute_share_served_in_outage(judged.scenario, judged.scenario.design(name), ratio)
            assert found[name] == f"{compute_availability(8.76, served):.4%}"
        assert find_words(judged, "availability")[0] == "broken"  # nothing is served without a cache

    def test_headers_are_measured_where_a_limit_needs_them(self) -> None:
        made = scenario(run__length_s=8.0, run__warm_up_s=2.0, limits={"header_bytes": 600})
        judged = judge_comparison(compare(made))
        outcomes = find_outcomes(judged, "header_bytes")
        assert [outcomes[name].word for name in DESIGNS] == ["met", "met", "broken"]
        assert "header_bytes" not in compare(scenario(run__length_s=8.0, run__warm_up_s=2.0)).table.columns

    def test_a_header_that_no_run_shows_is_named_as_not_checked(self) -> None:
        judged = verdicts(limits={"header_bytes": 600})
        assert find_words(judged, "header_bytes") == ["undefined"] * 3
        assert all(sentence.startswith("Limit not checked for") for sentence in judged.limit_sentences)


LIMITS = {
    "p99_s": st.sampled_from([0.001, 0.02, 0.5]),
    "failed_share": st.sampled_from([0.0, 0.5]),
    "as_utilisation": st.sampled_from([0.01, 0.9]),
    "exposure_s": st.sampled_from([0.001, 1.0, 100.0]),
    "availability": st.sampled_from([0.9, 0.99999]),
    "revocation_lag_s": st.sampled_from([5.0, 20.0, 40.0]),
    "opaque_to_clients": st.booleans(),
    "no_as_dependency": st.booleans(),
}


@given(limits=st.fixed_dictionaries({}, optional=LIMITS), growing=st.booleans())
@settings(max_examples=30, deadline=None)
def test_no_design_is_said_to_meet_limits_that_it_breaks_or_that_were_not_checked(
    limits: dict[str, Any], growing: bool
) -> None:
    assert_said_to_meet_what_it_keeps(limits, growing)


@given(limits=st.fixed_dictionaries({"header_bytes": st.just(900.0)}, optional=LIMITS))
@settings(max_examples=5, deadline=None)
def test_the_same_with_a_limit_whose_remedies_need_runs(limits: dict[str, Any]) -> None:
    assert_said_to_meet_what_it_keeps(limits, growing=False)


def assert_said_to_meet_what_it_keeps(limits: dict[str, Any], growing: bool) -> None:
    slope = {"backlog_slope": [5.0] * 4} if growing else {}
    judged = verdicts({JWT: slope}, limits=limits)
    stated = {limit for limit, value in limits.items() if value is not False}
    for name in DESIGNS:
        own = [outcome for outcome in judged.limits if outcome.design == name]
        assert {outcome.limit for outcome in own} - {"stability"} == stated
        keeps = all(outcome.word == "met" for outcome in own)
        praised = [line for line in judged.limit_sentences if " met by " in line and name in line.partition(":")[0]]
        assert bool(praised) == (keeps and bool(stated))
        for outcome in own:
            if outcome.word != "met":
                reason = outcome.reason.removeprefix("Not checked: ")[1:]
                assert any(name in line and reason in line for line in judged.limit_sentences)


@given(limits=st.fixed_dictionaries({}, optional=LIMITS))
@settings(max_examples=6, deadline=None)
def test_a_decision_and_a_comparison_say_the_same_of_each_limit(limits: dict[str, Any]) -> None:
    made = decided({}, (work(OPAQUE, 30.0), work(CACHED, 30.0), work(JWT, 10.0)), limits=limits)
    assert made.limits == made.verdicts.limits


class TestRefusalsNameWhatWouldDo:
    def test_other_parts_whose_tokens_cannot_be_read(self) -> None:
        judged = verdicts(limits={"opaque_to_clients": True})
        outcome = find_outcomes(judged, "opaque_to_clients")[JWT]
        assert outcome.remedies
        assert all(not has_readable_tokens(apply(judged.scenario, JWT, remedy)) for remedy in outcome.remedies)
        assert "service.part = jwt_local" in outcome.reason
        assert "would do" in outcome.reason

    def test_parts_and_settings_that_last_through_an_outage(self) -> None:
        judged = verdicts(limits={"no_as_dependency": True})
        for name in DESIGNS:
            outcome = find_outcomes(judged, "no_as_dependency")[name]
            assert outcome.remedies
            for remedy in outcome.remedies:
                assert compute_outage_tolerance(judged.scenario, apply(judged.scenario, name, remedy)) >= 600

    @pytest.mark.parametrize("least", [0.9992, 0.9999, 0.999999])
    @pytest.mark.parametrize("name", DESIGNS)
    def test_durations_and_outages_with_which_enough_is_served(self, name: str, least: float) -> None:
        made, hits = scenario(), 0.6

        def compute(other: Scenario) -> float:
            served = compute_share_served_in_outage(other, other.design(name), hits)
            return compute_availability(find_likely(other.terms.outage_hours_per_year), served)

        assert compute(made) < least
        limited = replace(made, limits=Limits(availability=least))
        remedies = find_availability_remedies(SettingLimits(limited, made.design(name), hits))
        for remedy in remedies:
            assert all(change.key.startswith(f"designs.{name}.") for change in remedy)
            changed = apply(made, name, remedy)
            if SettingLimits(made, made.design(name), hits).find_hit_ratio(changed) != hits:
                continue  # other parts, of whose hits no run has shown any
            assert compute(change_scenario(made, {change.key: change.value for change in remedy})) >= least

    def test_a_longer_duration_is_named_with_the_limit_on_revocations_if_it_breaks_it(self) -> None:
        made = scenario(limits={"revocation_lag_s": 30.0, "availability": 0.9993})
        limits = SettingLimits(made, made.design(CACHED), 0.6)
        for rated in limits.rate(find_availability_remedies(limits), "availability"):
            lag = compute_bounds(made, apply(made, CACHED, rated.remedy)).after_revocation_s
            assert ("revocation_lag_s" in rated.breaks) == (lag > 30)

    def test_a_header_that_is_small_enough_in_a_longer_run(self) -> None:
        made = scenario(run__length_s=20.0, run__warm_up_s=0.0, limits={"header_bytes": 1000})
        remedies = find_header_remedies(SettingLimits(made, made.design(JWT)))
        assert [(change.label, change.value) for change in remedies[0]] == [("authorization_server.algorithm", "ES256")]
        shorter = change_scenario(made, {change.key: change.value for change in remedies[0]})
        words = find_words(judge_comparison(compare(shorter)), "header_bytes")
        assert words[DESIGNS.index(JWT)] == "met"
        assert find_words(judge_comparison(compare(made)), "header_bytes")[DESIGNS.index(JWT)] == "broken"

    @pytest.mark.parametrize(
        ("limit", "hosts"),
        [
            ("as_utilisation", {"authorization_server"}),
            ("rs_utilisation", {"service"}),
            ("busiest_utilisation", {"service"}),
        ],
    )
    def test_servers_by_the_utilisation_law(self, limit: str, hosts: set[str]) -> None:
        alone = {"designs": {OPAQUE: design_of(OPAQUE, "reference_token")}, "run__replications": 3}
        most = 0.3 * judge_comparison(compare(scenario(**alone))).intervals[OPAQUE][limit].low
        strict = scenario(**alone, limits={limit: most})
        outcome = find_outcomes(judge_comparison(compare(strict)), limit)[OPAQUE]
        assert outcome.word == "broken"
        remedy = outcome.remedies[0]
        assert {change.label for change in remedy} == {f"replicas.{host}" for host in hosts}
        assert all(change.value >= 4 for change in remedy)
        assert f"{remedy[0].label} = 1 leads to" in outcome.reason
        wider = change_scenario(strict, {change.key: change.value for change in remedy})
        assert judge_comparison(compare(wider)).intervals[OPAQUE][limit].mean <= most * 1.02

    def test_a_limit_that_would_be_met_where_no_setting_was_found(self) -> None:
        alone = {"designs": {OPAQUE: design_of(OPAQUE, "reference_token")}, "run__replications": 3}
        judged = explain_limits(judge_comparison(compare(scenario(**alone, limits={"mean_s": 1e-5}))))
        outcome = find_outcomes(judged, "mean_s")[OPAQUE]
        assert outcome.enough is not None
        assert outcome.reason.endswith(
            f"No other setting was found that would do; limits.mean_s = {outcome.enough:g} would be met."
        )
        for share in (1.0, 0.98):
            again = judge_comparison(compare(scenario(**alone, limits={"mean_s": share * outcome.enough})))
            assert (find_outcomes(again, "mean_s")[OPAQUE].word == "met") == (share == 1.0)

    def test_servers_of_every_kind_of_host(self) -> None:
        shared = {"link": link(), "work": constant(0.001), "call": constant(0.0)}
        made = world_scenario(world={"shared_store": shared})
        design = made.design("opaque")
        busy = {"service@eu": 0.9, "service@us": 0.5, "service/stock": 0.5, "shared_store": 0.4, "gateway": 0.1}
        (remedy,) = find_server_remedies(made, design, busy, 0.2)
        assert {change.key: change.value for change in remedy} == {
            "designs.opaque.replicas.service": 5,
            "designs.opaque.replicas.inner_service": 3,
            "world.shared_store.workers": 2,
        }
        assert find_server_remedies(made, design, busy, 0.9) == ()

    def test_a_design_that_does_not_keep_up_gets_as_many_replicas_as_its_load_needs(self) -> None:
        busy = scenario(world__service__work={"kind": "constant", "value_s": 0.08}, limits={"p99_s": 0.5})
        outcomes = find_outcomes(judge_comparison(compare(busy)), "stability")
        (change,) = outcomes[JWT].remedies[0]
        assert (change.label, change.value) == ("replicas.service", 2)  # 20 requests of 80 ms need 1.6 servers
        wider = change_scenario(busy, {change.key: change.value})
        assert JWT not in find_outcomes(judge_comparison(compare(wider)), "stability")

    def test_nothing_is_named_where_no_setting_would_do(self) -> None:
        judged = verdicts(limits={"revocation_lag_s": 0.0})
        outcome = find_outcomes(judged, "revocation_lag_s")[JWT]
        assert (outcome.word, outcome.remedies) == ("broken", ())
        assert outcome.reason.endswith("no other values of its settings were found that would do.")


class TestExposure:
    def test_a_run_that_is_too_short_is_told_how_long_it_must_be(self) -> None:
        judged = verdicts({JWT: {"exposure_s": [NAN] * 4}}, limits={"exposure_s": 10.0})
        outcome = find_outcomes(judged, "exposure_s")[JWT]
        assert (outcome.word, outcome.more_replications) == ("undefined", None)
        assert "a run of more than 35 s" in outcome.reason  # warm-up of 5 s and a life of 30 s

    def test_settings_decide_where_they_bound_it(self) -> None:
        judged = verdicts({OPAQUE: {"exposure_s": [NAN] * 4}}, limits={"exposure_s": 10.0})
        assert find_words(judged, "exposure_s") == ["met"] * 3
        assert "at most 10 s" in find_outcomes(judged, "exposure_s")[OPAQUE].reason

    def test_without_revocations_the_rate_is_named(self) -> None:
        figures = {name: {"exposure_s": [NAN] * 4} for name in DESIGNS}
        judged = verdicts(figures, limits={"exposure_s": 1.0}, world__revocations__rate=0.0)
        assert all("world.revocations.rate" in outcome.reason for outcome in judged.limits)

    def test_a_refusal_names_the_lifetime(self) -> None:
        judged = verdicts({JWT: {"exposure_s": 15.0}}, limits={"exposure_s": 12.0})
        outcome = find_outcomes(judged, "exposure_s")[JWT]
        assert outcome.word == "broken"
        assert "token_lifetime_s = 30" in outcome.reason
        assert "12 would do" in outcome.reason


def test_no_interval_of_a_share_is_said_to_begin_below_nothing() -> None:
    judged = verdicts({JWT: {"failed_share": [0.0, 0.0, 0.6, 0.0]}}, limits={"failed_share": 0.01})
    outcome = find_outcomes(judged, "failed_share")[JWT]
    assert judged.intervals[JWT]["failed_share"].low == 0
    assert outcome.word == "undecided"
    assert "15 % (0 % to " in outcome.reason


def test_an_unknown_share_served_is_not_checked_and_says_so() -> None:
    made = scenario(limits={"availability": 0.999})
    design = made.design(JWT)
    known = read_properties(made, design, compute_bounds(made, design), 1.0, NAN)
    assert isinstance(known, DesignProperties)
    (outcome,) = check_structural_limits(made, design, known._replace(served=NAN))
    assert (outcome.word, outcome.found) == ("undefined", "-")

"""Causes of failed requests: what refused them is named, with a value that would do in a replication."""

from typing import Any

import pytest

from simlib import simulate
from simlib.analysis.failure_causes import find_failure_causes
from simlib.analysis.summary import count_outcomes, select_arrived
from simlib.decision import LimitOutcome, explain_limits, judge_comparison
from simlib.decision.failure_causes import describe_failures
from simlib.experiment import compare
from simlib.experiment.sweep import change_scenario
from simlib.scenario.scenario import Scenario
from support.comparisons import JWT, OPAQUE
from support.scenarios import design_of, scenario

MOST = 0.01
RATE = {"world__authorization_server__rate_limit": {"requests_per_s": 5.0, "burst": 5}}
HEADER = {"world__service__header_limit_bytes": 1000}
ADMISSION = {
    f"designs__{JWT}__admission": {"service": {"limit": 1}},
    "world__service__work": {"kind": "exponential", "mean_s": 0.02},
}


ISSUERS = {OPAQUE: "reference_token", JWT: "jwt_access_token"}


def build(design: str, **changes: Any) -> Scenario:
    alone = {"designs": {design: design_of(design, ISSUERS[design])}, "limits": {"failed_share": MOST}}
    return scenario(**{**alone, "run__length_s": 20.0, "run__replications": 3, **changes})


def explain(made: Scenario, design: str) -> LimitOutcome:
    judged = explain_limits(judge_comparison(compare(made)))
    (outcome,) = [own for own in judged.limits if (own.design, own.limit) == (design, "failed_share")]
    assert any(outcome.reason[1:] in sentence for sentence in judged.limit_sentences)
    return outcome


def measure_failed_share(made: Scenario, design: str) -> float:
    return count_outcomes(select_arrived(simulate(made, design), made.run.warm_up_s))["failed_share"]


@pytest.mark.parametrize(
    ("changes", "design", "words", "key"),
    [
        (RATE, OPAQUE, ["429", "introspect", "the authorization server"], "world.authorization_server.rate_limit."),
        (HEADER, JWT, ["431", "the resource server"], "world.service.header_limit_bytes"),
        (ADMISSION, JWT, ["503", "the resource server"], f"designs.{JWT}.admission.service.limit"),
    ],
    ids=["rate limit", "header", "admission"],
)
def test_the_setting_that_fails_requests_is_named_with_a_value_that_would_do(
    changes: dict[str, Any], design: str, words: list[str], key: str
) -> None:
    made = build(design, **changes)
    outcome = explain(made, design)
    assert outcome.word == "broken"
    assert all(word in outcome.reason for word in words)
    (change,) = outcome.remedies[0]
    assert change.key.startswith(key)
    assert f"{change.label} = {change.now:g} lets them fail" in outcome.reason
    assert measure_failed_share(made, design) > MOST
    assert measure_failed_share(change_scenario(made, {change.key: change.value}), design) <= MOST


def test_a_longer_timeout_that_breaks_the_limit_on_revocations_is_not_named() -> None:
    slow = {"kind": "constant", "value_s": 0.5}
    changes = {
        f"designs__{OPAQUE}__service": {"part": "opaque_introspection", "timeout_s": 0.2},
        "world__network__service_to_authorization_server": {"round_trip": slow},
    }
    made = build(OPAQUE, **changes)
    outcome = explain(made, OPAQUE)
    assert "took longer than its caller waited" in outcome.reason
    assert outcome.remedies[0][0].label == "service.timeout_s"
    strict = build(OPAQUE, **changes, limits={"failed_share": MOST, "revocation_lag_s": 0.3})
    assert all(change.label != "service.timeout_s" for remedy in explain(strict, OPAQUE).remedies for change in remedy)


def test_shares_add_up_and_nothing_is_said_without_failures() -> None:
    made = build(OPAQUE, **RATE)
    causes = find_failure_causes(simulate(made, OPAQUE), made.run.warm_up_s)
    assert sum(cause.share for cause in causes) == pytest.approx(1.0)
    assert causes[0].status == 429
    assert "429 (rate limit)" in describe_failures(causes)
    assert find_failure_causes(simulate(scenario(), OPAQUE), 0.0) == ()

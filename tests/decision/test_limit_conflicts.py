"""Remedies for one limit keep the other limits of the file, or are named with those that they break."""

import math
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.decision.limits import LimitOutcome, check_structural_limits, read_properties
from simlib.decision.promises import compute_bounds
from simlib.experiment.sweep import change_scenario
from simlib.scenario.scenario import Scenario
from support.scenarios import design_of, scenario

DESIGNS = {
    "opaque": design_of("opaque_introspection", "reference_token"),
    "cached": design_of("opaque_cached", "reference_token"),
    "jwt": design_of("jwt_local", "jwt_access_token"),
    "polled": {**design_of("jwt_local", "jwt_access_token"), "wrappers": [{"part": "denylist_polled"}]},
    "listed": {**design_of("jwt_local", "jwt_access_token"), "wrappers": [{"part": "status_list"}]},
}
NO_USERS: dict[str, Any] = {"world__service__user_information_share": 0.0}


def judge(made: Scenario) -> Iterator[LimitOutcome]:
    design = made.design("it")
    bounds = compute_bounds(made, design)
    return check_structural_limits(made, design, read_properties(made, design, bounds, 0.5, math.nan))


@given(
    name=st.sampled_from(list(DESIGNS)),
    life_s=st.sampled_from([30.0, 3000.0]),
    limits=st.fixed_dictionaries(
        {},
        optional={
            "opaque_to_clients": st.just(True),
            "no_as_dependency": st.just(True),
            "revocation_lag_s": st.sampled_from([5.0, 40.0, 4000.0]),
            "availability": st.sampled_from([0.9991, 0.9996]),
        },
    ),
)
@settings(max_examples=8, deadline=None)
def test_what_a_remedy_breaks_is_what_the_changed_design_breaks(
    name: str, life_s: float, limits: dict[str, Any]
) -> None:
    made = scenario(designs={"it": {**DESIGNS[name], "token_lifetime_s": life_s}}, limits=limits, **NO_USERS)
    for outcome in judge(made):
        assert len(outcome.breaks) == len(outcome.remedies)
        assert list(map(len, outcome.breaks)) == sorted(map(len, outcome.breaks))
        for number, (remedy, breaks) in enumerate(zip(outcome.remedies, outcome.breaks, strict=True)):
            assert all(change.key.startswith("designs.it.") for change in remedy)
            words = {
                own.limit: own.word for own in judge(change_scenario(made, {own.key: own.value for own in remedy}))
            }
            same_parts = not any(isinstance(change.value, dict) for change in remedy)
            broken = {limit for limit, word in words.items() if word == "broken"}
            if same_parts:  # else the hit ratio of this design says nothing about that one
                assert broken == set(breaks), outcome
            if number == 0:
                assert all(limit in outcome.reason for limit in breaks)


def test_the_cure_of_one_limit_keeps_the_other_where_a_part_can() -> None:
    limits = {"opaque_to_clients": True, "no_as_dependency": True}
    for name in ("opaque", "cached", "jwt"):
        made = scenario(designs={"it": {**DESIGNS[name], "token_lifetime_s": 3000.0}}, limits=limits, **NO_USERS)
        for outcome in judge(made):
            if outcome.word == "broken":
                first = change_scenario(made, {change.key: change.value for change in outcome.remedies[0]})
                assert {own.word for own in judge(first)} == {"met"}, outcome.reason
                assert "encrypted_jwt" in outcome.reason


def test_hours_of_outages_are_a_fact_and_no_setting() -> None:
    made = scenario(designs={"it": DESIGNS["opaque"]}, limits={"availability": 0.9995}, **NO_USERS)
    (outcome,) = judge(made)
    assert "as a fact of the world, 4.38 hours would keep the limit" in outcome.reason  # half of 0.1 % of a year
    assert "outage_hours_per_year" not in str(outcome.remedies)

"""Failing open: who is let in when nobody can tell, for how long, and who never is."""

from collections.abc import Callable
from math import inf
from typing import Any

import pytest

from simlib.deployment.bounds import check_revocation_lag
from simlib.scenario.effects import Failed
from simlib.scenario.errors import InputError
from simlib.strategies import (
    WRAPPERS,
    Dpop,
    FailOpen,
    JwtAccessToken,
    JwtLocal,
    Mtls,
    OpaqueIntrospection,
    ReferenceToken,
)
from simlib.tokens.forging import alter
from support.scenarios import SOURCE, design_of, scenario
from support.stage import SCOPE, Stage, deployment

MODES = pytest.mark.parametrize("lets_in", ["known", "any"])


def opaque(make_stage: Callable[..., Stage], **chosen: Any) -> Stage:
    return make_stage(OpaqueIntrospection, ReferenceToken, (FailOpen,), wrapper_settings=(FailOpen.Settings(**chosen),))


def test_a_token_that_was_good_goes_on_for_the_stated_time_since_that_word(make_stage: Callable[..., Stage]) -> None:
    stage = opaque(make_stage, longest_s=60.0)
    token, other = stage.issue("user-7").token, stage.issue("user-8").token
    assert stage.at(10.0).present(token).accepted
    stage.answer_all(Failed("unreachable"))
    for instant in (11.0, 69.999):
        verdict = stage.at(instant).present(token)
        assert (verdict.accepted, verdict.reason, verdict.based_on) == (True, "fail_open", 10.0)
        assert verdict.claims["sub"] == "user-7"
        assert stage.present(other).status == 503  # nobody knows it
    assert stage.at(70.0).present(token).status == 503
    stage.restore()
    assert stage.present(token)[:3] == (True, 200, "")


def test_whoever_is_let_in_has_no_claims_and_rests_on_no_word(make_stage: Callable[..., Stage]) -> None:
    stage = opaque(make_stage, lets_in="any", longest_s=60.0)
    token, other = stage.issue("user-7").token, stage.issue("user-8").token
    assert stage.at(10.0).present(token).accepted
    stage.answer_all(Failed("unreachable"))
    for anybody in (token, other, "made up"):
        verdict = stage.at(69.999).present(anybody)
        assert (verdict.accepted, verdict.reason, verdict.claims, verdict.based_on) == (True, "fail_open", {}, 0.0)
    assert stage.at(70.0).present(token).status == 503


def test_who_has_never_heard_of_the_server_lets_nobody_in(make_stage: Callable[..., Stage]) -> None:
    stage = opaque(make_stage, lets_in="any")
    token = stage.issue().token
    stage.answer_all(Failed("unreachable"))
    assert stage.present(token).status == 503
    assert stage.present("").status == 401


@MODES
def test_a_token_that_a_word_has_refused_is_never_let_in(lets_in: str, make_stage: Callable[..., Stage]) -> None:
    stage = opaque(make_stage, lets_in=lets_in, longest_s=1000.0)
    token, narrow = stage.issue().token, stage.issue(scope="").token
    assert stage.present(token).accepted
    assert stage.present(narrow).status == 403
    stage.revoke(token)
    assert stage.present(token).reason == "inactive"
    assert stage.present("made up").reason == "inactive"
    stage.answer_all(Failed("unreachable"))
    for refused in (token, narrow, "made up"):
        assert stage.present(refused).status == 503


@MODES
def test_a_token_that_is_known_to_be_bad_here_is_refused_as_such(
    lets_in: str, make_stage: Callable[..., Stage]
) -> None:
    settings = FailOpen.Settings(lets_in=lets_in)  # type: ignore[arg-type]
    stage = make_stage(JwtLocal, JwtAccessToken, (FailOpen,), wrapper_settings=(settings,))
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.answer_all(Failed("unreachable"))
    for bad in (alter(token, 5), alter(token, -1), "made up"):
        assert stage.present(bad).status == 401
    assert not stage.at(301.0).present(token).accepted or lets_in == "any"


def test_the_end_of_a_token_and_its_scope_hold_in_any_case(make_stage: Callable[..., Stage]) -> None:
    stage = opaque(make_stage, longest_s=1000.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.answer_all(Failed("unreachable"))
    assert stage.present(token, f"{SCOPE} more").status == 503
    assert stage.at(299.999).present(token).accepted
    assert stage.at(300.0).present(token).status == 503


def test_a_replica_remembers_so_many_tokens_and_no_more(make_stage: Callable[..., Stage]) -> None:
    stage = opaque(make_stage, capacity=2)
    tokens = [stage.issue(f"user-{number}").token for number in range(3)]
    for token in tokens:
        assert stage.present(token).accepted
    stage.answer_all(Failed("unreachable"))
    assert [stage.present(token).accepted for token in tokens] == [False, True, True]


def test_it_says_what_it_costs_and_is_marked() -> None:
    told = deployment(lifetime_s=300.0)
    inner = OpaqueIntrospection(OpaqueIntrospection.Settings(), told)
    assert inner.compute_bound().after_revocation_s == 10.0
    bounds = {
        longest: FailOpen(FailOpen.Settings(longest_s=longest), told).wrap_validator(inner).compute_bound()
        for longest in (5.0, 60.0, 1000.0)
    }
    # An answer that travels for the 10 s of the timeout may be about a token that has ended in the meantime.
    assert [bounds[longest].after_revocation_s for longest in bounds] == [10.0, 60.0, 310.0]
    open_doors = FailOpen(FailOpen.Settings(lets_in="any"), told).wrap_validator(inner)
    assert open_doors.compute_bound() == (inf, inf)
    assert open_doors.fails_open  # type: ignore[attr-defined]
    outer: Any = WRAPPERS["sensitive_introspection"]
    assert outer(outer.Settings(), told).wrap_validator(open_doors).fails_open


@pytest.mark.parametrize("binding", [Dpop, Mtls])
def test_it_stays_inside_what_binds_tokens_to_clients(binding: type[Any], make_stage: Callable[..., Stage]) -> None:
    with pytest.raises(ValueError, match="before the wrappers that bind"):
        make_stage(OpaqueIntrospection, ReferenceToken, (binding, FailOpen))
    stage = make_stage(OpaqueIntrospection, ReferenceToken, (FailOpen, binding))
    token = stage.issue(user=0).token
    assert stage.present(token, user=0).accepted
    stage.answer_all(Failed("unreachable"))
    assert stage.present(token, user=0).accepted
    assert not stage.present(token, user=1).accepted
    assert not stage.present_bare(token).accepted


@pytest.mark.parametrize(
    ("wrappers", "message"),
    [
        ([{"part": "dpop"}, {"part": "fail_open"}], r"wrappers\[1\]: fail_open must come before dpop"),
        ([{"part": "fail_open", "lets_in": "any"}, {"part": "retry"}], r"wrappers\[0\]: fail_open must come last"),
        ([{"part": "retry"}, {"part": "verified_cache"}], r"wrappers\[1\]: verified_cache must come first"),
        (
            [{"part": "fail_open", "lets_in": "any"}],
            "max_revocation_lag_s: must be at most 3600 s, but fail_open.lets_in = any lets a revoked token work for "
            "an unlimited time; known would do",
        ),
    ],
)
def test_lists_of_wrappers_that_cannot_be_are_refused_when_they_are_loaded(
    wrappers: list[dict[str, Any]], message: str
) -> None:
    parts = ("opaque_introspection", "reference_token")
    if wrappers[-1]["part"] == "verified_cache":
        parts = ("jwt_local", "jwt_access_token")
    with pytest.raises(InputError, match=message):
        loaded(designs__mine=design_of(*parts, wrappers=wrappers, max_revocation_lag_s=3600.0))


def test_known_tokens_can_be_told_apart_by_wrappers_around_it() -> None:
    wrappers = [{"part": "fail_open", "lets_in": "known"}, {"part": "denylist_polled"}]
    loaded(designs__mine=design_of("jwt_local", "jwt_access_token", wrappers=wrappers))


def loaded(**changes: Any) -> None:
    """Load a scenario with all its checks."""
    check_revocation_lag(scenario(**changes), SOURCE)

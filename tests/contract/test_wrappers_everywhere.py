"""Every wrapper around every validator that it fits, and what holds where nothing is promised any more."""

from collections.abc import Callable

import pytest

from simlib.scenario.effects import Failed
from simlib.tokens.forging import alter
from support.cases import BOUNDLESS, WRAPPED, WRAPPED_IN_ALL, Case, Varied, name_of
from support.stage import SCOPE, Stage

REST = [case for case in WRAPPED_IN_ALL if case not in WRAPPED]
"""Those that the other contract tests leave out because they differ in nothing that these look at."""


@pytest.mark.parametrize("case", REST, ids=name_of)
def test_what_is_good_is_accepted_and_what_is_not_is_refused(case: Case, make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(*case).at(1000.0)
    token, narrow = stage.issue("user-7").token, stage.issue(scope="").token
    for _ in range(2):
        verdict = stage.present(token)
        assert (verdict.accepted, verdict.reason, verdict.claims["sub"]) == (True, "", "user-7")
        assert stage.present(narrow).status == 403
        assert stage.present("").status == 401
        for bad in (alter(token, 0), alter(token, -1), "made up", stage.refresh_token()):
            assert stage.present(bad).status == 401
    bound = stage.validator.compute_bound()
    stage.revoke(token)
    stage.at(stage.now + bound.after_revocation_s)
    assert stage.present(token).status == 401
    other = stage.issue()
    assert stage.present(other.token).accepted
    assert stage.at(other.expires_at + bound.after_expiry_s).present(other.token).status == 401


@pytest.mark.parametrize("case", REST, ids=name_of)
def test_nobody_new_is_let_in_when_nobody_can_tell_and_nothing_of_that_is_remembered(
    case: Case, make_stage: Callable[..., Stage]
) -> None:
    stage = make_stage(*case).at(1000.0)
    known = stage.issue().token
    assert stage.present(known).accepted
    new = stage.issue("user-2").token
    stage.answer_all(Failed("unreachable"))
    asked = sum(stage.calls.values())
    verdict = stage.present(new)
    assert verdict.status == 503 or sum(stage.calls.values()) == asked
    assert not stage.present("made up").accepted
    stage.restore()
    assert stage.present(new).accepted


@pytest.mark.parametrize("case", WRAPPED_IN_ALL, ids=name_of)
def test_who_opens_when_nobody_can_tell_says_so_and_nobody_else_does(
    case: Case, make_stage: Callable[..., Stage]
) -> None:
    stage = make_stage(*case).at(1000.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.answer_all(Failed("unreachable"))
    for seconds in (0.0, 30.0, 59.0, 250.0):
        verdict = stage.at(max(stage.now, 1000.0 + seconds)).present(token)
        if verdict.accepted and verdict.reason:
            assert stage.validator.fails_open  # type: ignore[attr-defined]


@pytest.mark.parametrize("chosen", BOUNDLESS, ids=name_of)
def test_where_nothing_is_promised_a_token_that_ended_long_ago_may_be_let_in(
    chosen: Varied, make_stage: Callable[..., Stage]
) -> None:
    stage = chosen.stage(make_stage)
    old, narrow = stage.issue().token, stage.issue(scope="").token
    stage.revoke(old)
    stage.at(100_000.0)
    assert stage.present(stage.issue().token).accepted  # the server was heard of just now
    assert stage.present(narrow).status == 401
    stage.answer_all(Failed("unreachable"))
    stage.at(100_000.0 + 30.0)
    let_in = stage.present(old)
    asks = let_in.status == 503 or let_in.accepted
    if asks:
        assert let_in.accepted
        assert (let_in.reason, dict(let_in.claims), let_in.based_on) == ("fail_open", {}, 0.0)
    assert stage.validator.fails_open  # type: ignore[attr-defined]
    assert not stage.present(narrow, SCOPE).accepted  # a word about it has been heard


def test_there_are_such_settings_and_such_cases() -> None:
    assert BOUNDLESS
    assert REST

"""Wrappers around every validator that they fit, and under settings that declare no bound."""

import pytest

from simlib.contracts import outages, revocation
from simlib.contracts.configuration import SCOPE
from simlib.scenario.effects import Failed
from support.cases import BOUNDLESS, REST, WRAPPED_IN_ALL, Case, VariedCase, name_of, use_defaults


@pytest.mark.parametrize("case", REST, ids=name_of)
def test_a_token_is_accepted_for_its_life_and_for_its_scope(case: Case) -> None:
    revocation.check_whole_life(use_defaults(case))


@pytest.mark.parametrize("case", REST, ids=name_of)
def test_no_new_token_is_accepted_during_an_outage_and_nothing_of_that_is_cached(case: Case) -> None:
    outages.check_new_token_during_outage(use_defaults(case))


@pytest.mark.parametrize("case", WRAPPED_IN_ALL, ids=name_of)
def test_failing_open_is_declared(case: Case) -> None:
    outages.check_failing_open_is_declared(use_defaults(case))


@pytest.mark.parametrize("varied", BOUNDLESS, ids=name_of)
def test_without_a_bound_a_token_that_ended_long_ago_may_be_accepted(varied: VariedCase) -> None:
    stepped = varied.build()
    old, narrow = stepped.issue().token, stepped.issue(scope="").token
    stepped.revoke(old)
    stepped.at(100_000.0)
    assert stepped.present(stepped.issue().token).accepted  # the server has just answered
    assert stepped.present(narrow).status == 401
    stepped.answer_all(Failed("unreachable"))
    stepped.at(100_000.0 + 30.0)
    verdict = stepped.present(old)
    if verdict.status == 503 or verdict.accepted:
        assert verdict.accepted
        assert (verdict.reason, dict(verdict.claims), verdict.based_on) == ("fail_open", {}, 0.0)
    assert stepped.validator.fails_open  # type: ignore[attr-defined]
    assert not stepped.present(narrow, SCOPE).accepted  # there has been an answer about it


def test_there_are_such_settings_and_such_cases() -> None:
    assert BOUNDLESS
    assert REST

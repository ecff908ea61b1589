"""Declarations of parts: calls about tokens and their number, binding, push and forwarding are as declared."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.contracts import declarations, revocation
from simlib.contracts.strategy import has_few_entries
from simlib.strategies import PushReceiver
from support.cases import BARE, CASES, JWT_CASES, VARIED, Case, VariedCase, name_of, use_defaults

SINGLE_FLIGHT = [case for case in BARE if declarations.has_single_flight(case.validator)]
PULLING = [case for case in BARE if not issubclass(case.validator, PushReceiver)]


@pytest.mark.parametrize("varied", [each for each in VARIED if not has_few_entries(each)], ids=name_of)
def test_a_declaration_of_no_calls_about_tokens_is_kept(varied: VariedCase) -> None:
    declarations.check_calls_about_tokens(varied)


@pytest.mark.parametrize("case", PULLING, ids=name_of)
def test_a_call_about_a_new_token_is_declared_exactly_if_there_is_one(case: Case) -> None:
    declarations.check_declared_call(use_defaults(case))


def test_some_declare_calls_and_some_do_not() -> None:
    assert {use_defaults(case).build().validator.asks_authorization_server for case in BARE} == {True, False}


@pytest.mark.parametrize("case", SINGLE_FLIGHT, ids=name_of)
@pytest.mark.parametrize("single_flight", [True, False])
def test_simultaneous_requests_introspect_once_with_single_flight(case: Case, single_flight: bool) -> None:
    declarations.check_single_flight(use_defaults(case), single_flight)


gaps = st.sampled_from([0.0, 0.1, 1.0, 3.0]) | st.floats(0.0, 20.0)
requests = st.lists(st.tuples(gaps, st.integers(0, 3)), min_size=1, max_size=30)


@pytest.mark.parametrize("case", SINGLE_FLIGHT, ids=name_of)
@given(requests=requests, travel_s=gaps, ttl_s=st.sampled_from([0.5, 2.0, 10.0]))
@settings(max_examples=25)
def test_no_schedule_makes_single_flight_introspect_more(
    case: Case, requests: list[tuple[float, int]], travel_s: float, ttl_s: float
) -> None:
    declarations.check_single_flight_never_calls_more(use_defaults(case), requests, travel_s, ttl_s)


@pytest.mark.parametrize("case", CASES, ids=name_of)
@pytest.mark.parametrize("check", [*declarations.CASE_CHECKS, revocation.check_push], ids=name_of)
def test_binding_forwarding_and_push_are_as_declared(check: Callable[[VariedCase], None], case: Case) -> None:
    check(use_defaults(case))


@pytest.mark.parametrize("case", JWT_CASES, ids=name_of)
def test_a_second_signature_does_not_revive_a_revoked_token(case: Case) -> None:
    revocation.check_second_signature(use_defaults(case))

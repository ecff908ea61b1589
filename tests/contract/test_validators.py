"""Validators: each accepts and refuses what the contract says, whatever it is made of."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.contracts import acceptance, claims, forgery, outages, revocation
from simlib.contracts.stepped_deployment import SteppedDeployment
from simlib.scenario.effects import Answer
from simlib.stores import STORES
from support.all_pairs import all_pairs
from support.cases import BARE, CASES, EVERY_PART, VARIED, WRAPPED, Case, VariedCase, name_of, use_defaults

STORED = [(case, store) for case in BARE for store in STORES] + [(case, "dict") for case in WRAPPED]
EACH = pytest.mark.parametrize("case", CASES, ids=name_of)
EACH_PART = pytest.mark.parametrize("case", EVERY_PART, ids=name_of)
WRAPPED_BY_PARTS = {(case.wrappers, case.validator): case for case in WRAPPED}


def each_with(name: str, values: Sequence[Any], name_value: Callable[[Any], str] = str) -> pytest.MarkDecorator:
    """Every value with each bare case and each store, with each wrapper, and with each validator inside a wrapper.

    A value does not act on wrapper and validator together, nor on validator and store, so that pairs are enough.
    """
    numbers = range(len(values))
    bare = all_pairs(product(BARE, STORES, numbers))
    parts = all_pairs((*parts, number) for parts in WRAPPED_BY_PARTS for number in numbers)
    rows = bare + [(WRAPPED_BY_PARTS[wrappers, validator], "dict", number) for wrappers, validator, number in parts]
    chosen = [
        pytest.param((case, store), values[number], id=f"{name_of((case, store))}-{name_value(values[number])}")
        for case, store, number in rows
    ]
    return pytest.mark.parametrize(("stepped", name), chosen, indirect=["stepped"])


@pytest.fixture(params=STORED, ids=name_of)
def stepped(request: pytest.FixtureRequest, make_stage: Callable[..., SteppedDeployment]) -> SteppedDeployment:
    case, store = request.param
    return make_stage(*case, store=store).at(1000.0)


@pytest.mark.parametrize("check", [*acceptance.CHECKS, *forgery.MANIPULATION_CHECKS, *revocation.CHECKS], ids=name_of)
def test_a_new_deployment_meets_the_contract(
    check: Callable[[SteppedDeployment], None], stepped: SteppedDeployment
) -> None:
    check(stepped)


@EACH
@pytest.mark.parametrize("check", [*acceptance.CASE_CHECKS, outages.check_unknown_resource_server], ids=name_of)
def test_a_case_meets_the_contract(check: Callable[[VariedCase], None], case: Case) -> None:
    check(use_defaults(case))


@pytest.mark.parametrize("varied", VARIED, ids=name_of)
def test_valid_up_to_its_expiry_and_not_at_it_whatever_the_settings(varied: VariedCase) -> None:
    acceptance.check_expiry(varied)


@EACH
@pytest.mark.parametrize("instant", acceptance.INSTANTS)
def test_the_wall_clock_decides_nothing(instant: float, case: Case) -> None:
    acceptance.check_no_wall_clock(use_defaults(case), instant)


@each_with("changes", claims.WRONG_CLAIMS)
def test_a_token_with_wrong_claims_is_refused(changes: Mapping[str, Any], stepped: SteppedDeployment) -> None:
    claims.check_wrong_claims(stepped, changes)


@each_with("scope", acceptance.INSUFFICIENT_SCOPES)
def test_a_token_without_the_scope_is_refused_with_403(scope: str, stepped: SteppedDeployment) -> None:
    acceptance.check_insufficient_scope(stepped, scope)


@each_with("scope", acceptance.SCOPES_OF_WRONG_TYPE)
def test_a_scope_that_is_no_text_grants_nothing(scope: Any, stepped: SteppedDeployment) -> None:
    acceptance.check_scope_of_wrong_type(stepped, scope)


@each_with("active", claims.NOT_ACTIVE)
def test_only_the_word_true_means_active(active: Any, stepped: SteppedDeployment) -> None:
    claims.check_inactive_token(stepped, active)


@each_with("answer", outages.NO_ANSWERS)
def test_without_an_answer_nothing_is_accepted_that_needs_one(answer: Answer, stepped: SteppedDeployment) -> None:
    outages.check_no_answer(stepped, answer)


@each_with("body", outages.UNREADABLE_BODIES, lambda body: repr(body[:12]))
def test_an_unreadable_answer_is_no_answer(body: bytes, stepped: SteppedDeployment) -> None:
    outages.check_unreadable_answer(stepped, body)


@EACH_PART
def test_every_single_byte_of_a_payload_counts(case: Case) -> None:
    forgery.check_every_alteration(use_defaults(case).build())


@EACH_PART
@given(at=st.integers(0, 10**6))
@settings(max_examples=10)
def test_an_altered_token_is_refused(case: Case, at: int) -> None:
    forgery.check_altered_token(use_defaults(case).build(), at)


characters = st.characters() | st.characters(categories=["Cs"]) | st.sampled_from(".-_=eyJhbGciOiJ\x00")


@EACH_PART
@given(token=st.text(characters, min_size=1, max_size=60))
@settings(max_examples=12)
def test_garbage_is_refused_and_never_raises(case: Case, token: str) -> None:
    forgery.check_garbage(use_defaults(case).build(), token)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
NAMES = ["active", "iss", "aud", "exp", "nbf", "iat", "scope", "sub", "client_id", "jti"]


@EACH_PART
@given(changes=st.dictionaries(st.sampled_from(NAMES), json_values, min_size=1, max_size=4))
@settings(max_examples=12)
def test_no_claims_raise_an_exception(case: Case, changes: dict[str, Any]) -> None:
    claims.check_any_claims(use_defaults(case).build(), changes)

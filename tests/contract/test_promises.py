"""What parts promise beyond right and wrong: whom they ask and how often, what binding, push and forwarding mean."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.services import ENDPOINTS
from simlib.strategies import PushReceiver
from simlib.tokens.forging import malleate_signature
from support.cases import BARE, CASES, JWT_CASES, Case, Varied, name_of, varied_one_by_one
from support.stage import PUSHED, Stage
from support.stepping import Delay

EACH = pytest.mark.parametrize("case", CASES, ids=name_of)
TOKENS = 20
VARIED = [
    chosen
    for case in CASES
    for chosen in varied_one_by_one(case)
    if all(getattr(one, "entries", TOKENS + 1) > TOKENS for one in chosen.wrapper_settings)
]
"""Without status lists so short that hardly any two tokens share one: those are fetched for a token each."""
SINGLE_FLIGHT = [case for case in BARE if "single_flight" in case.validator.Settings.__dataclass_fields__]


def asked(stage: Stage) -> int:
    """How often anybody called the authorization server."""
    return sum(count for target, count in stage.calls.items() if target in ENDPOINTS)


@pytest.mark.parametrize("chosen", VARIED, ids=name_of)
def test_who_promises_to_ask_about_no_token_asks_about_none(chosen: Varied, make_stage: Callable[..., Stage]) -> None:
    stage = chosen.stage(make_stage).at(1000.0)
    assert stage.present(stage.issue().token).accepted  # whatever is fetched for all tokens is there now
    before = asked(stage)
    for number in range(TOKENS):
        assert stage.present(stage.issue(f"user-{number}").token, sensitive=number % 2 == 0).accepted
    assert stage.validator.asks_authorization_server or asked(stage) == before


@pytest.mark.parametrize("case", [case for case in BARE if not issubclass(case.validator, PushReceiver)], ids=name_of)
def test_nobody_but_who_asks_about_a_new_token_says_so(case: Case, make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(*case).at(1000.0)
    assert stage.present(stage.issue().token).accepted
    before = asked(stage)
    assert stage.present(stage.issue("user-1").token).accepted
    assert stage.validator.asks_authorization_server == (asked(stage) > before)


def test_some_promise_it_and_some_do_not(make_stage: Callable[..., Stage]) -> None:
    assert {make_stage(*case).validator.asks_authorization_server for case in BARE} == {True, False}


@pytest.mark.parametrize("case", SINGLE_FLIGHT, ids=name_of)
@pytest.mark.parametrize(("single_flight", "questions"), [(True, 1), (False, 35)])
def test_35_requests_at_once_with_one_token_ask_once_with_single_flight_and_35_times_without(
    case: Case, single_flight: bool, questions: int, make_stage: Callable[..., Stage]
) -> None:
    stage = make_stage(*case, settings=case.validator.Settings(single_flight=single_flight))
    token = stage.issue().token
    stage.stepper.delay = lambda target: Delay(0.01, 0.01)
    begun = [stage.begin(token) for _ in range(35)]
    stage.stepper.run()
    assert all(one.value.accepted for one in begun)
    assert stage.calls["introspect"] == questions


gaps = st.sampled_from([0.0, 0.1, 1.0, 3.0]) | st.floats(0.0, 20.0)
requests = st.lists(st.tuples(gaps, st.integers(0, 3)), min_size=1, max_size=30)


@pytest.mark.parametrize("case", SINGLE_FLIGHT, ids=name_of)
@given(requests=requests, travel_s=gaps, ttl_s=st.sampled_from([0.5, 2.0, 10.0]))
@settings(max_examples=50)
def test_no_schedule_makes_single_flight_ask_more(
    case: Case, requests: list[tuple[float, int]], travel_s: float, ttl_s: float
) -> None:
    counts = []
    for single_flight in (True, False):
        kept = {"ttl_s": ttl_s} if "ttl_s" in case.validator.Settings.__dataclass_fields__ else {}
        chosen = replace(case.validator.Settings(), single_flight=single_flight, **kept)
        stage = Stage(*case, settings=chosen)
        tokens = [stage.issue(f"user-{number}").token for number in range(4)]
        stage.stepper.delay = lambda target: Delay(travel_s / 2, travel_s / 2)
        for gap, number in requests:
            stage.at(stage.now + gap).begin(tokens[number])
        stage.stepper.run()
        counts.append(stage.calls["introspect"])
    assert 0 < counts[0] <= counts[1]


@EACH
def test_a_push_that_arrives_ends_a_token_at_once_and_one_that_is_lost_does_so_within_the_bound(
    case: Case, make_stage: Callable[..., Stage]
) -> None:
    for lost in (False, True):
        stage = make_stage(*case)
        token, other = stage.issue().token, stage.issue("user-2").token
        assert stage.present(token).accepted
        if lost:
            stage.cut(PUSHED)
        before = stage.calls[PUSHED]
        revoked_at = stage.now
        stage.revoke(token)
        stage.at(revoked_at)  # what is done behind the answer is done
        if stage.calls[PUSHED] > before and not lost:
            assert not stage.present(token).accepted
            assert stage.present(other).accepted
        assert not stage.at(revoked_at + stage.validator.compute_bound().after_revocation_s).present(token).accepted


@EACH
def test_a_bound_token_is_of_no_use_to_anybody_else(case: Case, make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(*case)
    bound = stage.grant(user=0).confirmation != stage.grant(user=1).confirmation
    token = stage.issue(user=0).token
    for first in (True, False):  # also when the server knows the token already
        assert stage.present(token, user=1).accepted != bound
        assert stage.present_bare(token).accepted != bound
        assert stage.present(token, user=0).accepted, first
    unbound = stage.stepper.finish(
        stage.issuer.issue(stage.server_host, stage.grant()._replace(confirmation={})), stage.server_host
    )
    assert stage.present(unbound.token).accepted != bound


@EACH
def test_what_a_gateway_passes_inwards_is_good_there_for_the_same_and_no_longer(
    case: Case, make_stage: Callable[..., Stage]
) -> None:
    stage = make_stage(*case)
    issued = stage.issue("user-7")
    verdict = stage.present(issued.token)
    assert bool(verdict.forward) == hasattr(case.validator, "forwards")
    if verdict.forward:
        inner = stage.present_inward(verdict.forward)
        assert inner.accepted
        assert {name: inner.claims[name] for name in ("sub", "client_id", "scope", "exp")} == {
            name: verdict.claims[name] for name in ("sub", "client_id", "scope", "exp")
        }
        assert not stage.at(issued.expires_at).present_inward(verdict.forward).accepted


@pytest.mark.parametrize("case", JWT_CASES, ids=name_of)
def test_another_signature_that_fits_does_not_revive_a_revoked_token(
    case: Case, make_stage: Callable[..., Stage]
) -> None:
    """Who remembers revoked tokens by their text overlooks those (CVE-2015-7546); ECDSA has two per token."""
    stage = make_stage(*case, issuer_settings=case.issuer.Settings(algorithm="ES256"))
    token = stage.issue().token
    other = malleate_signature(token)
    assert stage.present(token).accepted
    assert stage.present(other).accepted  # else there is nothing to test
    stage.revoke(token)
    assert stage.present(other).accepted == stage.present(token).accepted
    later: Any = stage.at(stage.now + stage.validator.compute_bound().after_revocation_s)
    assert not later.present(other).accepted

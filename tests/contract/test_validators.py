"""What every validator of the mapping accepts and refuses, whatever it is made of."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.scenario.effects import Answer, Failed, Reply
from simlib.scenario.verdict import Verdict
from simlib.stores import STORES
from simlib.tokens import EPOCH
from support.forging import altered
from support.pairs import OPAQUE_PAIRS, PAIRS, name_of, one_by_one
from support.stage import ELSEWHERE, SCOPE, Stage

INVALID = 'Bearer error="invalid_token"'
SETTINGS = [(pair, chosen) for pair in PAIRS for chosen in one_by_one(pair[0])]
NO_ANSWERS = [
    Failed("timed_out"),
    Failed("refused"),
    Failed("unreachable"),
    Failed("status", 503, 1.0),
    Reply(500, b"oops"),
    Reply(401, b'{"error":"invalid_client"}'),
    Reply(204),
]
UNREADABLE = [b"", b"{", b"[]", b"null", b'"active"', b"\xff", b"[" * 100_000, b"<html>", b'{"active": 1' + b"1" * 5000]


@pytest.fixture(params=PAIRS, ids=name_of)
def pair(request: pytest.FixtureRequest) -> tuple[type[Any], type[Any]]:
    found: tuple[type[Any], type[Any]] = request.param
    return found


@pytest.fixture(params=STORES)
def stage(request: pytest.FixtureRequest, pair: tuple[type[Any], type[Any]], make_stage: Callable[..., Stage]) -> Stage:
    return make_stage(*pair, store=request.param).at(1000.0)


def assert_refused(verdict: Verdict) -> None:
    """401 as RFC 6750 section 3.1 words it, and nothing that could be used."""
    assert (verdict.accepted, verdict.status, verdict.challenge) == (False, 401, INVALID)
    assert verdict.reason not in ("", "no_token")
    assert not verdict.claims
    assert not verdict.forward


def test_a_valid_token_is_accepted_with_its_claims(stage: Stage) -> None:
    issued = stage.issue("user-7", f"{SCOPE} catalogue:write")
    verdict = stage.present(issued.token)
    assert (verdict.accepted, verdict.status, verdict.reason, verdict.challenge) == (True, 200, "", "")
    assert verdict.claims["sub"] == "user-7"
    assert verdict.claims["client_id"] == "shop"
    assert verdict.claims["scope"].split() == [SCOPE, "catalogue:write"]
    assert stage.present(issued.token).claims == verdict.claims


def test_claims_about_the_user_come_with_the_token_where_the_design_says_so(
    pair: tuple[type[Any], type[Any]], make_stage: Callable[..., Stage]
) -> None:
    for information in pair[0].user_information_sources:
        stage = make_stage(*pair, information=information)
        claims = stage.present(stage.issue("user-7").token).claims
        wanted = stage.deployment.user_claims("user-7")
        found = {name: claims[name] for name in wanted if name in claims}
        assert found == ({} if information == "userinfo" else wanted)


@pytest.mark.parametrize(("pair", "settings"), SETTINGS, ids=name_of)
def test_valid_up_to_its_expiry_and_not_at_it_whatever_the_settings(
    pair: tuple[type[Any], type[Any]], settings: Any, make_stage: Callable[..., Stage]
) -> None:
    stage = make_stage(*pair, settings=settings)
    token = stage.issue().token
    for instant in (0.0, 150.0, math.nextafter(300.0, 0.0)):
        assert stage.at(instant).present(token).accepted
    after = stage.validator.bound().after_expiry_s
    assert_refused(stage.at(300.0 + after).present(token))
    assert_refused(stage.at(300.0 + after + 1e6).present(token))


def test_expiry_holds_for_who_presents_first_at_it(stage: Stage) -> None:
    first, second = stage.issue(), stage.issue()
    assert stage.at(math.nextafter(first.expires_at, 0.0)).present(first.token).accepted
    assert_refused(stage.at(first.expires_at).present(second.token))
    assert_refused(stage.present(first.token))


def test_a_token_that_expires_while_it_is_checked_is_refused(
    pair: tuple[type[Any], type[Any]], make_stage: Callable[..., Stage]
) -> None:
    probe = make_stage(*pair)
    probe.present(probe.issue().token)
    late = 0
    for operation in list(probe.stepper.operations):  # slow at each step in turn, with and without an earlier answer
        stage = make_stage(*pair)
        known, new = stage.issue().token, stage.issue().token
        assert stage.present(known).accepted
        stage.rs.costs[operation] = 1.0
        begun = [stage.at(299.5).begin(token) for token in (known, new)]
        stage.stepper.run()
        for one in begun:
            assert one.at < 300.0 or not one.value.accepted, operation
            late += one.at >= 300.0
    assert late > 0


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": ELSEWHERE},
        {"iss": "https://as.example/"},
        {"iss": ...},
        {"iss": ["https://as.example"]},
        {"iss": None},
        {"aud": ELSEWHERE},
        {"aud": [ELSEWHERE]},
        {"aud": []},
        {"aud": "https://api.example/"},
        {"aud": {"https://api.example": 1}},
        {"aud": ...},
        {"aud": None},
        {"exp": ...},
        {"exp": None},
        {"exp": "never"},
        {"exp": True},
        {"exp": 0},
        {"exp": math.inf},
        {"exp": math.nan},
        {"nbf": 10**10},
        {"nbf": "soon"},
        {"nbf": None},
        {"nbf": True},
        {"iat": 10**10},
        {"iat": "now"},
        {"iat": True},
        {"iat": math.nan},
        {"iat": 10**400},
    ],
    ids=str,
)
def test_a_token_that_is_not_ours_or_not_now_is_refused(changes: dict[str, Any], stage: Stage) -> None:
    token = stage.misissue(**changes)
    assert_refused(stage.present(token))
    assert_refused(stage.present(token))


def test_a_token_of_several_audiences_is_good_for_each_of_them(stage: Stage) -> None:
    assert stage.present(stage.misissue(aud=[ELSEWHERE, "https://api.example"])).accepted


@pytest.mark.parametrize("instant", [0.0, 1e9])
def test_the_wall_clock_decides_nothing(instant: float, stage: Stage) -> None:
    stage.stepper.now = instant  # years before and after these tests were written
    assert stage.present(stage.issue().token).accepted
    assert stage.present(stage.misissue(nbf=EPOCH + int(instant))).accepted
    assert_refused(stage.present(stage.misissue(nbf=EPOCH + int(instant) + 1)))


def test_a_token_that_becomes_valid_later_is_refused_until_then(stage: Stage) -> None:
    token = stage.misissue(nbf=EPOCH + 1100)
    assert_refused(stage.at(math.nextafter(1100.0, 0.0)).present(token))
    assert stage.at(1100.0).present(token).accepted


@pytest.mark.parametrize("scope", ["", "catalogue", "catalogue:readall", "catalogue:write", "CATALOGUE:READ"])
def test_a_token_without_the_scope_is_refused_with_403(scope: str, stage: Stage) -> None:
    token = stage.issue(scope=scope).token
    for _ in range(2):
        verdict = stage.present(token)
        assert (verdict.accepted, verdict.status) == (False, 403)
        assert verdict.challenge == f'Bearer error="insufficient_scope", scope="{SCOPE}"'
        assert not verdict.claims


@pytest.mark.parametrize("scope", [..., None, 7, [SCOPE], {SCOPE: 1}], ids=str)
def test_a_scope_that_is_no_text_grants_nothing(scope: Any, stage: Stage) -> None:
    assert stage.present(stage.misissue(scope=scope)).status == 403


def test_every_word_of_the_scope_is_needed_and_judged_per_request(stage: Stage) -> None:
    token = stage.issue().token
    assert stage.present(token).accepted
    assert stage.present(token, f"{SCOPE} catalogue:write").status == 403
    assert stage.present(token).accepted


def test_who_presents_nothing_is_told_the_scheme_and_no_error_code(stage: Stage) -> None:
    verdict = stage.present("")
    assert (verdict.accepted, verdict.status, verdict.challenge) == (False, 401, "Bearer")
    assert not stage.calls


@given(st.integers(0, 10**6))
def test_an_altered_token_is_refused(at: int) -> None:
    for kinds in PAIRS:
        stage = Stage(*kinds)
        token = stage.issue().token
        assert stage.present(token).accepted
        assert_refused(stage.present(altered(token, at)))
        assert stage.present(token).accepted


def test_every_single_byte_of_the_payload_counts(stage: Stage) -> None:
    token = stage.issue().token
    length = len(token.split(".")[1]) * 3 // 4 if "." in token else len(token)
    for at in range(length):
        assert_refused(stage.present(altered(token, at)))


def test_every_cut_and_every_addition_is_refused(stage: Stage) -> None:
    token = stage.issue().token
    for end in range(1, len(token), 7):
        assert_refused(stage.present(token[:end]))
    for more in ("A", ".", "=", " ", "\n", "\x00"):
        assert_refused(stage.present(token + more))
        assert_refused(stage.present(more + token))


characters = st.characters() | st.characters(categories=["Cs"]) | st.sampled_from(".-_=eyJhbGciOiJ\x00")


@given(st.text(characters, min_size=1, max_size=60))
def test_garbage_is_refused_and_never_raises(token: str) -> None:
    for kinds in PAIRS:
        stage = Stage(*kinds)
        for _ in range(2):
            assert_refused(stage.present(token))


def test_a_long_token_is_refused_like_any_other(stage: Stage) -> None:
    for token in ("A" * 1_000_000, ".".join("A" * 1000), "..", "." * 100_000):
        assert_refused(stage.present(token))


def test_another_token_of_the_server_is_no_access_token(stage: Stage) -> None:
    assert_refused(stage.present(stage.refresh_token()))


@pytest.mark.parametrize("answer", NO_ANSWERS, ids=str)
def test_who_cannot_ask_accepts_nothing(answer: Answer, stage: Stage) -> None:
    token = stage.issue().token
    stage.answer_all(answer)
    for presented in (token, "garbage"):
        verdict = stage.present(presented)
        assert (verdict.accepted, verdict.status, verdict.challenge) == (False, 503, "")
    stage.restore()
    assert stage.present(token).accepted  # a failure is not remembered


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: repr(body[:12]))
def test_an_answer_that_nobody_can_read_is_no_answer(body: bytes, stage: Stage) -> None:
    token = stage.issue().token
    stage.answer_all(Reply(200, body))
    verdict = stage.present(token)
    assert (verdict.accepted, verdict.status) == (False, 503)
    stage.restore()
    assert stage.present(token).accepted


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
NAMES = ["active", "iss", "aud", "exp", "nbf", "iat", "scope", "sub", "client_id", "jti"]


@given(st.dictionaries(st.sampled_from(NAMES), json_values, min_size=1, max_size=4))
def test_no_claims_raise_whoever_made_them(changes: dict[str, Any]) -> None:
    for kinds in PAIRS:
        stage = Stage(*kinds)
        verdict = stage.present(stage.misissue(**changes))
        assert verdict.accepted == (verdict.status == 200)


@pytest.mark.parametrize("pair", OPAQUE_PAIRS, ids=name_of)
@pytest.mark.parametrize("active", [False, None, ..., "true", "True", 1, 1.0, [True], {"active": True}, 0, ""], ids=str)
def test_only_the_word_true_means_active(pair: Any, active: Any, make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(*pair)
    token = stage.misissue(active=active)
    assert_refused(stage.present(token))
    assert_refused(stage.present(token))


@pytest.mark.parametrize("pair", OPAQUE_PAIRS, ids=name_of)
def test_a_resource_server_that_the_server_does_not_know_accepts_nothing(
    pair: Any, make_stage: Callable[..., Stage]
) -> None:
    stage = make_stage(*pair)
    token = stage.issue().token
    stage.server = replace(stage.server, may_introspect=frozenset())
    assert stage.present(token).status == 503


def test_a_revoked_token_is_refused_by_who_never_saw_it_unless_the_bound_allows(stage: Stage) -> None:
    token = stage.issue().token
    stage.revoke(token)
    bound = stage.validator.bound().after_revocation_s
    verdict = stage.at(stage.now + bound).present(token)
    assert_refused(verdict)


def test_one_token_says_nothing_about_another(stage: Stage) -> None:
    first, second = stage.issue("user-1").token, stage.issue("user-2").token
    assert stage.present(first).claims["sub"] == "user-1"
    assert stage.present(second).claims["sub"] == "user-2"
    stage.revoke(first)
    assert stage.present(second).claims["sub"] == "user-2"


def test_replicas_share_no_state(stage: Stage) -> None:
    other = stage.validator.initial_state()
    assert other is not stage.state or other is None

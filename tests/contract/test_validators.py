"""What every validator of the mapping accepts and refuses, whatever it is made of."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.scenario.effects import Answer, Failed, Reply, Verdict
from simlib.stores import STORES
from simlib.tokens import EPOCH
from simlib.tokens.forging import alter, count_alterations
from support.all_pairs import all_pairs
from support.cases import BARE, CASES, EVERY_PART, WRAPPED, Case, Varied, name_of, varied_one_by_one
from support.misissuing import changing
from support.stage import ELSEWHERE, SCOPE, Stage

INVALID = re.compile(r'Bearer error="invalid_token"|DPoP error="(invalid_token|invalid_dpop_proof)"(, algs="[^"]+")?')
SETTINGS = [chosen for case in CASES for chosen in varied_one_by_one(case)]
STORED = [(case, store) for case in BARE for store in STORES] + [(case, "dict") for case in WRAPPED]
NO_ANSWERS = [
    Failed("timed_out"),
    Failed("refused"),
    Failed("unreachable"),
    Failed("status", 503, 1.0),
    Reply(500, b"oops"),
    Reply(401, b'{"error":"invalid_client"}'),
    Reply(302),
]
UNREADABLE = [b"", b"{", b"[]", b"null", b'"active"', b"\xff", b"[" * 100_000, b"<html>", b'{"active": 1' + b"1" * 5000]


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
    return pytest.mark.parametrize(("stage", name), chosen, indirect=["stage"])


@pytest.fixture(params=STORED, ids=name_of)
def stage(request: pytest.FixtureRequest, make_stage: Callable[..., Stage]) -> Stage:
    case, store = request.param
    return make_stage(*case, store=store).at(1000.0)


def assert_refused(verdict: Verdict) -> None:
    """401 as RFC 6750 section 3.1 and RFC 9449 section 7.1 word it, and nothing that could be used."""
    assert (verdict.accepted, verdict.status) == (False, 401)
    assert INVALID.fullmatch(verdict.challenge)
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


@EACH
def test_claims_about_the_user_come_with_the_token_where_the_design_says_so(
    case: Case, make_stage: Callable[..., Stage]
) -> None:
    possible = getattr(case.issuer, "user_information_sources", case.validator.user_information_sources)
    for information in set(case.validator.user_information_sources) & set(possible):
        stage = make_stage(*case, information=information)
        claims = stage.present(stage.issue("user-7").token, needs_user_information=True).claims
        wanted = stage.deployment.user_claims("user-7")
        found = {name: claims[name] for name in wanted if name in claims}
        assert found == ({} if information == "userinfo" else wanted)


@pytest.mark.parametrize("varied", SETTINGS, ids=name_of)
def test_valid_up_to_its_expiry_and_not_at_it_whatever_the_settings(
    varied: Varied, make_stage: Callable[..., Stage]
) -> None:
    stage = varied.stage(make_stage)
    token = stage.issue().token
    for instant in (0.0, 150.0, math.nextafter(300.0, 0.0)):
        assert stage.at(instant).present(token).accepted
    after = stage.validator.compute_bound().after_expiry_s
    assert_refused(stage.at(300.0 + after).present(token))
    assert_refused(stage.at(300.0 + after + 700.0).present(token))


def test_expiry_holds_for_who_presents_first_at_it(stage: Stage) -> None:
    first, second = stage.issue(), stage.issue()
    assert stage.at(math.nextafter(first.expires_at, 0.0)).present(first.token).accepted
    assert_refused(stage.at(first.expires_at).present(second.token))
    assert_refused(stage.present(first.token))


@EACH
def test_a_token_that_expires_while_it_is_checked_is_refused(case: Case, make_stage: Callable[..., Stage]) -> None:
    probe = make_stage(*case)
    probe.present(probe.issue().token)
    late = 0
    for operation in list(probe.stepper.operations):  # slow at each step in turn, with and without an earlier answer
        stage = make_stage(*case)
        known, new = stage.issue().token, stage.issue().token
        assert stage.present(known).accepted
        stage.rs.costs[operation] = 1.0
        begun = [stage.at(299.5).begin(token) for token in (known, new)]
        stage.stepper.run()
        for one in begun:
            assert one.at < 300.0 or not one.value.accepted, operation
            late += one.at >= 300.0
    assert late > 0


@each_with(
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
)
def test_a_token_that_is_not_ours_or_not_now_is_refused(changes: dict[str, Any], stage: Stage) -> None:
    token = stage.misissue(**changes)
    for _ in range(2):
        verdict = stage.present(token)
        if verdict.accepted:  # only where the format cannot say this, such as true for a date
            assert not [name for name in changes if repr(verdict.claims.get(name, ...)) == repr(changes[name])]
            assert changes in ({"nbf": True}, {"iat": True})
        else:
            assert_refused(verdict)


def test_a_token_of_several_audiences_is_good_for_each_of_them(stage: Stage) -> None:
    assert stage.present(stage.misissue(aud=[ELSEWHERE, "https://api.example"])).accepted


@EACH
@pytest.mark.parametrize("instant", [0.0, 1e9])  # years before and after these tests were written
def test_the_wall_clock_decides_nothing(instant: float, case: Case, make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(*case, now=instant)
    assert stage.present(stage.issue().token).accepted
    assert stage.present(stage.misissue(nbf=EPOCH + int(instant))).accepted
    assert_refused(stage.present(stage.misissue(nbf=EPOCH + int(instant) + 1)))


def test_a_token_that_becomes_valid_later_is_refused_until_then(stage: Stage) -> None:
    token = stage.misissue(nbf=EPOCH + 1100)
    assert_refused(stage.at(math.nextafter(1100.0, 0.0)).present(token))
    assert stage.at(1100.0).present(token).accepted


@each_with("scope", ["", "catalogue", "catalogue:readall", "catalogue:write", "CATALOGUE:READ"])
def test_a_token_without_the_scope_is_refused_with_403(scope: str, stage: Stage) -> None:
    token = stage.issue(scope=scope).token
    for _ in range(2):
        verdict = stage.present(token)
        assert (verdict.accepted, verdict.status) == (False, 403)
        assert re.fullmatch(rf'(Bearer|DPoP) error="insufficient_scope", scope="{SCOPE}"', verdict.challenge)
        assert not verdict.claims


@each_with("scope", [..., None, 7, [SCOPE], {SCOPE: 1}])
def test_a_scope_that_is_no_text_grants_nothing(scope: Any, stage: Stage) -> None:
    assert stage.present(stage.misissue(scope=scope)).status == 403


def test_every_word_of_the_scope_is_needed_and_judged_per_request(stage: Stage) -> None:
    token = stage.issue().token
    assert stage.present(token).accepted
    assert stage.present(token, f"{SCOPE} catalogue:write").status == 403
    assert stage.present(token).accepted


def test_who_presents_nothing_is_told_the_scheme_and_no_error_code(stage: Stage) -> None:
    before = stage.calls.copy()
    verdict = stage.present("")
    assert (verdict.accepted, verdict.status) == (False, 401)
    assert verdict.challenge.startswith(("Bearer", "DPoP"))
    assert "error" not in verdict.challenge
    assert stage.calls == before


@EACH_PART
@given(at=st.integers(0, 10**6))
@settings(max_examples=20)
def test_an_altered_token_is_refused(case: Case, at: int) -> None:
    stage = Stage(*case)
    token = stage.issue().token
    assert stage.present(token).accepted
    assert_refused(stage.present(alter(token, at)))
    assert stage.present(token).accepted


@EACH_PART
def test_every_single_byte_of_what_a_token_says_counts(case: Case, make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(*case)
    token = stage.issue().token
    for at in range(count_alterations(token)):
        assert_refused(stage.present(alter(token, at)))


def test_every_cut_and_every_addition_is_refused(stage: Stage) -> None:
    token = stage.issue().token
    for end in range(1, len(token), 7):
        assert_refused(stage.present(token[:end]))
    for more in ("A", ".", "=", " ", "\n", "\x00"):
        assert_refused(stage.present(token + more))
        assert_refused(stage.present(more + token))


characters = st.characters() | st.characters(categories=["Cs"]) | st.sampled_from(".-_=eyJhbGciOiJ\x00")


@EACH_PART
@given(token=st.text(characters, min_size=1, max_size=60))
@settings(max_examples=25)
def test_garbage_is_refused_and_never_raises(case: Case, token: str) -> None:
    stage = Stage(*case)
    for _ in range(2):
        assert_refused(stage.present(token))


def test_a_long_token_is_refused_like_any_other(stage: Stage) -> None:
    for token in ("A" * 1_000_000, ".".join("A" * 1000), "..", "." * 100_000):
        assert_refused(stage.present(token))


def test_another_token_of_the_server_is_no_access_token(stage: Stage) -> None:
    assert_refused(stage.present(stage.refresh_token()))


@each_with("answer", NO_ANSWERS)
def test_who_cannot_ask_accepts_nothing_that_it_would_have_to_ask_about(answer: Answer, stage: Stage) -> None:
    token = stage.issue().token
    stage.answer_all(answer)
    asked = sum(stage.calls.values())
    verdict = stage.present(token)
    if sum(stage.calls.values()) > asked:
        assert (verdict.accepted, verdict.status, verdict.challenge) == (False, 503, "")
    else:
        assert (verdict.accepted, verdict.status) in ((True, 200), (False, 503))
    assert stage.present("garbage").status in (401, 503)
    stage.restore()
    assert stage.present(token).accepted  # a failure is not remembered


@each_with("body", UNREADABLE, lambda body: repr(body[:12]))
def test_an_answer_that_nobody_can_read_is_no_answer(body: bytes, stage: Stage) -> None:
    token = stage.issue().token
    stage.answer_all(Reply(200, body))
    asked = sum(stage.calls.values())
    verdict = stage.present(token)
    assert (verdict.accepted, verdict.status) == (False, 503) or sum(stage.calls.values()) == asked
    stage.restore()
    assert stage.present(token).accepted


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
NAMES = ["active", "iss", "aud", "exp", "nbf", "iat", "scope", "sub", "client_id", "jti"]


@EACH_PART
@given(changes=st.dictionaries(st.sampled_from(NAMES), json_values, min_size=1, max_size=4))
@settings(max_examples=30)
def test_no_claims_raise_whoever_made_them(case: Case, changes: dict[str, Any]) -> None:
    stage = Stage(*case)
    verdict = stage.present(stage.misissue(**changes))
    assert verdict.accepted == (verdict.status == 200)


@each_with("active", [False, None, ..., "true", "True", 1, 1.0, [True], {"active": True}, 0, ""])
def test_only_the_word_true_means_active(active: Any, stage: Stage) -> None:
    token = stage.misissue(active=active)
    said: list[bool] = []
    stage.alter("introspect", lambda answer: said.append("active" in answer) or changing({"active": active})(answer))
    for _ in range(2):
        verdict = stage.present(token)
        if any(said):
            assert_refused(verdict)
        else:
            assert verdict.accepted  # nobody asked, or the answer was the token itself


@EACH
def test_a_resource_server_that_the_server_does_not_know_is_told_nothing(
    case: Case, make_stage: Callable[..., Stage]
) -> None:
    stage = make_stage(*case)
    token = stage.issue().token
    stage.server = replace(stage.server, may_introspect=frozenset())
    verdict = stage.present(token)
    assert verdict.status == 503 or (verdict.accepted and not stage.calls["introspect"])


def test_a_revoked_token_is_refused_by_who_never_saw_it_unless_the_bound_allows(stage: Stage) -> None:
    token = stage.issue().token
    stage.revoke(token)
    bound = stage.validator.compute_bound().after_revocation_s
    assert_refused(stage.at(stage.now + bound).present(token))


def test_who_revokes_a_token_that_nobody_issued_revokes_nothing(stage: Stage) -> None:
    """What says the same as a token of the server and is signed by nobody names no token of the server."""
    token, other = stage.issue().token, stage.issue("user-2").token
    for forged in (alter(token, 0), alter(token, -1), _with_the_end_of(other, token)):
        stage.revoke(forged)
    assert stage.present(token).accepted
    assert (
        stage.at(stage.now + 100.0).present(token).accepted
    )  # whoever polls has polled, and no answer is kept so long


def test_one_token_says_nothing_about_another(stage: Stage) -> None:
    first, second = stage.issue("user-1").token, stage.issue("user-2").token
    assert stage.present(first).claims["sub"] == "user-1"
    assert stage.present(second).claims["sub"] == "user-2"
    stage.revoke(first)
    assert stage.present(second).claims["sub"] == "user-2"


def test_replicas_share_no_state(stage: Stage) -> None:
    other = stage.validator.create_state()
    assert other is not stage.state or other is None


def _with_the_end_of(other: str, token: str) -> str:
    return token.rpartition(".")[0] + "." + other.rpartition(".")[2]

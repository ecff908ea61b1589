"""Codes: the authorization endpoint gives them (RFC 6749 section 4.1), the token endpoint takes each once."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.scenario.design import RefreshPolicy
from simlib.scenario.messages import HttpRequest, StoreGet, StorePut, TokenRow
from simlib.services import Registration
from simlib.services.authorization_code import CODE_LIFETIME_S, make_code_key
from simlib.strategies import JwtAccessToken, JwtLocal
from simlib.tokens import EPOCH, read_header
from simlib.tokens.forging import read_claims
from support.registered import (
    CALLBACK,
    CHALLENGE,
    HOME,
    LIFETIME_S,
    PASSWORD,
    PHONE,
    REGISTRATIONS,
    VERIFIER,
    active,
    asking,
    challenge_of,
    code_for,
    equip,
    form_of,
    granted,
    redeeming,
    redirected,
    refreshing,
    refused,
)
from support.stage import CLIENT, ISSUER, OTHER_CLIENT, RESOURCE_SERVER, SCOPE, Stage, basic


@pytest.fixture(params=["opaque_introspection", "jwt_local"])
def stage(request: pytest.FixtureRequest, make_stage: Callable[..., Stage]) -> Stage:
    return equip(make_stage(request.param)).at(10.4)


INVALID_GRANT = (400, "invalid_grant")

# --- the authorization endpoint ------------------------------------------------------------------------------------


def test_a_user_who_signs_in_is_sent_back_with_a_code_the_state_and_who_answers(stage: Stage) -> None:
    reply = stage.post("authorize", None, **asking())
    sent = redirected(reply)
    assert reply.body.decode().startswith(CALLBACK + "?")
    assert (sent.pop("state"), sent.pop("iss"), list(sent)) == ("a b&c", ISSUER, ["code"])
    assert len(sent["code"]) == 43


def test_what_a_redirect_uri_already_asks_is_kept_and_no_state_is_made_up(stage: Stage) -> None:
    reply = stage.post("authorize", None, **asking(redirect_uri=HOME, state=None))
    assert reply.body.decode().startswith(HOME + "&code=")
    assert "state" not in redirected(reply)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"client_id": OTHER_CLIENT.client_id},
        {"redirect_uri": None},
        {"redirect_uri": ""},
        {"redirect_uri": "https://thief.example/callback"},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": CALLBACK + "?x=1"},
        {"redirect_uri": CALLBACK + "#x"},
        {"redirect_uri": CALLBACK.upper()},
        {"redirect_uri": CALLBACK[:-1]},
        {"redirect_uri": CALLBACK.replace("https", "http")},
    ],
    ids=str,
)
def test_nobody_is_sent_to_an_address_that_is_not_registered_to_the_letter(changes: Any, stage: Stage) -> None:
    assert refused(stage.post("authorize", None, **asking(**changes))) == (400, "invalid_request")


def test_a_client_is_not_sent_to_the_address_of_another(stage: Stage) -> None:
    reply = stage.post("authorize", None, **asking(PHONE, redirect_uri=HOME))
    assert refused(reply) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"scope": f"{SCOPE} admin"}, "invalid_scope"),
        ({"scope": f"{SCOPE}\t{SCOPE}"}, "invalid_scope"),
        ({"password": "wrong"}, "access_denied"),
        ({"password": None}, "access_denied"),
        ({"login": "nobody"}, "access_denied"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
        ({"code_challenge": CHALLENGE[1:]}, "invalid_request"),
        ({"code_challenge": "é" * 43}, "invalid_request"),
    ],
    ids=str,
)
@pytest.mark.parametrize("client_id", [CLIENT.client_id, PHONE])
def test_a_bad_request_is_sent_back_with_an_error_the_state_and_who_answers(
    client_id: str, changes: Any, code: str, stage: Stage
) -> None:
    sent = redirected(stage.post("authorize", None, **asking(client_id, **changes)))
    assert sent == {"error": code, "state": "a b&c", "iss": ISSUER}


def test_a_client_without_a_secret_must_use_a_challenge_and_one_with_a_secret_need_not(stage: Stage) -> None:
    plain = {"code_challenge": None, "code_challenge_method": None}
    assert redirected(stage.post("authorize", None, **asking(PHONE, **plain)))["error"] == "invalid_request"
    assert "code" in redirected(stage.post("authorize", None, **asking(**plain)))


def test_a_client_that_is_not_registered_for_codes_gets_none(stage: Stage) -> None:
    equip(stage, registrations={CLIENT.client_id: Registration(frozenset(), frozenset({CALLBACK}), SCOPE)})
    assert redirected(stage.post("authorize", None, **asking()))["error"] == "unauthorized_client"


def test_who_cannot_sign_in_costs_no_write(stage: Stage) -> None:
    before = stage.calls["store"]
    stage.post("authorize", None, **asking(password="wrong"))
    assert stage.calls["store"] == before
    assert stage.stepper.operations["user.authenticate"] == 1


@given(st.dictionaries(st.sampled_from(sorted(asking())), st.text(max_size=9), max_size=4), st.binary(max_size=40))
def test_no_request_raises_or_sends_anybody_anywhere_else(changes: dict[str, str], body: bytes) -> None:
    stage = equip(Stage(JwtLocal, JwtAccessToken))
    reply = stage.post("authorize", None, **asking(**changes))
    assert reply.status == 400 or reply.body.decode().startswith((CALLBACK + "?", HOME + "&"))
    assert stage.ask("authorize", HttpRequest("", body)).status == 400


# --- a code for tokens ---------------------------------------------------------------------------------------------


def test_a_code_gives_tokens_of_the_user_that_work(stage: Stage) -> None:
    answer = granted(stage.post("token", **redeeming(code_for(stage))))
    assert (answer["token_type"], answer["scope"]) == ("Bearer", SCOPE)
    assert "id_token" not in answer
    verdict = stage.present(answer["access_token"])
    assert (verdict.accepted, verdict.claims["sub"], verdict.claims["client_id"]) == (True, "user-7", "shop")
    again = granted(stage.post("token", **refreshing(answer["refresh_token"])))
    assert stage.present(again["access_token"]).claims["sub"] == "user-7"


def test_a_client_without_a_secret_names_itself_and_proves_the_code(stage: Stage) -> None:
    form = redeeming(code_for(stage, PHONE), client_id=PHONE)
    answer = granted(stage.post("token", None, **form))
    assert stage.present(answer["access_token"]).claims["client_id"] == PHONE


@pytest.mark.parametrize("client_id", [None, "", "nobody", "PHONE APP", CLIENT.client_id])
def test_a_name_alone_is_enough_for_nobody_else(client_id: str | None, stage: Stage) -> None:
    equip(stage, public_clients=frozenset({PHONE, CLIENT.client_id}))  # who has a secret must use it
    reply = stage.post("token", None, **redeeming(code_for(stage), client_id=client_id))
    assert refused(reply) == (401, "invalid_client")


def test_a_wrong_secret_does_not_make_a_client_a_public_one(stage: Stage) -> None:
    request = form_of(None, client_id=PHONE, **redeeming(code_for(stage, PHONE)))
    wrong = basic(replace(CLIENT, client_secret="wrong"))
    assert refused(stage.ask("token", request._replace(authorization=wrong))) == (401, "invalid_client")
    assert stage.ask("token", request).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": VERIFIER[:-1] + "l"},
        {"code_verifier": VERIFIER.swapcase()},
        {"code_verifier": CHALLENGE},
        {"code_verifier": None},
        {"code_verifier": ""},
        {"redirect_uri": None},
        {"redirect_uri": HOME},
        {"redirect_uri": CALLBACK + "/"},
        {"code": "unknown"},
    ],
    ids=str,
)
def test_a_code_needs_its_verifier_and_its_redirect_uri(changes: Any, stage: Stage) -> None:
    code = code_for(stage)
    assert refused(stage.post("token", **redeeming(code, **changes))) == INVALID_GRANT
    if changes.get("code") is None:  # a wrong guess uses the code up
        assert refused(stage.post("token", **redeeming(code))) == INVALID_GRANT


@pytest.mark.parametrize("verifier", ["a" * 42, "a" * 129, "é" * 43, "a b" * 20])
def test_a_verifier_has_43_to_128_unreserved_characters(verifier: str, stage: Stage) -> None:
    code = code_for(stage, code_challenge=challenge_of(verifier))
    assert refused(stage.post("token", **redeeming(code, code_verifier=verifier))) == INVALID_GRANT


@given(st.text("abcXYZ019-._~", min_size=43, max_size=128))
def test_every_proper_verifier_is_taken(verifier: str) -> None:
    stage = equip(Stage(JwtLocal, JwtAccessToken))
    code = code_for(stage, code_challenge=challenge_of(verifier))
    assert stage.post("token", **redeeming(code, code_verifier=verifier)).status == 200


def test_a_verifier_without_a_challenge_shows_that_the_challenge_was_taken_away(stage: Stage) -> None:
    plain = {"code_challenge": None, "code_challenge_method": None}
    assert refused(stage.post("token", **redeeming(code_for(stage, **plain)))) == INVALID_GRANT
    assert stage.post("token", **redeeming(code_for(stage, **plain), code_verifier=None)).status == 200


def test_a_client_without_a_secret_redeems_no_code_that_was_given_without_a_challenge(stage: Stage) -> None:
    details = json.dumps({"redirect_uri": CALLBACK})
    row = TokenRow("code", "user-7", PHONE, SCOPE, "", 10.0, 70.0, None, details)
    stage.store.execute(StorePut(make_code_key("code"), row))
    form = redeeming("code", client_id=PHONE, code_verifier=None)
    assert refused(stage.post("token", None, **form)) == INVALID_GRANT


def test_a_code_is_for_the_client_that_asked_for_it(stage: Stage) -> None:
    registrations = {**REGISTRATIONS, OTHER_CLIENT.client_id: REGISTRATIONS[CLIENT.client_id]}
    equip(stage, registrations=registrations)
    assert refused(stage.post("token", OTHER_CLIENT, **redeeming(code_for(stage)))) == INVALID_GRANT
    phones = code_for(stage, PHONE)
    assert refused(stage.post("token", **redeeming(phones))) == INVALID_GRANT


@pytest.mark.parametrize(("age", "status"), [(0.0, 200), (CODE_LIFETIME_S - 1e-6, 200), (CODE_LIFETIME_S, 400)])
def test_a_code_lives_a_minute(age: float, status: int, stage: Stage) -> None:
    code = code_for(stage)
    assert stage.at(10.4 + age).post("token", **redeeming(code)).status == status


def test_a_form_without_a_code_is_an_invalid_request(stage: Stage) -> None:
    for code in (None, ""):
        assert refused(stage.post("token", **redeeming("x", code=code))) == (400, "invalid_request")


def test_a_client_that_is_not_registered_for_a_grant_may_not_use_it(stage: Stage) -> None:
    code = code_for(stage)
    equip(stage, registrations={})
    assert refused(stage.post("token", **redeeming(code))) == (400, "unauthorized_client")


def test_no_refresh_token_for_who_is_not_registered_for_it(stage: Stage) -> None:
    only_codes = Registration(frozenset({"authorization_code"}), frozenset({CALLBACK}), SCOPE)
    equip(stage, registrations={CLIENT.client_id: only_codes})
    assert "refresh_token" not in granted(stage.post("token", **redeeming(code_for(stage))))


def test_a_refresh_token_from_a_code_lives_as_long_as_the_policy_says(stage: Stage) -> None:
    token = granted(stage.post("token", **redeeming(code_for(stage))))["refresh_token"]
    assert stage.at(10.4 + LIFETIME_S - 1e-6).post("token", **refreshing(token)).status == 200
    assert refused(stage.at(10.4 + LIFETIME_S).post("token", **refreshing(token))) == INVALID_GRANT


# --- used twice ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rotation", [False, True])
@pytest.mark.parametrize("with_refresh", [False, True])
def test_a_code_used_twice_takes_with_it_all_that_came_from_it(
    rotation: bool, with_refresh: bool, stage: Stage
) -> None:
    grants = frozenset({"authorization_code", *(["refresh_token"] if with_refresh else [])})
    registrations = {CLIENT.client_id: Registration(grants, frozenset({CALLBACK}), SCOPE)}
    equip(stage, rotation, registrations=registrations)
    code = code_for(stage)
    answer = granted(stage.post("token", **redeeming(code)))
    other = granted(stage.post("token", **redeeming(code_for(stage))))
    tokens = [answer["access_token"]]
    if with_refresh and rotation:
        answer = granted(stage.post("token", **refreshing(answer["refresh_token"])))
        tokens.append(answer["access_token"])
    assert all(active(stage, token) for token in tokens)
    assert refused(stage.post("token", **redeeming(code))) == INVALID_GRANT
    assert not any(active(stage, token) for token in tokens)
    assert active(stage, other["access_token"])
    if with_refresh:
        assert refused(stage.post("token", **refreshing(answer["refresh_token"]))) == INVALID_GRANT
        assert stage.post("token", **refreshing(other["refresh_token"])).status == 200


@pytest.mark.parametrize("costs", [{}, {"opaque.issue": 0.1}, {"token.hash": 0.1}, {"token.seal": 0.1}], ids=str)
@pytest.mark.parametrize("apart", [0.0, 0.05, 0.15, 0.25])
def test_of_two_who_redeem_a_code_at_the_same_time_none_keeps_anything(
    costs: dict[str, float], apart: float, stage: Stage
) -> None:
    stage.server_host.costs.update(costs)
    code = code_for(stage)
    request, now = form_of(CLIENT, **redeeming(code)), stage.now
    first = stage.stepper.start(stage._call_endpoint("token", request), stage.server_host)
    stage.at(now + apart)
    second = stage.stepper.start(stage._call_endpoint("token", request), stage.server_host)
    stage.stepper.run()
    answers = [json.loads(each.value.body) for each in (first, second)]
    good = [answer for answer in answers if "access_token" in answer]
    assert len(good) <= 1
    for answer in good:
        assert not active(stage, answer["access_token"])
        assert refused(stage.post("token", **refreshing(answer["refresh_token"]))) == INVALID_GRANT


def test_using_a_code_never_touches_a_token_of_another_kind(stage: Stage) -> None:
    answer = granted(stage.post("token", **redeeming(code_for(stage))))
    for token in (answer["access_token"], answer["refresh_token"]):
        assert refused(stage.post("token", **redeeming(token))) == INVALID_GRANT
    assert active(stage, answer["access_token"])
    assert stage.post("token", **refreshing(answer["refresh_token"])).status == 200


def test_the_store_never_sees_a_code_or_a_token(stage: Stage) -> None:
    code = code_for(stage)
    answer = granted(stage.post("token", **redeeming(code)))
    rows = vars(stage.store)["_rows"]
    written = repr(rows)
    for secret in (code, answer["access_token"], answer["refresh_token"]):
        assert secret not in written
    row: Any = stage.store.execute(StoreGet(make_code_key(code)))
    assert json.loads(row.details)["redirect_uri"] == CALLBACK


# --- the identity token (OpenID Connect Core) ----------------------------------------------------------------------


def test_who_asks_for_openid_learns_who_the_user_is(stage: Stage) -> None:
    code = code_for(stage, scope=f"openid {SCOPE}", nonce="n-1")
    answer = granted(stage.at(12.9).post("token", **redeeming(code)))
    assert read_header(answer["id_token"])["typ"] == "JWT"
    assert read_claims(answer["id_token"]) == {
        "iss": ISSUER,
        "sub": "user-7",
        "aud": CLIENT.client_id,
        "auth_time": EPOCH + 10,
        "nonce": "n-1",
        "iat": EPOCH + 12,
        "exp": EPOCH + 312,
    }


def test_an_identity_token_is_no_access_token(stage: Stage) -> None:
    answer = granted(stage.post("token", **redeeming(code_for(stage, scope=f"openid {SCOPE}"))))
    assert not stage.present(answer["id_token"]).accepted


def test_claims_about_the_user_are_in_it_when_the_scope_has_profile(stage: Stage) -> None:
    scope = f"openid profile {SCOPE}"
    claims = read_claims(granted(stage.post("token", **redeeming(code_for(stage, scope=scope))))["id_token"])
    assert dict(stage.deployment.user_claims("user-7")).items() <= claims.items()


@pytest.mark.parametrize("rotation", [False, True])
def test_a_refreshed_identity_token_tells_when_the_user_signed_in_and_repeats_no_nonce(
    rotation: bool, stage: Stage
) -> None:
    equip(stage, rotation)
    answer = granted(stage.post("token", **redeeming(code_for(stage, scope=f"openid {SCOPE}", nonce="n-1"))))
    token = answer["refresh_token"]
    for _ in range(3):
        answer = granted(stage.at(stage.now + 90).post("token", **refreshing(token)))
        token = answer.get("refresh_token", token)
        claims = read_claims(answer["id_token"])
        assert (claims["auth_time"], claims["sub"], "nonce" in claims) == (EPOCH + 10, "user-7", False)
    assert "id_token" not in granted(stage.post("token", **refreshing(token, scope=SCOPE)))


def test_a_server_that_cannot_sign_leaves_openid_out_of_the_scope(stage: Stage) -> None:
    equip(stage, sign=None)
    answer = granted(stage.post("token", **redeeming(code_for(stage, scope=f"openid {SCOPE}"))))
    assert (answer["scope"], "id_token" in answer) == (SCOPE, False)


def test_a_session_goes_on_without_identity_tokens_at_a_server_that_signs_no_longer(stage: Stage) -> None:
    answer = granted(stage.post("token", **redeeming(code_for(stage, scope=f"openid {SCOPE}"))))
    equip(stage, sign=None)
    later = granted(stage.post("token", **refreshing(answer["refresh_token"])))
    assert ("id_token" in answer, "id_token" in later) == (True, False)
    assert later["scope"] == answer["scope"]


def test_a_policy_without_a_registration_or_a_user_opens_nothing() -> None:
    stage = Stage(JwtLocal, JwtAccessToken)
    assert stage.post("authorize", None, **asking()).status == 400
    equip(stage, sign_in=type(stage.server).__dataclass_fields__["sign_in"].default, refresh=RefreshPolicy())
    assert redirected(stage.post("authorize", None, **asking(password=PASSWORD)))["error"] == "access_denied"
    assert stage.post("token", RESOURCE_SERVER, **redeeming("x")).status == 400

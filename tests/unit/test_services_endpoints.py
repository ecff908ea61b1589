"""The endpoints for introspection, revocation, keys and user information."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from simlib.scenario.effects import Reply
from simlib.scenario.messages import HttpRequest
from simlib.services import list_claim_names, make_user_claims
from simlib.strategies import Credentials
from simlib.tokens import EPOCH, KeySet
from support.stage import AUDIENCE, CLIENT, ISSUER, OTHER_CLIENT, RESOURCE_SERVER, Stage, basic

VALIDATORS = ["opaque_introspection", "jwt_local"]


@pytest.fixture(params=VALIDATORS)
def stage(request: pytest.FixtureRequest, make_stage: Callable[..., Stage]) -> Stage:
    return make_stage(request.param).at(10.4)


# --- introspection (RFC 7662) ------------------------------------------------------------------------------------


def test_introspection_says_what_a_token_stands_for(stage: Stage) -> None:
    token = stage.issue("user-2", "a b").token
    reply = stage.post("introspect", RESOURCE_SERVER, token=token, token_type_hint="access_token")
    answer = json.loads(reply.body)
    about_user = {name: answer.pop(name) for name in list_claim_names(2) if name in answer}
    assert (reply.status, answer) == (
        200,
        {
            "active": True,
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "user-2",
            "client_id": "shop",
            "scope": "a b",
            "iat": EPOCH + 10,
            "exp": EPOCH + 310,
        },
    )
    wanted = stage.deployment.user_claims("user-2") if stage.server.answers_with_claims else {}
    assert about_user == wanted


def test_what_is_not_active_gets_no_other_word(stage: Stage) -> None:
    revoked, expired = stage.issue().token, stage.issue().token
    stage.revoke(revoked)
    inactive = [revoked, "unknown", stage.refresh_token()]
    for token in inactive:
        assert json.loads(stage.post("introspect", RESOURCE_SERVER, token=token).body) == {"active": False}
    stage.at(310.0)
    assert stage.post("introspect", RESOURCE_SERVER, token=expired).body == b'{"active":false}'


@pytest.mark.parametrize(
    "credentials",
    [None, CLIENT, OTHER_CLIENT, Credentials(RESOURCE_SERVER.client_id, "wrong"), Credentials("", "")],
    ids=str,
)
def test_who_may_not_introspect_learns_nothing(credentials: Any, stage: Stage) -> None:
    reply = stage.post("introspect", credentials, token=stage.issue().token)
    assert (reply.status, reply.body) == (401, b'{"error":"invalid_client"}')
    assert reply.challenge.startswith("Basic ")


@pytest.mark.parametrize("body", [b"", b"token=", b"token=a&token=b", b"token", b"\xff", b"tokens=a"])
def test_introspection_without_one_token_is_an_invalid_request(body: bytes, stage: Stage) -> None:
    reply = stage.ask("introspect", HttpRequest(basic(RESOURCE_SERVER), body))
    assert (reply.status, reply.body) == (400, b'{"error":"invalid_request"}')


def test_a_secret_of_reserved_characters_survives_the_wire(stage: Stage) -> None:
    assert any(character in RESOURCE_SERVER.client_secret for character in ":+% &=")
    assert stage.present(stage.issue().token).accepted
    assert stage.post("introspect", RESOURCE_SERVER, token="x").status == 200


# --- revocation (RFC 7009) ---------------------------------------------------------------------------------------


def active(stage: Stage, token: str) -> bool:
    """What introspection says."""
    return bool(json.loads(stage.post("introspect", RESOURCE_SERVER, token=token).body)["active"])


def test_a_revoked_token_is_inactive_and_revoking_it_again_is_no_error(stage: Stage) -> None:
    token, other = stage.issue().token, stage.issue().token
    for _ in range(2):
        reply = stage.post("revoke", token=token, token_type_hint="access_token")
        assert (reply.status, reply.body) == (200, b"")
        assert not active(stage, token)
    assert active(stage, other)


def test_revoking_what_does_not_exist_or_is_over_is_no_error(stage: Stage) -> None:
    expired = stage.issue().token
    stage.at(310.0)
    for token in ("unknown", "a.b.c", expired):
        assert stage.post("revoke", token=token).status == 200


def test_the_token_of_another_client_is_not_revoked(stage: Stage) -> None:
    token, refresh = stage.issue().token, stage.refresh_token()
    for presented in (token, refresh):
        reply = stage.post("revoke", OTHER_CLIENT, token=presented)
        assert (reply.status, reply.body) == (400, b'{"error":"invalid_grant"}')
    assert active(stage, token)
    assert stage.post("token", grant_type="refresh_token", refresh_token=refresh).status == 200


def test_of_a_token_that_is_over_another_client_learns_no_more_than_of_an_unknown_one(stage: Stage) -> None:
    token = stage.issue().token
    stage.revoke(token)
    assert stage.post("revoke", OTHER_CLIENT, token=token) == stage.post("revoke", OTHER_CLIENT, token="unknown")


def test_a_refresh_token_can_be_revoked(stage: Stage) -> None:
    refresh = stage.refresh_token()
    for _ in range(2):
        assert stage.post("revoke", token=refresh, token_type_hint="refresh_token").status == 200
        assert stage.post("token", grant_type="refresh_token", refresh_token=refresh).status == 400


@pytest.mark.parametrize("credentials", [None, Credentials("shop", "wrong")], ids=str)
def test_who_is_no_client_revokes_nothing(credentials: Any, stage: Stage) -> None:
    token = stage.issue().token
    reply = stage.post("revoke", credentials, token=token)
    assert (reply.status, reply.body) == (401, b'{"error":"invalid_client"}')
    assert reply.challenge.startswith("Basic ")
    assert active(stage, token)


@pytest.mark.parametrize("body", [b"", b"token=", b"token=a&token=a", b"token_type_hint=access_token"])
def test_revocation_without_one_token_is_an_invalid_request(body: bytes, stage: Stage) -> None:
    reply = stage.ask("revoke", HttpRequest(basic(CLIENT), body))
    assert (reply.status, reply.body) == (400, b'{"error":"invalid_request"}')


# --- keys (RFC 7517) and user information (OpenID Connect Core 5.3) ----------------------------------------------


def test_the_key_set_is_open_to_all_and_holds_public_keys_only(stage: Stage) -> None:
    reply = stage.ask("jwks", HttpRequest())
    assert reply.status == 200
    keys, signing = json.loads(reply.body)["keys"], stage.issuer.list_keys()
    assert [key["kid"] for key in keys] == [key.kid for key in signing]
    private = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
    assert all(not private & set(key) for key in keys)
    found = KeySet.from_jwks(reply.body)
    assert found.keys == tuple(key.verification_key for key in signing)


def test_userinfo_answers_whoever_holds_the_token(stage: Stage) -> None:
    token = stage.issue("user-9").token
    for scheme in ("Bearer", "bearer", "BEARER"):
        reply = stage.ask("userinfo", HttpRequest(f"{scheme} {token}"))
        wanted = {"sub": "user-9", **stage.deployment.user_claims("user-9")}
        assert (reply.status, json.loads(reply.body)) == (200, wanted)


def test_userinfo_refuses_tokens_that_are_not_active(stage: Stage) -> None:
    revoked, expired = stage.issue().token, stage.issue().token
    stage.revoke(revoked)
    refused = Reply(401, b"", 'Bearer error="invalid_token"')
    for token in (revoked, "garbage", "a.b.c", stage.refresh_token()):
        assert stage.ask("userinfo", HttpRequest(f"Bearer {token}")) == refused
    assert stage.at(310.0).ask("userinfo", HttpRequest(f"Bearer {expired}")) == refused


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic c2hvcDp4", "Token abc"])
def test_userinfo_gives_no_error_code_to_who_presents_no_token(authorization: str, stage: Stage) -> None:
    assert stage.ask("userinfo", HttpRequest(authorization)) == Reply(401, b"", "Bearer")


def test_claims_about_users_differ_by_user_and_have_the_size_that_was_asked_for() -> None:
    names = list_claim_names(12)
    assert len(set(names)) == 12
    assert names[:5] == list_claim_names(5)
    for count, width in ((1, 1), (5, 16), (12, 100)):
        first, second = make_user_claims("user-1", count, width), make_user_claims("user-2", count, width)
        assert set(first) == set(list_claim_names(count))
        assert {len(value) for value in first.values()} == {width}
        assert first == make_user_claims("user-1", count, width)
        assert count == 1 or (first != second and len(set(first.values())) == count)

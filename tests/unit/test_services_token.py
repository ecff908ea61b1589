"""The token endpoint redeems refresh tokens (RFC 6749 sections 3.2, 5, 6), and only for whom and what they are."""

import json
import math
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.scenario.effects import Reply
from simlib.scenario.messages import HttpRequest
from simlib.services import GRANTS, digest_secret
from simlib.strategies import Credentials, JwtAccessToken, JwtLocal
from support.stage import CLIENT, OTHER_CLIENT, SCOPE, Stage, basic

GRANT = {"grant_type": "refresh_token", "refresh_token": "refresh-1"}


@pytest.fixture(params=["opaque_introspection", "jwt_local"])
def stage(request: pytest.FixtureRequest, make_stage: Callable[..., Stage]) -> Stage:
    made = make_stage(request.param).at(10.4)
    made.refresh_token()
    return made


def error(reply: Reply) -> tuple[int, Any]:
    """Status and error code; nothing else may be in the answer."""
    body = json.loads(reply.body)
    assert list(body) == ["error"]
    return reply.status, body["error"]


def posted(stage: Stage, body: bytes, authorization: str | None = None) -> Reply:
    """The answer to a form written by hand."""
    return stage.ask("token", HttpRequest(basic(CLIENT) if authorization is None else authorization, body))


def test_a_refresh_token_gives_an_access_token_that_works(stage: Stage) -> None:
    reply = stage.post("token", **GRANT)
    body = json.loads(reply.body)
    assert (reply.status, body["token_type"], body["scope"].split()) == (200, "Bearer", [SCOPE, "more"])
    verdict = stage.present(body["access_token"])
    assert (verdict.accepted, verdict.claims["sub"], verdict.claims["client_id"]) == (True, "user-1", "shop")


@pytest.mark.parametrize("instant", [11.0, 11.4, math.nextafter(12.0, 0.0)])
def test_the_client_is_never_told_that_a_token_lives_longer_than_it_does(instant: float, stage: Stage) -> None:
    body = json.loads(stage.at(instant).post("token", **GRANT).body)
    assert type(body["expires_in"]) is int
    assert body["expires_in"] in (299, 300)
    assert stage.at(instant + body["expires_in"] - 1e-6).present(body["access_token"]).accepted


def test_a_smaller_scope_may_be_asked_for_and_a_larger_one_may_not(stage: Stage) -> None:
    assert json.loads(stage.post("token", **GRANT, scope="more").body)["scope"] == "more"
    for wider in (f"{SCOPE} more admin", "admin", "MORE", f"{SCOPE},more", f"{SCOPE}\tmore", "more\n"):
        assert error(stage.post("token", **GRANT, scope=wider)) == (400, "invalid_scope")


def test_a_smaller_scope_is_what_the_token_is_good_for(stage: Stage) -> None:
    body = json.loads(stage.post("token", **GRANT, scope="more").body)
    assert stage.present(body["access_token"]).status == 403


@pytest.mark.parametrize(
    "credentials",
    [
        None,
        Credentials("shop", "wrong"),
        Credentials("shop", ""),
        Credentials("nobody", ""),
        Credentials("nobody", "client secret:1"),
        Credentials("", ""),
        Credentials("SHOP", "client secret:1"),
    ],
    ids=str,
)
def test_who_is_not_a_client_gets_401_and_is_told_how_to_authenticate(credentials: Any, stage: Stage) -> None:
    reply = stage.post("token", credentials, **GRANT)
    assert error(reply) == (401, "invalid_client")
    assert reply.challenge.startswith("Basic realm=")


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic é",
        "Basic " + b64encode(b"shop").decode(),
        "Basic " + b64encode(b"\xff:\xff").decode(),
        "Basic " + b64encode(b":").decode(),
        "Bearer " + b64encode(b"shop:client+secret%3A1").decode(),
        b64encode(b"shop:client+secret%3A1").decode(),
        "Basic  " + b64encode(b"shop:client+secret%3A1").decode(),
        basic(CLIENT) + "!",
        basic(CLIENT)[:-4],
    ],
)
def test_a_malformed_authorization_is_refused(authorization: str, stage: Stage) -> None:
    assert error(posted(stage, b"grant_type=refresh_token&refresh_token=refresh-1", authorization)) == (
        401,
        "invalid_client",
    )


def test_basic_is_a_word_of_any_case_and_a_space_may_be_a_plus(stage: Stage) -> None:
    body = b"grant_type=refresh_token&refresh_token=refresh-1"
    for authorization in ("basic ", "BASIC "):
        written = authorization + b64encode(b"shop:client+secret%3a1").decode()
        assert posted(stage, body, written).status == 200


def test_an_empty_secret_needs_its_colon_too(stage: Stage) -> None:
    """RFC 7617 section 2: credentials are a user-id, a colon and a password."""
    stage.server = replace(stage.server, clients={CLIENT.client_id: digest_secret("")})
    body = b"grant_type=refresh_token&refresh_token=refresh-1"
    for credentials, status in ((b"shop:", 200), (b"shop", 401)):
        assert posted(stage, body, "Basic " + b64encode(credentials).decode()).status == status


@given(st.text(max_size=30))
def test_no_authorization_raises_or_passes(authorization: str) -> None:
    stage = _plain()
    for scheme in ("", "Basic ", "Bearer "):
        assert posted(stage, b"grant_type=refresh_token", scheme + authorization).status == 401


@given(st.binary(max_size=60))
def test_no_body_raises_or_passes(body: bytes) -> None:
    stage = _plain()
    assert posted(stage, body).status == 400


@pytest.mark.parametrize("kind", [kind for kind in GRANTS if kind != "refresh_token"])
def test_a_client_that_is_not_registered_may_only_refresh(kind: str, stage: Stage) -> None:
    assert error(stage.post("token", **{**GRANT, "grant_type": kind})) == (400, "unauthorized_client")


@pytest.mark.parametrize("kind", ["password", "implicit", "refresh_tokens", "Refresh_token", "device_code"])
def test_another_grant_type_is_unsupported(kind: str, stage: Stage) -> None:
    assert error(stage.post("token", **{**GRANT, "grant_type": kind})) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"refresh_token=refresh-1",
        b"grant_type=&refresh_token=refresh-1",
        b"grant_type=refresh_token&grant_type=refresh_token&refresh_token=refresh-1",
        b"grant_type=refresh_token&refresh_token=refresh-1&refresh_token=refresh-1",
        b"grant_type=refresh_token&refresh_token=refresh-1&x=1&x=2",
        b"grant_type",
        b"grant_type=refresh_token&refresh_token=refresh-1&",
        b"\xff=\xff",
        b'{"grant_type":"refresh_token"}',
    ],
)
def test_a_malformed_or_repeating_form_is_an_invalid_request(body: bytes, stage: Stage) -> None:
    assert error(posted(stage, body)) == (400, "invalid_request")


def test_a_refresh_token_must_be_ours_alive_and_the_clients_own(stage: Stage) -> None:
    stage.refresh_token("expired", expires_at=10.4)
    stage.refresh_token("revoked", revoked_at=1.0)
    stage.refresh_token("not a refresh token", kind="access")
    stage.refresh_token("alive", expires_at=math.nextafter(10.4, 11.0))
    for presented in ("expired", "revoked", "not a refresh token", "unknown", " refresh-1", "REFRESH-1"):
        assert error(stage.post("token", **{**GRANT, "refresh_token": presented})) == (400, "invalid_grant")
    assert error(stage.post("token", grant_type="refresh_token")) == (400, "invalid_grant")
    assert error(stage.post("token", OTHER_CLIENT, **GRANT)) == (400, "invalid_grant")
    assert stage.post("token", **{**GRANT, "refresh_token": "alive"}).status == 200


def test_an_access_token_is_no_refresh_token(stage: Stage) -> None:
    assert error(stage.post("token", **{**GRANT, "refresh_token": stage.issue().token})) == (400, "invalid_grant")


def _plain() -> Stage:
    return Stage(JwtLocal, JwtAccessToken)

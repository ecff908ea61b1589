"""Authorization code with PKCE: who may redeem, what the client believes, and what each kind of client sends."""

import hashlib
import json
from base64 import b64decode, urlsafe_b64encode
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from simlib.flows import FLOWS, VULNERABLE_FLOWS, AuthorizationCode, Client, Implicit, Password
from simlib.scenario.effects import Answer, Failed, Flow, Reply
from simlib.scenario.messages import TokenResponse
from simlib.tokens.forging import read_claims
from support.signing_in import MOBILE, SPA, USER, WEB, SignInStage
from support.stage import AUDIENCE, ELSEWHERE, ISSUER

CLIENTS = pytest.mark.parametrize("client", [WEB, SPA, MOBILE], ids=lambda client: client.client_id)


def redirected(stage: SignInStage, change: Any) -> None:
    """Let the redirect of the authorization server be another one."""

    def alter(target: str, reply: Reply) -> Answer:
        return reply._replace(body=change(reply.body.decode()).encode()) if target == "authorize" else reply

    stage.alter = alter


def error_of(obtained: Any) -> tuple[str, str]:
    assert isinstance(obtained, Reply)
    assert obtained.status == 400
    told = json.loads(obtained.body)
    return told["error"], told.get("error_description", "")


@CLIENTS
def test_each_kind_of_client_signs_its_user_in_with_two_messages(client: Client) -> None:
    stage = SignInStage()
    stage.stepper.run(50.0)
    obtained = stage.obtain(AuthorizationCode, client)
    assert isinstance(obtained, TokenResponse)
    assert stage.messages() == ["authorize", "token"]
    claims = read_claims(obtained.access_token)
    assert (claims["sub"], claims["client_id"], claims["aud"]) == (USER, client.client_id, AUDIENCE)
    assert (obtained.requested_at, obtained.expires_in, obtained.scope) == (50.0, 300, "openid read")
    assert obtained.refresh_token
    assert read_claims(obtained.id_token)["nonce"] == obtained.nonce != ""


@CLIENTS
def test_a_challenge_goes_ahead_and_the_verifier_follows(client: Client) -> None:
    stage = SignInStage()
    stage.obtain(AuthorizationCode, client)
    asked, redeemed = stage.sent("authorize")[0], stage.sent("token")[0]
    digest = hashlib.sha256(redeemed["code_verifier"].encode()).digest()
    assert urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
    assert asked["code_challenge_method"] == "S256"
    assert 43 <= len(redeemed["code_verifier"]) <= 128
    assert "code_verifier" not in asked
    assert asked["redirect_uri"] == redeemed["redirect_uri"] == client.redirect_uri


def test_states_verifiers_and_nonces_are_new_every_time() -> None:
    stage = SignInStage()
    for _ in range(3):
        stage.obtain(AuthorizationCode, SPA)
    for name in ("state", "nonce", "code_challenge"):
        assert len({form[name] for form in stage.sent("authorize")}) == 3


def test_without_openid_there_is_no_nonce_and_no_identity_token() -> None:
    stage = SignInStage()
    obtained = stage.obtain(AuthorizationCode, replace(WEB, scope="read"))
    assert (obtained.nonce, obtained.id_token) == ("", "")
    assert "nonce" not in stage.sent("authorize")[0]


def test_a_client_with_a_secret_shows_it_and_one_without_names_itself() -> None:
    for client in (WEB, SPA):
        stage = SignInStage()
        seen: list[str] = []
        route = stage.client_host.routes["token"]

        def look(request: Any, handler: Any = route.handler, seen: list[str] = seen) -> Any:
            seen.append(request.authorization)
            return handler(request)

        stage.client_host.routes["token"] = route._replace(handler=look)
        assert isinstance(stage.obtain(AuthorizationCode, client), TokenResponse)
        form = stage.sent("token")[0]
        if client.secret:
            assert b64decode(seen[0].removeprefix("Basic ")) == b"web%20app%2F1:web%20secret%2B1"
            assert "client_id" not in form
        else:
            assert (seen, form["client_id"]) == ([""], "spa")
        assert not client.secret or client.secret not in str(form)


# --- what the client believes ----------------------------------------------------------------------------------------


@CLIENTS
@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda to: to.replace("state=", "state=x"), "state"),
        (lambda to: "&".join(part for part in to.split("&") if not part.startswith("state=")), "state"),
        (lambda to: to.replace("iss=https%3A%2F%2Fas", "iss=https%3A%2F%2Felsewhere"), "iss"),
        (lambda to: to.partition("&iss=")[0], "iss"),
        (lambda to: to + "&code=another", "state"),  # all parameters of an ambiguous redirect count for nothing
        (lambda to: ELSEWHERE + "/" + to.partition("/")[2], "redirect_uri"),
        (lambda to: to.replace("code=", "cod="), "code"),
    ],
    ids=["wrong state", "no state", "wrong issuer", "no issuer", "two codes", "wrong address", "no code"],
)
def test_a_redirect_that_does_not_fit_is_not_redeemed(change: Any, check: str, client: Client) -> None:
    stage = SignInStage()
    redirected(stage, change)
    assert error_of(stage.obtain(AuthorizationCode, client)) == ("mistrusted", check)
    assert stage.messages() == ["authorize"]


def test_an_error_in_a_redirect_is_passed_on() -> None:
    stage = SignInStage()
    assert error_of(stage.obtain(AuthorizationCode, replace(SPA, password="wrong"))) == ("access_denied", "")
    assert stage.messages() == ["authorize"]


def test_an_error_of_somebody_else_is_not_believed() -> None:
    stage = SignInStage()
    redirected(stage, lambda to: f"{SPA.redirect_uri}?error=access_denied&iss={ISSUER}&state=other")
    assert error_of(stage.obtain(AuthorizationCode, SPA)) == ("mistrusted", "state")


# --- what the server says to the client's half -----------------------------------------------------------------------


def code_in(stage: SignInStage) -> str:
    _, _, answer = next(message for message in stage.said if message[0] == "authorize")
    assert isinstance(answer, Reply)
    return _code(answer)


def test_a_stolen_code_is_of_no_use_in_another_sign_in() -> None:
    stage = SignInStage()
    route = stage.client_host.routes["token"]
    stage.client_host.routes["token"] = route._replace(handler=lambda request: _unreachable())
    stage.obtain(AuthorizationCode, SPA)
    stolen = code_in(stage)
    stage.client_host.routes["token"] = route
    stage.alter = lambda target, reply: (
        reply._replace(body=reply.body.replace(_code(reply).encode(), stolen.encode()))
        if target == "authorize"
        else reply
    )
    # The state is the thief's own, the code is the victim's: only the challenge tells.
    assert error_of(stage.obtain(AuthorizationCode, SPA))[0] == "invalid_grant"


def _unreachable() -> Flow[Answer]:
    yield from ()
    return Failed("unreachable")


def _code(reply: Reply) -> str:
    return dict(parse_qsl(urlsplit(str(reply.body, "ascii")).query))["code"]


def test_a_code_with_another_verifier_is_refused() -> None:
    stage = SignInStage()
    route = stage.client_host.routes["token"]

    def other(request: Any) -> Any:
        form = dict(parse_qsl(request.body.decode()))
        body = request.body.replace(form["code_verifier"].encode(), b"A" * 43)
        return route.handler(request._replace(body=body))

    stage.client_host.routes["token"] = route._replace(handler=other)
    assert error_of(stage.obtain(AuthorizationCode, SPA))[0] == "invalid_grant"


@pytest.mark.parametrize("failure", [Failed("timed_out"), Failed("status", 503, 2.0), Reply(400, b"{}"), Reply(200)])
def test_what_goes_wrong_at_the_sign_in_is_handed_on(failure: Answer) -> None:
    stage = SignInStage()
    stage.alter = lambda target, reply: failure
    assert stage.obtain(AuthorizationCode, WEB) == failure
    assert stage.messages() == ["authorize"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"access_token":"","token_type":"Bearer","expires_in":60}',
        b'{"access_token":7,"token_type":"Bearer","expires_in":60}',
        b'{"access_token":"a","token_type":"Bearer"}',
        b'{"access_token":"a","token_type":"Bearer","expires_in":true}',
        b'{"access_token":"a","token_type":"mac","expires_in":60}',
        b'{"access_token":"a","expires_in":60}',
    ],
)
def test_tokens_that_the_client_could_not_use_are_none(body: bytes) -> None:
    stage = SignInStage()
    stage.alter = lambda target, reply: Reply(200, body) if target == "token" else reply
    assert stage.obtain(AuthorizationCode, WEB) == Failed("status", 200)


def test_calls_end_at_their_timeout() -> None:
    stage = SignInStage()
    stage.server_host.costs["user.authenticate"] = 60.0
    assert stage.obtain(AuthorizationCode, WEB, timeout_s=2.0) == Failed("timed_out")
    with pytest.raises(ValueError, match="timeout_s"):
        AuthorizationCode.Settings(timeout_s=0.0)


# --- victims ---------------------------------------------------------------------------------------------------------


def test_victims_are_no_flows_for_designs_and_say_why() -> None:
    assert not set(FLOWS) & set(VULNERABLE_FLOWS)
    assert all(not flow.refused for flow in FLOWS.values())
    assert all("(RFC " in flow.refused and "use " in flow.refused for flow in VULNERABLE_FLOWS.values())


def test_the_server_issues_no_token_by_redirect() -> None:
    stage = SignInStage()
    assert error_of(stage.obtain(Implicit, SPA)) == ("unsupported_response_type", "")
    assert stage.messages() == ["authorize"]


def test_an_implicit_client_takes_what_stands_in_the_address_if_the_state_is_its_own() -> None:
    for own, wanted in ((True, "leaked"), (False, "")):
        stage = SignInStage()

        def to(location: str, own: bool = own) -> str:
            state = dict(parse_qsl(urlsplit(location).query))["state"] if own else "other"
            return f"{SPA.redirect_uri}#access_token=leaked&token_type=Bearer&expires_in=60&state={state}"

        redirected(stage, to)
        obtained = stage.obtain(Implicit, SPA)
        assert getattr(obtained, "access_token", "") == wanted


@pytest.mark.parametrize("life", ["", "&expires_in=", "&expires_in=soon", "&expires_in=-1", "&expires_in=nan"])
def test_an_implicit_client_takes_no_token_whose_end_it_cannot_read(life: str) -> None:
    stage = SignInStage()
    redirected(
        stage,
        lambda to: (
            f"{SPA.redirect_uri}#access_token=leaked&token_type=Bearer{life}"
            f"&state={dict(parse_qsl(urlsplit(to).query))['state']}"
        ),
    )
    assert error_of(stage.obtain(Implicit, SPA)) == ("mistrusted", "access_token")


def test_the_server_takes_no_password_from_a_client() -> None:
    stage = SignInStage()
    assert error_of(stage.obtain(Password, WEB)) == ("unsupported_grant_type", "")
    assert stage.sent("token")[0]["password"] == WEB.password

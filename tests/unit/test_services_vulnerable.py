"""Vulnerable authorization servers: each lacks its one check, and makes all others that a secure server makes."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from simlib.scenario.effects import Reply
from simlib.services.vulnerable import VULNERABLE_SERVERS
from support.registered import (
    CALLBACK,
    HOME,
    PASSWORD,
    asking,
    code_for,
    equip,
    form_of,
    granted,
    redeeming,
    redirected,
    refused,
)
from support.stage import CLIENT, SCOPE, Stage


@pytest.fixture
def stage(make_stage: Callable[..., Stage]) -> Stage:
    return equip(make_stage("jwt_local")).at(10.4)


def ask(stage: Stage, server: str, target: str, credentials: Any, /, **form: str) -> Reply:
    """The answer of an endpoint of a vulnerable server."""
    flow = VULNERABLE_SERVERS[server].endpoints[target](stage.server_host, form_of(credentials, **form), stage.server)
    reply: Reply = stage.stepper.finish(flow, stage.server_host)
    return reply


# --- the implicit grant ----------------------------------------------------------------------------------------------


def ask_implicitly(stage: Stage, **changes: Any) -> Reply:
    form = asking(response_type="token", code_challenge=None, code_challenge_method=None, **changes)
    return ask(stage, "implicit_grant", "authorize", None, **form)


def test_the_implicit_grant_puts_a_token_into_the_fragment_of_the_redirect(stage: Stage) -> None:
    location = urlsplit(ask_implicitly(stage).body.decode())
    values = parse_qs(location.fragment)
    assert location._replace(fragment="").geturl() == CALLBACK
    assert values["state"] == ["a b&c"]
    assert stage.present(values["access_token"][0]).claims["sub"] == "user-7"


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "https://attacker.example/callback"},
        {"redirect_uri": None},
        {"client_id": "unknown"},
        {"scope": "admin"},
        {"password": "guess"},
        {"login": "nobody"},
    ],
    ids=str,
)
def test_the_implicit_grant_is_for_registered_clients_and_their_users_only(wrong: dict[str, Any], stage: Stage) -> None:
    assert refused(ask_implicitly(stage, **wrong)) == (400, "invalid_request")


def test_with_the_implicit_grant_codes_are_issued_as_ever(stage: Stage) -> None:
    reply = ask(stage, "implicit_grant", "authorize", None, **asking())
    assert granted(stage.post("token", **redeeming(redirected(reply)["code"])))


# --- redirect URIs by prefix -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("uri", [CALLBACK, HOME, "https://shop.example/other", "https://shop.example.attacker.example"])
def test_a_redirect_uri_that_begins_like_a_registered_one_gets_the_code(uri: str, stage: Stage) -> None:
    reply = ask(stage, "lax_redirects", "authorize", None, **asking(redirect_uri=uri))
    assert reply.body.decode().startswith(uri)
    assert "code" in redirected(reply)


@pytest.mark.parametrize("uri", ["https://attacker.example/callback", "http://shop.example/callback", ""])
def test_a_redirect_uri_that_begins_otherwise_gets_none(uri: str, stage: Stage) -> None:
    reply = ask(stage, "lax_redirects", "authorize", None, **asking(redirect_uri=uri))
    assert refused(reply) == (400, "invalid_request")


# --- the password grant ----------------------------------------------------------------------------------------------


def ask_by_password(stage: Stage, credentials: Any = CLIENT, **changes: str) -> Reply:
    form = {"grant_type": "password", "username": "user-7", "password": PASSWORD, "scope": SCOPE, **changes}
    return ask(stage, "password_grant", "token", credentials, **form)


def test_the_password_grant_takes_the_password_of_a_user_for_a_token(stage: Stage) -> None:
    assert stage.present(granted(ask_by_password(stage))["access_token"]).claims["sub"] == "user-7"


@pytest.mark.parametrize("wrong", [{"password": "guess"}, {"username": "nobody"}, {"scope": "admin"}], ids=str)
def test_the_password_grant_is_for_users_and_for_scopes_of_the_client_only(wrong: dict[str, str], stage: Stage) -> None:
    assert refused(ask_by_password(stage, **wrong)) == (400, "invalid_grant")


def test_the_password_grant_is_for_clients_only(stage: Stage) -> None:
    assert refused(ask_by_password(stage, None)) == (401, "invalid_client")


# --- codes for several uses ------------------------------------------------------------------------------------------


def test_a_reusable_code_is_redeemed_again_and_again(stage: Stage) -> None:
    form = redeeming(code_for(stage))
    for _ in range(3):
        assert granted(ask(stage, "reusable_codes", "token", CLIENT, **form))


@pytest.mark.parametrize("wrong", [{"code": "unknown"}, {"redirect_uri": HOME}, {"code_verifier": "x" * 43}], ids=str)
def test_a_code_that_was_not_issued_so_is_redeemed_by_no_server(wrong: dict[str, str], stage: Stage) -> None:
    form = redeeming(code_for(stage), **wrong) if "code" not in wrong else redeeming(wrong["code"])
    assert refused(ask(stage, "reusable_codes", "token", CLIENT, **form)) == (400, "invalid_grant")

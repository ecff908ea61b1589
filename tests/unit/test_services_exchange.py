"""Tokens for services: client credentials (RFC 6749 section 4.4) and token exchange (RFC 8693)."""

from collections.abc import Callable
from typing import Any

import pytest

from simlib.services import TOKEN_EXCHANGE, Registration
from simlib.tokens import JWT
from simlib.tokens.forging import read_claims
from support.registered import INNER, REGISTRATIONS, changed, equip, granted, refused
from support.stage import AUDIENCE, CLIENT, OTHER_CLIENT, RESOURCE_SERVER, SCOPE, Stage

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


@pytest.fixture(params=["opaque_introspection", "jwt_local"])
def stage(request: pytest.FixtureRequest, make_stage: Callable[..., Stage]) -> Stage:
    return equip(make_stage(request.param)).at(10.4)


# --- client credentials --------------------------------------------------------------------------------------------


def test_a_client_gets_a_token_of_its_own_and_nothing_to_refresh_it_with(stage: Stage) -> None:
    answer = granted(stage.post("token", CLIENT, grant_type="client_credentials", scope=SCOPE))
    assert list(answer) == ["access_token", "token_type", "expires_in", "scope"]
    verdict = stage.present(answer["access_token"])
    assert (verdict.claims["sub"], verdict.claims["client_id"]) == (CLIENT.client_id, CLIENT.client_id)


def test_a_client_gets_the_scope_that_it_is_registered_for_and_no_more(stage: Stage) -> None:
    every = granted(stage.post("token", CLIENT, grant_type="client_credentials"))["scope"]
    assert every == REGISTRATIONS[CLIENT.client_id].scope
    for scope in ("admin", f"{SCOPE} admin", SCOPE.upper(), every.replace(" ", "\t"), f"{SCOPE}\n", f"\xa0{SCOPE}"):
        reply = stage.post("token", CLIENT, grant_type="client_credentials", scope=scope)
        assert refused(reply) == (400, "invalid_scope")


def test_who_has_no_secret_cannot_act_on_its_own_behalf(stage: Stage) -> None:
    kinds = Registration(frozenset({"client_credentials", TOKEN_EXCHANGE}), scope=SCOPE)
    equip(
        stage, registrations={"app": kinds, OTHER_CLIENT.client_id: Registration()}, public_clients=frozenset({"app"})
    )
    token = stage.issue().token
    for kind in ({"grant_type": "client_credentials"}, exchanging(token)):
        assert refused(stage.post("token", None, client_id="app", **kind)) == (400, "unauthorized_client")
        assert refused(stage.post("token", OTHER_CLIENT, **kind)) == (400, "unauthorized_client")


# --- token exchange ------------------------------------------------------------------------------------------------


def exchanging(token: str, **changes: Any) -> dict[str, str]:
    """What a service sends that calls another one."""
    form = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": token,
        "subject_token_type": ACCESS_TOKEN,
        "audience": INNER,
        "scope": SCOPE,
    }
    return changed(form, changes)


def exchange(stage: Stage, token: str, **changes: Any) -> Any:
    """What a service is answered."""
    return stage.post("token", RESOURCE_SERVER, **exchanging(token, **changes))


def claims(stage: Stage, token: str) -> dict[str, Any]:
    """What a token says, or what its row says."""
    if stage.token_format == JWT:
        return read_claims(token)
    return granted(stage.post("introspect", RESOURCE_SERVER, token=token))


def test_a_service_gets_a_token_for_the_subject_made_out_to_the_service_behind(stage: Stage) -> None:
    answer = granted(exchange(stage, stage.issue("user-3", f"{SCOPE} more").token))
    assert answer["issued_token_type"] == ACCESS_TOKEN
    assert (answer["token_type"], answer["scope"], "refresh_token" in answer) == ("Bearer", SCOPE, False)
    said = claims(stage, answer["access_token"])
    assert (said["sub"], said["aud"], said["scope"]) == ("user-3", INNER, SCOPE)
    assert said["act"] == {"sub": RESOURCE_SERVER.client_id}
    assert said["client_id"] == RESOURCE_SERVER.client_id


def test_a_token_for_the_service_behind_is_no_good_at_the_first(stage: Stage) -> None:
    answer = granted(exchange(stage, stage.issue("user-3").token))
    verdict = stage.present(answer["access_token"])
    assert (verdict.accepted, verdict.reason) == (False, "audience")


def test_an_exchanged_token_can_be_exchanged_again(stage: Stage) -> None:
    token = granted(exchange(stage, stage.issue("user-3").token))["access_token"]
    answer = granted(exchange(stage, token))
    assert claims(stage, answer["access_token"])["sub"] == "user-3"


def test_without_an_audience_the_token_is_for_the_usual_one_and_without_a_scope_for_the_same(stage: Stage) -> None:
    answer = granted(exchange(stage, stage.issue("user-3", f"{SCOPE} more").token, audience=None, scope=None))
    assert claims(stage, answer["access_token"])["aud"] == AUDIENCE
    assert answer["scope"] == f"{SCOPE} more"


@pytest.mark.parametrize("audience", ["https://elsewhere.example", INNER + "/", AUDIENCE])
def test_a_token_is_exchanged_only_for_services_that_the_server_knows(audience: str, stage: Stage) -> None:
    assert refused(exchange(stage, stage.issue().token, audience=audience)) == (400, "invalid_target")


def test_no_exchange_makes_a_token_say_more(stage: Stage) -> None:
    token = stage.issue("user-3", SCOPE).token
    for scope in ("more", f"{SCOPE} more", SCOPE.upper(), f"{SCOPE}\t{SCOPE}", f"{SCOPE}\x1f"):
        assert refused(exchange(stage, token, scope=scope)) == (400, "invalid_scope")


@pytest.mark.parametrize(
    "changes",
    [
        {"subject_token": None},
        {"subject_token": ""},
        {"subject_token": "unknown"},
        {"subject_token": "a.b.c"},
        {"subject_token_type": None},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:saml2"},
        {"actor_token": "unknown", "actor_token_type": ACCESS_TOKEN},
        {"actor_token_type": ACCESS_TOKEN},
        {"actor_token": "unknown"},
    ],
    ids=str,
)
def test_an_exchange_of_something_else_is_an_invalid_request(changes: Any, stage: Stage) -> None:
    assert refused(exchange(stage, stage.issue().token, **changes)) == (400, "invalid_request")


def test_only_a_token_that_is_active_is_exchanged(stage: Stage) -> None:
    revoked, expired = stage.issue().token, stage.issue().token
    stage.revoke(revoked)
    refresh = stage.refresh_token()
    for token in (revoked, refresh):
        assert refused(exchange(stage, token)) == (400, "invalid_request")
    stage.at(310.0)
    assert refused(exchange(stage, expired)) == (400, "invalid_request")


def test_an_actor_who_is_named_must_show_a_token(stage: Stage) -> None:
    acting = {"actor_token": stage.issue("user-9").token, "actor_token_type": ACCESS_TOKEN}
    answer = granted(exchange(stage, stage.issue("user-3").token, **acting))
    said = claims(stage, answer["access_token"])
    assert (said["sub"], said["act"]) == ("user-3", {"sub": "user-9"})
    stage.revoke(acting["actor_token"])
    assert refused(exchange(stage, stage.issue("user-3").token, **acting)) == (400, "invalid_request")

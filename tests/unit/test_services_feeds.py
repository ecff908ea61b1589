"""Feeds of resource servers: signed introspection answers, phantom tokens, the revocation feed, the status list."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.scenario.effects import Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest, StorePut, TokenRow
from simlib.services.revocation import JTI_PREFIX
from simlib.strategies import Credentials, JwtAccessToken, JwtLocal
from simlib.tokens import EPOCH, Verification, make_store_key, read_header
from simlib.tokens.forging import read_claims
from support.keys import key
from support.registered import equip, form_of
from support.stage import AUDIENCE, CLIENT, ISSUER, OTHER_CLIENT, RESOURCE_SERVER, SCOPE, Stage

JWT, SIGNED = "application/jwt", "application/token-introspection+jwt"


@pytest.fixture(params=["opaque_introspection", "jwt_local"])
def stage(request: pytest.FixtureRequest, make_stage: Callable[..., Stage]) -> Stage:
    return equip(make_stage(request.param)).at(10.4)


# --- introspection in signed forms ---------------------------------------------------------------------------------


def introspected(stage: Stage, token: str, accept: str = "", credentials: Any = RESOURCE_SERVER) -> Reply:
    """What introspection answers in a media type."""
    return stage.ask("introspect", form_of(credentials, token=token)._replace(accept=accept))


def test_a_phantom_token_says_what_introspection_says_and_passes_as_an_access_token(stage: Stage) -> None:
    token = stage.issue("user-2").token
    said = json.loads(introspected(stage, token).body)
    reply = introspected(stage, token, JWT)
    phantom = reply.body.decode()
    verification_key = key("RS256").verification_key
    verified = Verification(phantom, verification_key, ("RS256",), ISSUER, AUDIENCE)()
    claims = dict(verified.claims or {})
    assert (reply.status, read_header(phantom)["typ"]) == (200, "at+jwt")
    assert claims.pop("jti")
    assert {**claims, "active": True} == said


def test_two_phantom_tokens_have_different_ids(stage: Stage) -> None:
    token = stage.issue().token
    ids = {read_claims(introspected(stage, token, JWT).body.decode())["jti"] for _ in range(3)}
    assert len(ids) == 3


def test_there_is_no_phantom_of_a_token_that_is_not_active(stage: Stage) -> None:
    token = stage.issue().token
    stage.revoke(token)
    for each in (token, "unknown"):
        reply = introspected(stage, each, JWT)
        assert reply == Reply(204, date=reply.date)


@pytest.mark.parametrize("good", [True, False])
def test_a_signed_answer_is_for_who_asked_and_is_no_access_token(good: bool, stage: Stage) -> None:
    token = stage.issue().token if good else "unknown"
    body = introspected(stage, token, SIGNED).body.decode()
    assert read_header(body)["typ"] == "token-introspection+jwt"
    said = json.loads(introspected(stage, token).body)
    assert read_claims(body) == {
        "iss": ISSUER,
        "aud": RESOURCE_SERVER.client_id,
        "iat": EPOCH + 10,
        "token_introspection": said,
    }
    assert not stage.present(body).accepted


@pytest.mark.parametrize("accept", [JWT, SIGNED])
def test_a_server_that_cannot_sign_says_so(accept: str, stage: Stage) -> None:
    equip(stage, sign=None)
    assert introspected(stage, stage.issue().token, accept).status == 406
    assert introspected(stage, stage.issue().token).status == 200


@pytest.mark.parametrize("accept", ["", JWT, SIGNED])
def test_who_may_not_introspect_learns_nothing_in_any_form(accept: str, stage: Stage) -> None:
    for credentials in (None, CLIENT):
        assert introspected(stage, stage.issue().token, accept, credentials).status == 401


def put(stage: Stage, details: str) -> str:
    """A reference token whose row has these details."""
    row = TokenRow("access", "user-1", "shop", SCOPE, AUDIENCE, 10.0, 310.0, None, details)
    stage.store.execute(StorePut(make_store_key("reference"), row))
    return "reference"


@pytest.mark.parametrize("accept", ["", JWT, SIGNED])
def test_what_was_added_to_a_token_is_told_and_takes_no_usual_place(
    accept: str, make_stage: Callable[..., Stage]
) -> None:
    stage = equip(make_stage("opaque_introspection")).at(10.4)
    added = {"tenant": "t-1", "sub": "thief", "aud": "x", "exp": 1, "active": False, "scope": "admin"}
    details = {"cnf": {"jkt": "k"}, "act": {"sub": "gateway"}, "jti": "id-1", "claims": added, "family": "secret"}
    body = introspected(stage, put(stage, json.dumps(details)), accept).body.decode()
    said = read_claims(body) if accept else json.loads(body)
    said = said.get("token_introspection", said)
    assert (said["cnf"], said["act"], said["jti"], said["tenant"]) == ({"jkt": "k"}, {"sub": "gateway"}, "id-1", "t-1")
    assert (said["sub"], said["aud"], said["exp"], said["scope"]) == ("user-1", AUDIENCE, EPOCH + 310, SCOPE)
    assert said.get("active", True) is True
    assert "family" not in said


# --- the revocation feed -------------------------------------------------------------------------------------------


def feed(stage: Stage, since: float) -> list[dict[str, Any]]:
    """What was revoked after an instant (seconds)."""
    reply = stage.post("revocations", RESOURCE_SERVER, since=repr(EPOCH + since))
    assert reply.status == 200
    listed: list[dict[str, Any]] = json.loads(reply.body)
    return listed


def test_the_feed_names_revoked_tokens_by_issuer_and_id_until_they_expire(make_stage: Callable[..., Stage]) -> None:
    stage = equip(make_stage("jwt_local")).at(10.4)
    tokens = [stage.issue(f"user-{n}").token for n in range(3)]
    for number, token in enumerate(tokens):
        stage.at(20.0 + number)
        stage.revoke(token)
    wanted = [
        {"iss": ISSUER, "jti": read_claims(token)["jti"], "exp": EPOCH + 310, "revoked_at": EPOCH + 20.0 + n}
        for n, token in enumerate(tokens)
    ]
    assert feed(stage, 0.0) == wanted
    assert feed(stage, 20.0) == wanted[1:]
    assert feed(stage, 22.0) == []
    assert not any(token in repr(feed(stage, 0.0)) for token in tokens)
    assert feed(stage.at(309.9), 0.0) == wanted
    assert feed(stage.at(310.0), 0.0) == []


def test_who_accepts_tokens_a_little_longer_is_told_a_little_longer(make_stage: Callable[..., Stage]) -> None:
    stage = equip(make_stage("jwt_local")).at(10.4)
    stage.revoke(stage.issue().token)
    stage.at(310.0)
    for leeway, count in (("0", 0), ("0.5", 1), ("5", 1)):
        reply = stage.post("revocations", RESOURCE_SERVER, since="0", leeway=leeway)
        assert len(json.loads(reply.body)) == count
    for leeway in ("-1", "x", "nan", "inf"):
        assert stage.post("revocations", RESOURCE_SERVER, since="0", leeway=leeway).status == 400


def test_only_access_tokens_with_an_id_are_in_the_feed(make_stage: Callable[..., Stage]) -> None:
    stage = equip(make_stage("opaque_introspection")).at(10.4)
    row = TokenRow("access", "user-1", "shop", SCOPE, AUDIENCE, 0.0, 310.0, 5.0)
    rows = {
        "reference": row,
        "named": row._replace(details='{"jti":"a"}'),
        f"{JTI_PREFIX}b": row._replace(kind="revoked", revoked_at=6.0),
        f"{JTI_PREFIX}c": row._replace(revoked_at=7.0),
        "refresh": row._replace(kind="refresh", details='{"jti":"d"}'),
        "code": row._replace(kind="code"),
    }
    for name, each in rows.items():
        stage.store.execute(StorePut(name, each))
    assert [entry["jti"] for entry in feed(stage, 0.0)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "credentials",
    [None, CLIENT, OTHER_CLIENT, Credentials(RESOURCE_SERVER.client_id, "wrong")],
    ids=str,
)
def test_the_feed_is_for_resource_servers_only(credentials: Any, stage: Stage) -> None:
    reply = stage.post("revocations", credentials, since="0")
    assert (reply.status, reply.body) == (401, b'{"error":"invalid_client"}')


@pytest.mark.parametrize("since", ["", "x", "nan", "inf", "-inf", "1,5"])
def test_the_feed_needs_an_instant(since: str, stage: Stage) -> None:
    reply = stage.post("revocations", RESOURCE_SERVER, **({"since": since} if since else {}))
    assert (reply.status, reply.body) == (400, b'{"error":"invalid_request"}')


@given(st.lists(st.floats(0.0, 100.0), min_size=1, max_size=6), st.floats(0.0, 100.0))
def test_who_asks_again_from_where_it_was_misses_nothing(instants: list[float], cut: float) -> None:
    stage = equip(Stage(JwtLocal, JwtAccessToken)).at(100.0)
    for number, at in enumerate(instants):
        row = TokenRow("revoked", "u", "shop", SCOPE, AUDIENCE, 0.0, 300.0, at)
        stage.store.execute(StorePut(f"{JTI_PREFIX}{number}", row))
    seen = {int(entry["jti"]) for entry in feed(stage, cut)}
    # A NumericDate with a fraction is good to a quarter of a microsecond.
    assert {n for n, at in enumerate(instants) if at > cut + 1e-6} <= seen
    assert seen <= {n for n, at in enumerate(instants) if at > cut - 1e-6}
    assert math.isfinite(cut)


# --- the status list -----------------------------------------------------------------------------------------------


def test_the_status_list_is_open_to_all_and_absent_where_there_is_none(stage: Stage) -> None:
    def listed(ctx: Context) -> Flow[bytes]:
        yield Compute("status_list.build")
        return b"a.b.c"

    assert stage.ask("status_list", HttpRequest()) == Reply(404)
    equip(stage, status_list=listed)
    assert stage.ask("status_list", HttpRequest()) == Reply(200, b"a.b.c")
    assert stage.stepper.operations["status_list.build"] == 1

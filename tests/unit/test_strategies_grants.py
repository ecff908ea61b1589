"""Claims of a grant beside subject, client and scope, in every kind of token and in introspection answers."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from simlib.scenario.messages import TokenRow
from simlib.strategies import ISSUERS, Grant, JwtAccessToken, OpaqueIntrospection, ReferenceToken, StoredJwt
from simlib.tokens import read_payload
from support.pairs import name_of
from support.stage import AUDIENCE, Stage

ELSEWHERE = "https://inner.example"
FULL = Grant(
    "user-1", "shop", "a b", {"jkt": "thumbprint"}, ELSEWHERE, "https://gateway.example", {"purpose": "test", "n": [1]}
)
DETAILS = {
    "cnf": {"jkt": "thumbprint"},
    "act": {"sub": "https://gateway.example"},
    "claims": {"purpose": "test", "n": [1]},
}


@pytest.fixture(params=ISSUERS.values(), ids=name_of)
def stage(request: pytest.FixtureRequest, make_stage: Callable[..., Stage]) -> Stage:
    return make_stage(OpaqueIntrospection, request.param)


def issued(stage: Stage, grant: Grant) -> str:
    token: str = stage.stepper.finish(stage.issuer.issue(stage.server_host, grant), stage.server_host).token
    return token


def row(stage: Stage, token: str) -> TokenRow:
    found: TokenRow = stage.stepper.finish(stage.issuer.inspect(stage.server_host, token), stage.server_host)
    return found


def test_the_server_knows_everything_that_a_token_was_issued_for(stage: Stage) -> None:
    found = row(stage, issued(stage, FULL))
    assert found._replace(details="") == TokenRow("access", "user-1", "shop", "a b", ELSEWHERE, 0.0, 300.0)
    assert json.loads(found.details) == DETAILS


@pytest.mark.parametrize("part", ["cnf", "act", "claims"])
def test_each_part_of_a_grant_stands_by_itself(part: str, stage: Stage) -> None:
    empty = Grant("user-1", "shop", "a b")
    changed = {
        "cnf": empty._replace(confirmation=FULL.confirmation),
        "act": empty._replace(actor=FULL.actor),
        "claims": empty._replace(claims=FULL.claims),
    }
    found = row(stage, issued(stage, changed[part]))
    assert (found.audience, json.loads(found.details)) == (AUDIENCE, {part: DETAILS[part]})


def test_a_usual_grant_leaves_no_details(stage: Stage) -> None:
    assert row(stage, issued(stage, Grant("user-1", "shop", "a b"))).details == ""


@pytest.mark.parametrize("kind", [JwtAccessToken, StoredJwt])
def test_a_jwt_carries_what_the_grant_says(kind: type[Any], make_stage: Callable[..., Stage]) -> None:
    stage = make_stage("jwt_local", kind, information="userinfo")
    claims = read_payload(issued(stage, FULL)) or {}
    assert (claims["cnf"], claims["act"], claims["purpose"]) == (DETAILS["cnf"], DETAILS["act"], "test")
    assert claims["aud"] == ELSEWHERE
    assert set(read_payload(stage.issue().token) or {}) == {
        "iss",
        "aud",
        "sub",
        "client_id",
        "scope",
        "iat",
        "exp",
        "jti",
    }


def test_no_further_claim_takes_the_place_of_a_usual_one(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage("jwt_local", JwtAccessToken)
    grant = Grant("user-1", "shop", "a", claims={"sub": "user-2", "exp": 1, "aud": "x", "cnf": {"jkt": "theirs"}})
    claims = read_payload(issued(stage, grant._replace(confirmation={"jkt": "ours"}))) or {}
    assert (claims["sub"], claims["aud"], claims["cnf"]) == ("user-1", AUDIENCE, {"jkt": "ours"})
    assert claims["exp"] != 1


def test_claims_about_the_user_are_not_taken_for_claims_of_the_grant(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage("jwt_local", JwtAccessToken, information="token")
    token = issued(stage, Grant("user-1", "shop", "a", claims={"purpose": "test"}))
    assert set(stage.deployment.user_claims("user-1")) < set(read_payload(token) or {})
    assert json.loads(row(stage, token).details) == {"claims": {"purpose": "test"}}


def test_a_token_for_another_service_is_refused_here_and_accepted_there(make_stage: Callable[..., Stage]) -> None:
    for validator, issuer in (("jwt_local", JwtAccessToken), ("opaque_cached", ReferenceToken)):
        stage = make_stage(validator, issuer)
        token = issued(stage, Grant("user-1", "shop", "catalogue:read", audience=ELSEWHERE))
        assert stage.present(token).reason == "audience"
        there = make_stage(validator, issuer)
        grant = Grant("user-1", "shop", "catalogue:read", audience=AUDIENCE)
        assert there.present(issued(there, grant)).accepted

"""Refresh tokens: rotation, reuse, families and how they end (RFC 9700 section 4.14.2, RFC 7009)."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.scenario.effects import Reply
from simlib.scenario.messages import StoreConsume, StoreGet, StorePut, StoreRevoke, TokenRow
from simlib.strategies import Grant, JwtAccessToken, JwtLocal
from simlib.tokens import OPAQUE, make_store_key
from support.registered import (
    LIFETIME_S,
    PHONE,
    active,
    code_for,
    equip,
    form_of,
    granted,
    redeeming,
    refreshing,
    refused,
)
from support.stage import CLIENT, OTHER_CLIENT, SCOPE, Stage

INVALID_GRANT = (400, "invalid_grant")


@pytest.fixture(params=["opaque_introspection", "jwt_local"])
def stage(request: pytest.FixtureRequest, make_stage: Callable[..., Stage]) -> Stage:
    made = equip(make_stage(request.param), rotation=True).at(10.4)
    made.refresh_token()
    return made


def refresh(stage: Stage, token: str, **changes: Any) -> dict[str, Any]:
    """A new answer for a refresh token."""
    return granted(stage.post("token", **refreshing(token, **changes)))


def test_each_refresh_token_is_followed_by_another_of_the_same_scope(stage: Stage) -> None:
    token, seen = "refresh-1", set()
    for scope in (None, SCOPE, "more", None):
        answer = refresh(stage, token, scope=scope)
        assert set(answer["scope"].split()) == set((scope or f"{SCOPE} more").split())
        assert stage.present(answer["access_token"], answer["scope"]).claims["sub"] == "user-1"
        token = answer["refresh_token"]
        seen.add(token)
    assert len(seen) == 4
    row: Any = stage.store.execute(StoreGet(make_store_key(token)))
    assert (row.scope.split(), row.revoked_at) == ([SCOPE, "more"], None)


def test_a_refresh_token_whose_row_goes_while_it_is_redeemed_is_refused(stage: Stage) -> None:
    def execute(request: Any) -> Any:
        return None if isinstance(request, StoreConsume) else stage.store.execute(request)

    stage.server_host.local["store"] = execute
    assert refused(stage.post("token", **refreshing("refresh-1"))) == INVALID_GRANT


def test_a_family_whose_next_row_is_gone_ends_all_the_same(stage: Stage) -> None:
    first = refresh(stage, "refresh-1")
    second = refresh(stage, first["refresh_token"])
    key = make_store_key(first["refresh_token"])
    row: Any = stage.store.execute(StoreGet(key))
    stage.store.execute(StorePut(key, row._replace(details=json.dumps({**json.loads(row.details), "next": "gone"}))))
    assert refused(stage.post("token", **refreshing("refresh-1"))) == INVALID_GRANT
    assert not active(stage, first["access_token"])
    assert refused(stage.post("token", **refreshing(second["refresh_token"]))) == INVALID_GRANT


@given(st.integers(1, 6), st.data())
def test_whichever_used_token_comes_back_everything_of_its_family_ends_and_nothing_else(
    turns: int, data: st.DataObject
) -> None:
    stage = equip(Stage(JwtLocal, JwtAccessToken), rotation=True).at(10.0)
    first, other = stage.refresh_token(), stage.refresh_token("other session")
    tokens, accesses = [first], []
    for _ in range(turns):
        answer = refresh(stage, tokens[-1])
        tokens.append(answer["refresh_token"])
        accesses.append(answer["access_token"])
    elsewhere = refresh(stage, other)
    assert all(active(stage, each) for each in accesses)
    reused = data.draw(st.sampled_from(tokens[:-1]))
    assert refused(stage.post("token", **refreshing(reused))) == INVALID_GRANT
    assert not any(active(stage, each) for each in accesses)
    for each in tokens:
        assert refused(stage.post("token", **refreshing(each))) == INVALID_GRANT
    assert active(stage, elsewhere["access_token"])
    assert refresh(stage, elsewhere["refresh_token"])


def test_without_rotation_a_refresh_token_stays_and_says_nothing_of_itself(stage: Stage) -> None:
    equip(stage, rotation=False)
    for _ in range(3):
        assert list(refresh(stage, "refresh-1")) == ["access_token", "token_type", "expires_in", "scope"]


def test_a_refresh_without_rotation_asks_the_store_once_beside_the_access_token(stage: Stage) -> None:
    equip(stage, rotation=False)
    before, work = stage.calls["store"], stage.stepper.operations.copy()
    refresh(stage, "refresh-1")
    issuing = 1 if stage.token_format == OPAQUE else 0
    assert stage.calls["store"] - before == 1 + issuing
    done = stage.stepper.operations - work
    assert sum(count for name, count in done.items() if not name.startswith(("jwt.sign", "opaque.issue"))) == 4
    assert {"client.authenticate", "form.decode", "token.hash", "json.encode"} <= set(done)


def test_without_rotation_a_revoked_token_that_comes_back_ends_nothing_else(stage: Stage) -> None:
    equip(stage, rotation=False)
    answer = granted(stage.post("token", **redeeming(code_for(stage))))
    key = make_store_key(answer["refresh_token"])
    stage.store.execute(StoreRevoke(key, 11.0))
    before = stage.calls["store"]
    assert refused(stage.post("token", **refreshing(answer["refresh_token"]))) == INVALID_GRANT
    assert stage.calls["store"] == before + 1
    assert active(stage, answer["access_token"])


def test_what_is_refused_uses_nothing_up(stage: Stage) -> None:
    for scope in ("admin", f"{SCOPE}\tmore", f"{SCOPE}\u2003more"):
        assert refused(stage.post("token", **refreshing("refresh-1", scope=scope))) == (400, "invalid_scope")
    assert refused(stage.post("token", OTHER_CLIENT, **refreshing("refresh-1"))) == INVALID_GRANT
    assert refresh(stage, "refresh-1")


def test_an_access_token_as_refresh_token_stays_what_it_is(stage: Stage) -> None:
    token = stage.issue().token
    assert refused(stage.post("token", **refreshing(token))) == INVALID_GRANT
    assert active(stage, token)


def test_a_family_does_not_end_because_another_client_shows_a_used_token(stage: Stage) -> None:
    answer = refresh(stage, "refresh-1")
    assert refused(stage.post("token", OTHER_CLIENT, **refreshing("refresh-1"))) == INVALID_GRANT
    assert active(stage, answer["access_token"])
    assert refresh(stage, answer["refresh_token"])


OPERATIONS = ["token.hash", "opaque.issue", "token.seal", "token.unseal", "json.decode", "json.encode"]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("apart", [0.0, 0.05, 0.1, 0.15, 0.25, 0.35])
@pytest.mark.parametrize("first", [True, False])
def test_of_two_who_use_a_token_at_the_same_time_none_keeps_anything(
    operation: str, apart: float, first: bool, stage: Stage
) -> None:
    token = "refresh-1" if first else refresh(stage, "refresh-1")["refresh_token"]
    stage.server_host.costs[operation] = 0.1
    now, started = stage.now, []
    for _ in range(2):
        flow = stage._call_endpoint("token", form_of(CLIENT, **refreshing(token)))
        started.append(stage.stepper.start(flow, stage.server_host))
        stage.at(now + apart)
    stage.stepper.run()
    answers = [json.loads(each.value.body) for each in started]
    assert sum("access_token" in answer for answer in answers) <= 1
    for answer in answers:
        if "access_token" in answer:
            assert not active(stage, answer["access_token"])
            assert refused(stage.post("token", **refreshing(answer["refresh_token"]))) == INVALID_GRANT


def test_a_used_token_that_is_spent_still_gives_the_thief_away(stage: Stage) -> None:
    stage.refresh_token("short", expires_at=20.0)
    answer = refresh(stage, "short")
    stage.at(30.0)
    assert refused(stage.post("token", **refreshing("short"))) == INVALID_GRANT
    assert not active(stage, answer["access_token"])


def test_a_spent_token_is_refused_and_its_family_lives_on(stage: Stage) -> None:
    answer = refresh(stage, "refresh-1")
    stage.at(10.4 + LIFETIME_S)
    assert refused(stage.post("token", **refreshing(answer["refresh_token"]))) == INVALID_GRANT
    row: Any = stage.store.execute(StoreGet(make_store_key(answer["refresh_token"])))
    assert row.revoked_at is None


def test_each_use_begins_the_lifetime_anew_but_never_beyond_the_end_of_the_session(stage: Stage) -> None:
    stage.refresh_token("bounded", details='{"session_until":1500.0}')
    ends = []
    token = "bounded"
    for instant in (400.0, 800.0):
        token = refresh(stage.at(instant), token)["refresh_token"]
        row: Any = stage.store.execute(StoreGet(make_store_key(token)))
        ends.append(row.expires_at)
    assert ends == [400.0 + LIFETIME_S, 1500.0]


# --- public clients and bound tokens -------------------------------------------------------------------------------


def test_the_refresh_token_of_a_client_without_a_secret_is_always_for_one_use(stage: Stage) -> None:
    equip(stage, rotation=False)
    answer = granted(stage.post("token", None, **redeeming(code_for(stage, PHONE), client_id=PHONE)))
    again = granted(stage.post("token", None, **refreshing(answer["refresh_token"], client_id=PHONE)))
    reused = stage.post("token", None, **refreshing(answer["refresh_token"], client_id=PHONE))
    assert refused(reused) == INVALID_GRANT
    assert not active(stage, again["access_token"])


def bind(stage: Stage, **confirmation: str) -> None:
    """Let every token of the server be bound to a key from now on."""
    stage.server = replace(stage.server, make_grant=partial(Grant, confirmation=confirmation))


def test_a_bound_refresh_token_of_a_client_without_a_secret_needs_its_key_and_stays(stage: Stage) -> None:
    equip(stage, rotation=False)
    bind(stage, jkt="key 1")
    answer = granted(stage.post("token", None, **redeeming(code_for(stage, PHONE), client_id=PHONE)))
    assert answer["token_type"] == "DPoP"
    form = refreshing(answer["refresh_token"], client_id=PHONE)
    for _ in range(2):
        again = granted(stage.post("token", None, **form))
        assert (again["token_type"], "refresh_token" in again) == ("DPoP", False)
    bind(stage, jkt="key 2")
    assert refused(stage.post("token", None, **form)) == INVALID_GRANT
    bind(stage)
    assert refused(stage.post("token", None, **form)) == INVALID_GRANT


def test_the_refresh_token_of_a_client_with_a_secret_is_bound_to_no_key(stage: Stage) -> None:
    equip(stage, rotation=False)
    bind(stage, jkt="key 1")
    token = granted(stage.post("token", **redeeming(code_for(stage))))["refresh_token"]
    bind(stage, jkt="key 2")
    assert refresh(stage, token)["token_type"] == "DPoP"


def test_a_certificate_makes_a_token_no_dpop_token(stage: Stage) -> None:
    equip(stage, rotation=False)
    bind(stage, **{"x5t#S256": "thumbprint"})
    assert refresh(stage, "refresh-1")["token_type"] == "Bearer"


# --- revocation of a refresh token (RFC 7009 section 2.1) ----------------------------------------------------------


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_revoking_a_refresh_token_ends_its_family(turns: int, stage: Stage) -> None:
    answer = granted(stage.post("token", **redeeming(code_for(stage))))
    accesses = [answer["access_token"]]
    for _ in range(turns):
        answer = refresh(stage, answer["refresh_token"])
        accesses.append(answer["access_token"])
    assert stage.post("revoke", OTHER_CLIENT, token=answer["refresh_token"]).status == 400
    assert all(active(stage, each) for each in accesses)
    assert stage.post("revoke", token=answer["refresh_token"]) == Reply(200)
    assert not any(active(stage, each) for each in accesses)
    assert refused(stage.post("token", **refreshing(answer["refresh_token"]))) == INVALID_GRANT


def test_a_client_without_a_secret_may_revoke_what_is_its_own(stage: Stage) -> None:
    answer = granted(stage.post("token", None, **redeeming(code_for(stage, PHONE), client_id=PHONE)))
    assert stage.post("revoke", None, token=answer["access_token"], client_id="nobody").status == 401
    assert stage.post("revoke", None, token=answer["access_token"], client_id=PHONE).status == 200
    assert not active(stage, answer["access_token"])


def test_a_row_that_was_tampered_with_opens_nothing(stage: Stage) -> None:
    answer = refresh(stage, "refresh-1")
    key = make_store_key(answer["refresh_token"])
    row: Any = stage.store.execute(StoreGet(key))
    details = json.loads(row.details)
    text = json.dumps({**details, "root": details["access"]})
    stage.store.execute(StorePut(key, TokenRow(*row)._replace(details=text)))
    assert stage.post("revoke", token=answer["refresh_token"]).status == 200
    assert refused(stage.post("token", **refreshing(answer["refresh_token"]))) == INVALID_GRANT

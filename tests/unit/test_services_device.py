"""Devices without a keyboard (RFC 8628): codes, polling, slowing down, and what the user decides elsewhere."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.services import DEVICE_CODE, Registration
from simlib.services.device_authorization import DEVICE_CODE_LIFETIME_S, INTERVAL_S, LETTERS, make_user_code_key
from simlib.strategies import JwtAccessToken, JwtLocal
from support.registered import (
    PASSWORD,
    PHONE,
    REGISTRATIONS,
    TV,
    active,
    changed,
    equip,
    form_of,
    granted,
    refreshing,
    refused,
)
from support.stage import CLIENT, ISSUER, SCOPE, Stage

PENDING = (400, "authorization_pending")


@pytest.fixture(params=["opaque_introspection", "jwt_local"])
def stage(request: pytest.FixtureRequest, make_stage: Callable[..., Stage]) -> Stage:
    return equip(make_stage(request.param)).at(10.4)


def begin(stage: Stage, **form: str) -> dict[str, Any]:
    """What the device is told."""
    return granted(stage.post("device_authorization", None, client_id=TV, **form))


def polling(codes: dict[str, Any], **changes: Any) -> dict[str, str]:
    """What the device asks at the token endpoint."""
    form = {"grant_type": DEVICE_CODE, "device_code": codes["device_code"], "client_id": TV}
    return changed(form, changes)


def poll(stage: Stage, codes: dict[str, Any]) -> Any:
    """One poll, an interval later than now."""
    return stage.at(stage.now + codes["interval"]).post("token", None, **polling(codes))


def decide(stage: Stage, codes: dict[str, Any], decision: str = "approve", **changes: Any) -> Any:
    """What the user does on another device."""
    form = {"login": "user-7", "password": PASSWORD, "user_code": codes["user_code"], "decision": decision}
    return stage.post("device_verification", None, **changed(form, changes))


def test_the_device_shows_a_short_code_and_keeps_a_long_one(stage: Stage) -> None:
    codes = begin(stage, scope=SCOPE)
    assert list(codes) == ["device_code", "user_code", "verification_uri", "expires_in", "interval"]
    assert re.fullmatch(f"[{LETTERS}]{{4}}-[{LETTERS}]{{4}}", codes["user_code"])
    assert len(codes["device_code"]) == 43
    assert (codes["expires_in"], codes["interval"]) == (DEVICE_CODE_LIFETIME_S, INTERVAL_S)
    assert codes["verification_uri"].startswith(ISSUER)
    assert begin(stage) != codes


def test_the_device_waits_until_the_user_lets_it_in(stage: Stage) -> None:
    codes = begin(stage, scope=SCOPE)
    for _ in range(3):
        assert refused(poll(stage, codes)) == PENDING
    assert decide(stage, codes).status == 200
    answer = granted(poll(stage, codes))
    assert answer["scope"] == SCOPE
    assert stage.present(answer["access_token"]).claims["sub"] == "user-7"
    again = stage.post("token", None, **refreshing(answer["refresh_token"], client_id=TV))
    assert stage.present(granted(again)["access_token"]).claims["sub"] == "user-7"


def test_a_scope_that_is_left_out_is_the_one_of_the_registration(stage: Stage) -> None:
    codes = begin(stage)
    decide(stage, codes)
    assert granted(poll(stage, codes))["scope"] == REGISTRATIONS[TV].scope


def test_a_user_who_says_no_keeps_the_device_out(stage: Stage) -> None:
    codes = begin(stage)
    assert decide(stage, codes, "deny").status == 200
    assert refused(poll(stage, codes)) == (400, "access_denied")
    assert decide(stage, codes).status == 400
    assert poll(stage, codes).status == 400


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"password": "wrong"}, 403),
        ({"password": None}, 403),
        ({"login": "nobody"}, 403),
        ({"decision": "yes"}, 400),
        ({"decision": None}, 400),
        ({"user_code": "BBBB-BBBB"}, 400),
        ({"user_code": None}, 400),
    ],
    ids=str,
)
def test_only_a_user_who_is_signed_in_decides_and_a_wrong_try_decides_nothing(
    changes: Any, status: int, stage: Stage
) -> None:
    codes = begin(stage)
    assert decide(stage, codes, **changes).status == status
    assert refused(poll(stage, codes)) == PENDING
    assert decide(stage, codes).status == 200


@pytest.mark.parametrize("change", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} ."])
def test_a_user_code_may_be_typed_in_many_ways(change: Callable[[str], str], stage: Stage) -> None:
    codes = begin(stage)
    assert decide(stage, codes, user_code=change(codes["user_code"])).status == 200
    assert poll(stage, codes).status == 200


def test_the_first_decision_stays(stage: Stage) -> None:
    codes = begin(stage)
    assert decide(stage, codes).status == 200
    assert refused(decide(stage, codes, login="user-8")) == (400, "invalid_request")
    assert refused(decide(stage, codes, "deny")) == (400, "invalid_request")
    assert stage.present(granted(poll(stage, codes))["access_token"], "").claims["sub"] == "user-7"


@pytest.mark.parametrize("early", [1e-6, 1.0, INTERVAL_S - 0.01])
def test_who_asks_too_soon_is_told_to_slow_down_for_good(early: float, stage: Stage) -> None:
    codes = begin(stage)
    assert refused(poll(stage, codes)) == PENDING
    stage.at(stage.now + INTERVAL_S - early)
    assert refused(stage.post("token", None, **polling(codes))) == (400, "slow_down")
    assert refused(poll(stage, codes)) == (400, "slow_down")  # the old interval is too short now
    for _ in range(2):
        slower = {**codes, "interval": INTERVAL_S + 10}
        assert refused(poll(stage, slower)) == PENDING


def test_the_first_poll_may_come_at_once_and_one_on_time_is_never_slowed_down(stage: Stage) -> None:
    codes = begin(stage)
    assert refused(stage.post("token", None, **polling(codes))) == PENDING
    for _ in range(20):
        assert refused(poll(stage, codes)) == PENDING


def test_an_impatient_device_gets_nothing_even_if_the_user_agreed(stage: Stage) -> None:
    codes = begin(stage)
    poll(stage, codes)
    decide(stage, codes)
    assert refused(stage.post("token", None, **polling(codes))) == (400, "slow_down")
    assert poll(stage, {**codes, "interval": INTERVAL_S + 5}).status == 200


def test_codes_end(stage: Stage) -> None:
    codes = begin(stage)
    ends = stage.now + DEVICE_CODE_LIFETIME_S
    assert refused(stage.at(ends - 1e-6).post("token", None, **polling(codes))) == PENDING
    stage.at(ends)
    assert refused(stage.post("token", None, **polling(codes))) == (400, "expired_token")
    assert decide(stage, codes).status == 400


@pytest.mark.parametrize("changes", [{"device_code": "unknown"}, {"client_id": PHONE}], ids=str)
def test_a_device_code_is_for_the_device_that_asked(changes: Any, stage: Stage) -> None:
    equip(stage, registrations={**REGISTRATIONS, PHONE: REGISTRATIONS[TV]})
    codes = begin(stage)
    decide(stage, codes)
    assert refused(stage.post("token", None, **polling(codes, **changes))) == (400, "invalid_grant")
    assert poll(stage, codes).status == 200


def test_a_poll_without_a_code_is_an_invalid_request(stage: Stage) -> None:
    for code in (None, ""):
        reply = stage.post("token", None, **polling(begin(stage), device_code=code))
        assert refused(reply) == (400, "invalid_request")


def test_who_may_not_use_the_flow_gets_no_codes(stage: Stage) -> None:
    assert refused(stage.post("device_authorization", None, client_id="nobody")) == (401, "invalid_client")
    assert refused(stage.post("device_authorization", None, client_id=PHONE)) == (400, "unauthorized_client")
    assert refused(stage.post("device_authorization", CLIENT)) == (400, "unauthorized_client")
    reply = stage.post("device_authorization", None, client_id=TV, scope="admin")
    assert refused(reply) == (400, "invalid_scope")


def test_a_device_with_a_secret_may_use_the_flow_as_well(stage: Stage) -> None:
    equip(stage, registrations={CLIENT.client_id: Registration(frozenset({DEVICE_CODE}), scope=SCOPE)})
    codes = granted(stage.post("device_authorization", CLIENT))
    decide(stage, codes)
    answer = granted(stage.post("token", CLIENT, **polling(codes, client_id=None)))
    assert "refresh_token" not in answer


def test_a_device_code_gives_tokens_once_and_a_second_time_takes_them_back(stage: Stage) -> None:
    codes = begin(stage)
    decide(stage, codes)
    answer = granted(poll(stage, codes))
    assert refused(poll(stage, codes)) == (400, "invalid_grant")
    assert not active(stage, answer["access_token"])


@pytest.mark.parametrize("operation", ["token.hash", "json.encode", "json.decode", "opaque.issue", "token.seal"])
@pytest.mark.parametrize("apart", [0.0, 0.05, 0.15])
def test_two_polls_at_the_same_time_never_both_get_tokens(operation: str, apart: float, stage: Stage) -> None:
    codes = begin(stage)
    decide(stage, codes)
    stage.server_host.costs[operation] = 0.1
    started, now = [], stage.now
    for _ in range(2):
        flow = stage._call_endpoint("token", form_of(None, **polling(codes)))
        started.append(stage.stepper.start(flow, stage.server_host))
        stage.at(now + apart)
    stage.stepper.run()
    answers = [json.loads(each.value.body) for each in started]
    good = [answer for answer in answers if "access_token" in answer]
    assert len(good) <= 1
    used_twice = any(answer.get("error") == "invalid_grant" for answer in answers)
    assert all(active(stage, answer["access_token"]) is not used_twice for answer in good)


def test_two_users_who_decide_at_the_same_time_have_one_winner(stage: Stage) -> None:
    codes = begin(stage)
    stage.server_host.costs["json.decode"] = 0.1
    started = []
    for login in ("user-7", "user-8"):
        form = {"login": login, "password": PASSWORD, "user_code": codes["user_code"], "decision": "approve"}
        flow = stage._call_endpoint("device_verification", form_of(None, **form))
        started.append(stage.stepper.start(flow, stage.server_host))
    stage.stepper.run()
    assert [each.value.status for each in started] == [200, 400]
    assert stage.present(granted(poll(stage, codes))["access_token"], "").claims["sub"] == "user-7"


@given(st.text(max_size=20))
def test_no_user_code_raises_or_passes(text: str) -> None:
    stage = equip(Stage(JwtLocal, JwtAccessToken))
    codes = begin(stage)
    reply = decide(stage, codes, user_code=text)
    assert (reply.status == 200) == (make_user_code_key(text) == make_user_code_key(codes["user_code"]))

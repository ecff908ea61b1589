"""Denylists by polling, by push and in a shared store."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from simlib.scenario.effects import Compute, Failed, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.strategies import (
    DenylistPolled,
    DenylistPushed,
    DenylistShared,
    JwtAccessToken,
    JwtLocal,
)
from simlib.strategies.denylist import find_token_identity, read_denylist_entry
from simlib.strategies.server_push import Pusher
from simlib.tokens import EPOCH, read_payload
from support.stage import CLIENT, ELSEWHERE, ISSUER, PUSHED, RESOURCE_SERVER, SHARED, Stage, basic
from support.stepping import Delay


def staged(make_stage: Callable[..., Stage], wrapper: type[Any], leeway_s: float = 0.0, **chosen: Any) -> Stage:
    """A JWT validator with a denylist around it."""
    given = {"settings": JwtLocal.Settings(leeway_s=leeway_s), "wrapper_settings": (wrapper.Settings(**chosen),)}
    return make_stage(JwtLocal, JwtAccessToken, (wrapper,), **given)


def claims_of(token: str) -> dict[str, Any]:
    claims = read_payload(token)
    assert claims is not None
    return dict(claims)


# --- polling -----------------------------------------------------------------------------------------------------


def test_a_revocation_holds_after_the_next_poll_and_other_tokens_go_on(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, DenylistPolled)
    token, other = stage.issue("user-1").token, stage.issue("user-2").token
    assert stage.at(100.0).present(token).accepted
    stage.revoke(token)
    assert stage.present(token).accepted
    verdict = stage.at(130.0).present(token)
    assert (verdict.accepted, verdict.status, verdict.reason) == (False, 401, "denied")
    assert stage.present(other).accepted


def test_polls_come_at_intervals_whatever_is_presented(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, DenylistPolled, poll_s=10.0)
    token = stage.issue().token
    assert stage.present(token).accepted  # the first request brings the first list
    polls = stage.calls["revocations"]
    assert polls == 1
    stage.at(100.0)
    assert stage.calls["revocations"] - polls in (10, 11)  # by its phase
    for _ in range(5):
        stage.present(token)
    assert stage.calls["revocations"] - polls in (10, 11)


@pytest.mark.parametrize("fail_open_s", [0.0, 60.0])
def test_an_old_list_is_used_as_long_as_said_and_then_nobody_is_let_in(
    fail_open_s: float, make_stage: Callable[..., Stage]
) -> None:
    stage = staged(make_stage, DenylistPolled, fail_open_s=fail_open_s)
    token = stage.issue().token
    stage.at(100.0)
    requested_at = stage.state.own.answered_at
    stage.revoke(token)
    stage.answer("revocations", Failed("unreachable"))
    until = requested_at + 30.0 + 5.0 + fail_open_s
    assert stage.at(until - 0.001).present(token).accepted
    verdict = stage.at(until).present(token)
    assert (verdict.status, verdict.reason) == (503, "denylist_old")
    stage.restore()
    assert stage.at(until + 30.0).present(token).reason == "denied"


def test_old_lists_may_be_accepted_and_the_bound_says_so(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, DenylistPolled, when_old="accept")
    stage.answer("revocations", Failed("unreachable"))
    token = stage.issue().token
    assert stage.at(250.0).present(token).accepted
    assert stage.validator.compute_bound().after_revocation_s == 300.0


@pytest.mark.parametrize(
    "answer", [Reply(401), Reply(503, b"[]"), Reply(200, b"<html>"), Reply(200, b"{}"), Reply(200, b"[7]")], ids=str
)
def test_what_cannot_be_read_is_no_list(answer: Any, make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, DenylistPolled)
    stage.answer("revocations", answer)
    assert stage.present(stage.issue().token).reason == "denylist_old"


def test_the_feed_is_asked_with_the_credentials_of_the_resource_server_and_again_from_a_little_before(
    make_stage: Callable[..., Stage],
) -> None:
    stage = staged(make_stage, DenylistPolled, overlap_s=5.0)
    stage.at(100.0)
    stage.revoke(stage.issue().token)
    stage.at(200.0)
    assert stage.state.own.since == EPOCH + 100.0 - 5.0
    assert stage.post("revocations", CLIENT, since="0").status == 401


@pytest.mark.parametrize("wrapper", [DenylistPolled, DenylistPushed])
def test_an_entry_of_another_issuer_denies_nothing(wrapper: type[Any], make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, wrapper)
    token = stage.issue().token
    foreign = {**claims_of(token), "iss": ELSEWHERE, "revoked_at": EPOCH}
    stage.answer("revocations", Reply(200, json.dumps([foreign]).encode()))
    push(stage, foreign)
    assert stage.at(60.0).present(token).accepted
    assert len(denylist_of(stage)) == 0


@pytest.mark.parametrize("wrapper", [DenylistPolled, DenylistPushed])
def test_entries_are_kept_until_the_token_has_ended_and_then_forgotten(
    wrapper: type[Any], make_stage: Callable[..., Stage]
) -> None:
    stage = staged(make_stage, wrapper, leeway_s=7.0)
    first = stage.issue().token
    stage.at(250.0).revoke(first)
    assert stage.at(306.9).present(first).reason == "denied"
    second = stage.issue().token
    stage.revoke(second)
    third = stage.at(400.0).issue().token
    stage.revoke(third)
    stage.at(440.0)
    assert len(denylist_of(stage)) == 2


def test_a_replica_that_begins_when_a_revoked_token_has_just_expired_hears_of_it(
    make_stage: Callable[..., Stage],
) -> None:
    stage = staged(make_stage, DenylistPolled, leeway_s=7.0)
    token = stage.issue().token
    stage.at(250.0).revoke(token)
    stage.at(305.0)
    stage.state = stage.validator.create_state()
    assert stage.present(token).reason == "denied"


# --- push --------------------------------------------------------------------------------------------------------


def denylist_of(stage: Stage) -> Any:
    own = stage.state.own
    return getattr(own, "denylist", own)


def push(stage: Stage, message: Any, authorization: str = basic(RESOURCE_SERVER)) -> int:
    """The status with which the resource server answers a push."""
    request = HttpRequest(authorization, json.dumps(message).encode())
    reply = stage.stepper.finish(stage.validator.receive(stage.rs, stage.state, request), stage.rs)  # type: ignore[attr-defined]
    return int(reply.status)


def test_a_push_holds_when_it_has_arrived_and_the_revocation_does_not_wait(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, DenylistPushed)
    token = stage.issue().token
    stage.present(token)
    stage.stepper.delay = lambda target: Delay(1.0, 1.0) if target == PUSHED else Delay()
    stage.revoke(token)
    assert stage.now == 0.0
    assert stage.at(0.999).present(token).accepted
    assert stage.at(1.0).present(token).reason == "denied"
    assert stage.calls[PUSHED] == 1


def test_a_lost_push_is_not_repeated_and_the_bound_is_the_life_of_the_token(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, DenylistPushed)
    token = stage.issue().token
    stage.cut(PUSHED)
    stage.revoke(token)
    assert stage.at(299.0).present(token).accepted
    assert stage.calls[PUSHED] == 1
    assert stage.validator.compute_bound().after_revocation_s == 300.0


@pytest.mark.parametrize("authorization", ["", basic(CLIENT), "Bearer x", "Basic ü"])
def test_nobody_else_can_push(authorization: str, make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, DenylistPushed)
    token = stage.issue().token
    assert push(stage, claims_of(token), authorization) == 401
    assert stage.present(token).accepted


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ({"jti": 7}, 400),
        ({"jti": "x", "iss": ISSUER}, 400),
        ({"jti": "x", "iss": ISSUER, "exp": True}, 400),
        ([], 400),
        ({"key": "something else"}, 404),
    ],
    ids=str,
)
def test_a_push_that_is_no_entry_is_not_taken(message: Any, status: int, make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, DenylistPushed)
    assert push(stage, message) == status
    assert len(stage.state.own) == 0


# --- shared store ------------------------------------------------------------------------------------------------


def test_each_request_asks_the_store_once_and_a_revocation_holds_at_once(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, DenylistShared)
    token = stage.issue().token
    assert stage.present(token).accepted
    assert stage.calls[SHARED] == 1
    stage.revoke(token)
    assert stage.present(token).reason == "denied"
    assert stage.present(stage.issue("user-2").token).accepted
    assert stage.validator.compute_bound().after_revocation_s == 1.0


@pytest.mark.parametrize(("fail_open", "status", "bound"), [(False, 503, 1.0), (True, 200, 300.0)])
def test_without_an_answer_tokens_are_refused_unless_the_setting_says_otherwise(
    fail_open: bool, status: int, bound: float, make_stage: Callable[..., Stage]
) -> None:
    stage = staged(make_stage, DenylistShared, fail_open=fail_open)
    stage.answer(SHARED, Failed("timed_out"))
    assert stage.present(stage.issue().token).status == status
    assert stage.validator.compute_bound().after_revocation_s == bound


def test_a_revocation_is_not_done_before_the_store_has_it(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, DenylistShared, retry_s=2.0)
    token = stage.issue().token
    stage.cut(SHARED)
    revoking = stage.stepper.start(stage.issuer.revoke(stage.server_host, token), stage.server_host)
    stage.at(10.0)
    assert not revoking.done
    stage.restore()
    stage.at(12.0)
    assert revoking.done
    assert revoking.value is True
    assert stage.present(token).reason == "denied"


def test_entries_stay_beyond_the_expiry_for_validators_with_leeway(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, DenylistShared, leeway_s=7.0)
    token = stage.issue().token
    stage.revoke(token)
    assert stage.at(306.0).present(token).reason == "denied"


def test_leeway_beyond_the_time_that_entries_are_kept_is_told_by_the_bound(make_stage: Callable[..., Stage]) -> None:
    settings = {"settings": JwtLocal.Settings(leeway_s=61.0), "wrapper_settings": (DenylistShared.Settings(),)}
    stage = make_stage(JwtLocal, JwtAccessToken, (DenylistShared,), **settings)
    assert stage.validator.compute_bound() == (61.0, 361.0)


def test_a_token_that_is_unknown_to_the_server_reaches_no_store(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, DenylistShared)
    known = stage.stepper.finish(stage.issuer.revoke(stage.server_host, "a.b.c"), stage.server_host)
    assert known is False
    assert stage.calls[SHARED] == 0


@pytest.mark.parametrize("wrapper", [DenylistPolled, DenylistPushed, DenylistShared])
@pytest.mark.parametrize("changes", [{"jti": "another"}], ids=str)
def test_entries_are_found_by_the_jti(
    wrapper: type[Any], changes: dict[str, Any], make_stage: Callable[..., Stage]
) -> None:
    stage = staged(make_stage, wrapper)
    token = stage.issue().token
    stage.revoke(token)
    stage.at(60.0)
    assert stage.present(token).reason == "denied"
    assert stage.present(stage.misissue(**changes)).accepted


@pytest.mark.parametrize(
    "names", [{}, {"iss": ISSUER}, {"jti": "x"}, {"iss": 7, "jti": "x"}, {"iss": ISSUER, "jti": 7}]
)
def test_a_token_without_issuer_and_jti_has_no_entry(names: dict[str, Any]) -> None:
    assert find_token_identity(names) is None
    assert read_denylist_entry({**names, "exp": EPOCH + 60.0}) is None


@pytest.mark.parametrize("wrapper", [DenylistPolled, DenylistPushed, DenylistShared])
def test_a_token_that_could_be_on_no_list_is_refused_however_good_it_is(
    wrapper: type[Any], make_stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    def good(*_: object) -> Flow[Verdict]:
        yield Compute("claims.check")
        return Verdict(True, claims={"iss": ISSUER})

    stage = staged(make_stage, wrapper)
    monkeypatch.setattr(stage.validator.inner, "validate", good)
    assert stage.present(stage.issue().token).reason == "no_jti"


def test_a_token_that_is_unknown_to_the_server_is_pushed_to_nobody(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, DenylistPushed)
    assert stage.stepper.finish(stage.issuer.revoke(stage.server_host, "a.b.c"), stage.server_host) is False
    assert stage.calls[PUSHED] == 0


def test_where_nobody_listens_nothing_is_written(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, DenylistPushed)
    before = stage.stepper.operations["json.encode"]
    pusher = Pusher(stage.deployment, "nowhere", 1.0)
    stage.stepper.finish(pusher.push({"jti": "x"}, "x", wait=True), stage.server_host)
    assert stage.stepper.operations["json.encode"] == before


@pytest.mark.parametrize("wrapper", [DenylistPushed, DenylistShared])
def test_a_forgery_of_a_token_puts_nothing_on_a_list(wrapper: type[Any], make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, wrapper)
    token, other = stage.issue("user-1").token, stage.issue("user-2").token
    forged = token.rpartition(".")[0] + "." + other.rpartition(".")[2]
    assert stage.stepper.finish(stage.issuer.revoke(stage.server_host, forged), stage.server_host) is False
    assert stage.at(10.0).present(token).accepted

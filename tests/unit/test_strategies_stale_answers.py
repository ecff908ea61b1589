"""Old introspection answers (RFC 5861), and answers in a store that replicas share."""

from collections.abc import Callable
from typing import Any

import pytest

from simlib.scenario.effects import Answer, Failed, Reply
from simlib.scenario.messages import SharedGet, SharedPut
from simlib.strategies import OpaqueCached, ReferenceToken
from simlib.tokens import make_store_key
from support.stage import Stage
from support.stepping import Delay

DOWN = Failed("unreachable")


def staged(make_stage: Callable[..., Stage], **chosen: Any) -> Stage:
    """A stage with these settings of the cache; the TTL is 60 s."""
    return make_stage(OpaqueCached, ReferenceToken, settings=OpaqueCached.Settings(**chosen))


def known(stage: Stage) -> str:
    """A token that was asked about at 0 s."""
    token = stage.issue().token
    assert stage.present(token).accepted
    return token


def asked(stage: Stage) -> int:
    return stage.calls["introspect"]


# --- stale while revalidate ---------------------------------------------------------------------------------------


def test_a_stale_answer_is_used_at_once_while_a_new_one_is_fetched_behind(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, stale_while_revalidate_s=20.0)
    token = known(stage)
    stage.stepper.delay = lambda target: Delay(1.0, 1.0)
    stage.at(59.999).present(token)
    assert asked(stage) == 1
    begun = [stage.at(60.0).begin(token) for _ in range(5)]
    assert all(one.value.accepted and one.at == 60.0 and one.value.based_on == 0.0 for one in begun)
    assert asked(stage) == 2
    assert stage.at(70.0).present(token).based_on == 60.0
    assert asked(stage) == 2


def test_after_the_stale_time_the_request_waits_for_a_new_answer(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, stale_while_revalidate_s=20.0)
    token = known(stage)
    stage.stepper.delay = lambda target: Delay(1.0, 1.0)
    assert stage.at(80.0).present(token).based_on == 80.0
    assert stage.now == 82.0


def test_what_is_learned_behind_a_request_ends_the_stale_answer(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, stale_while_revalidate_s=20.0)
    token = known(stage)
    stage.revoke(token)
    assert stage.at(61.0).present(token).accepted
    assert stage.at(61.5).present(token).reason == "inactive"


def test_a_refresh_that_fails_leaves_the_stale_answer_to_its_time(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, stale_while_revalidate_s=20.0)
    token = known(stage)
    stage.answer("introspect", DOWN)
    assert stage.at(79.999).present(token).accepted
    assert stage.at(80.0).present(token).status == 503


# --- stale if error -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [DOWN, Failed("timed_out"), Reply(500), Reply(429), Reply(200, b"<html>")], ids=str)
def test_a_stale_answer_helps_out_while_the_server_is_out_of_order(
    answer: Answer, make_stage: Callable[..., Stage]
) -> None:
    stage = staged(make_stage, stale_if_error_s=30.0)
    token = known(stage)
    stage.answer("introspect", answer)
    assert stage.at(89.999).present(token).accepted
    assert stage.at(90.0).present(token).status == 503
    assert stage.present("unknown").status == 503


@pytest.mark.parametrize("answer", [Reply(401), Reply(400), Reply(403)], ids=str)
def test_a_server_that_refuses_the_asker_is_not_out_of_order(answer: Answer, make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, stale_if_error_s=30.0)
    token = known(stage)
    stage.answer("introspect", answer)
    assert stage.at(61.0).present(token).status == 503


def test_a_server_that_answers_is_believed_and_not_the_stale_answer(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, stale_if_error_s=30.0)
    token = known(stage)
    stage.revoke(token)
    assert stage.at(59.9).present(token).accepted
    assert stage.at(60.0).present(token).reason == "inactive"
    stage.answer("introspect", DOWN)
    assert stage.at(61.0).present(token).status == 503  # it is known to be wrong


def test_an_answer_that_ends_while_the_server_is_asked_does_not_help_out(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, stale_if_error_s=5.0, timeout_s=10.0)
    token = known(stage)
    stage.stepper.delay = lambda target: Delay(0.0, 1000.0)
    assert stage.at(64.0).present(token).status == 503
    assert stage.now == 74.0


@pytest.mark.parametrize("setting", ["stale_while_revalidate_s", "stale_if_error_s"])
def test_no_stale_answer_outlives_the_token(setting: str, make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, **{setting: 1000.0})
    token = known(stage)
    stage.answer("introspect", DOWN)
    assert stage.at(299.999).present(token).accepted
    assert not stage.at(300.0).present(token).accepted


def test_the_bound_counts_the_longer_of_both(make_stage: Callable[..., Stage]) -> None:
    for behind, error, bound in (
        (0.0, 0.0, 60.0),
        (20.0, 0.0, 80.0),
        (0.0, 30.0, 90.0),
        (20.0, 30.0, 90.0),
        (9e9, 0.0, 300.0),
    ):
        stage = staged(make_stage, stale_while_revalidate_s=behind, stale_if_error_s=error)
        assert stage.validator.compute_bound().after_revocation_s == bound


# --- a shared store -----------------------------------------------------------------------------------------------


def test_an_answer_in_the_shared_store_serves_every_replica(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, shared=True)
    token = known(stage)
    stage.state = stage.validator.create_state()  # another replica
    assert stage.at(59.999).present(token).based_on == 0.0
    assert asked(stage) == 1
    assert stage.at(60.0).present(token).based_on == 60.0
    assert (asked(stage), len(stage.state)) == (2, 0)


def test_each_request_costs_a_round_trip_to_the_shared_store(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, shared=True)
    token = known(stage)
    stage.stepper.delay = lambda target: Delay(0.25, 0.25)
    before = stage.calls["shared"]
    assert stage.at(1.0).present(token).accepted
    assert (stage.calls["shared"] - before, stage.now, asked(stage)) == (1, 1.5, 1)
    assert stage.stepper.operations["cache.lookup"] == 0


def test_the_shared_store_sees_neither_token_nor_a_key_of_another_part(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, shared=True)
    token = known(stage)
    key = f"opaque_cached:{make_store_key(token)}"
    value = stage.shared.execute(SharedGet(key), 1.0)
    assert isinstance(value, bytes)
    assert token.encode() not in value
    assert stage.shared.execute(SharedGet(key), 60.0) is None


def test_without_the_shared_store_the_server_is_asked(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, shared=True)
    token = known(stage)
    stage.answer("shared", DOWN)
    assert stage.present(token).accepted
    assert asked(stage) == 2


@pytest.mark.parametrize(
    "value", [b"{", b"[]", b"{}", b'{"answer":1}', b'{"answer":{"active":true},"asked_at":0,"text":"","until":"x"}']
)
def test_what_the_shared_store_should_not_hold_is_no_answer(value: bytes, make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, shared=True)
    token = known(stage)
    stage.shared.execute(SharedPut(f"opaque_cached:{make_store_key(token)}", value, 1e9), 0.0)
    assert stage.present(token).accepted
    assert asked(stage) == 2


def test_an_answer_that_ends_on_its_way_from_the_shared_store_is_not_used(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, shared=True)
    token = known(stage)
    stage.stepper.delay = lambda target: Delay(0.0, 2.0 if target == "shared" else 0.0)
    assert stage.at(59.0).present(token).based_on == 61.0


def test_what_is_learned_ends_the_stale_answer_of_all_replicas(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, shared=True, stale_while_revalidate_s=20.0)
    token = known(stage)
    stage.revoke(token)
    assert stage.at(61.0).present(token).accepted
    stage.stepper.run()
    stage.state = stage.validator.create_state()
    assert stage.present(token).reason == "inactive"


def test_it_needs_a_shared_store_only_then() -> None:
    assert OpaqueCached.list_requirements(OpaqueCached.Settings(shared=True)) == {"shared_store"}
    assert OpaqueCached.list_requirements(OpaqueCached.Settings()) == frozenset()


def test_an_answer_that_ends_on_its_way_does_not_help_out_either(make_stage: Callable[..., Stage]) -> None:
    for travel, status in ((0.5, 200), (2.0, 503)):
        stage = staged(make_stage, shared=True, stale_if_error_s=5.0)
        token = known(stage)
        stage.stepper.delay = lambda target, travel=travel: Delay(0.0, travel if target == "shared" else 0.0)
        stage.answer("introspect", DOWN)
        assert stage.at(62.0).present(token).status == status

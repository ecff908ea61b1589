"""Each way of looking after a key set: what it does when keys are new, when fetches fail, and when many ask."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.scenario.effects import Failed
from simlib.strategies import JwtAccessToken, JwtLocal
from simlib.strategies.jwks_client import JwksSettings
from simlib.tokens.forging import read_claims, sign_claims
from support.keys import key
from support.stage import Stage
from support.stepping import Delay

DOWN = Failed("unreachable")


def stage_with(make_stage: Callable[..., Stage], **chosen: Any) -> Stage:
    """Tokens outlive everything else."""
    return make_stage(JwtLocal, JwtAccessToken, lifetime_s=100_000.0, settings=JwtLocal.Settings(**chosen))


def stranger(stage: Stage, number: int = 0) -> str:
    return sign_claims(read_claims(stage.issue().token), key("RS256", "foreign"), kid=f"unknown-{number}")


def test_a_failed_fetch_may_take_the_good_set_away(make_stage: Callable[..., Stage]) -> None:
    for clears in (False, True):
        stage = stage_with(make_stage, jwks_clear_on_error=clears, unknown_kid_cooldown_s=0.0)
        token = stage.issue().token
        assert stage.present(token).accepted
        stage.at(10.0).answer("jwks", DOWN)
        stage.present(stranger(stage))
        verdict = stage.at(11.0).present(token)
        assert (verdict.accepted, verdict.reason) == ((False, "no_keys") if clears else (True, ""))
        stage.restore()
        assert stage.at(12.0).present(token).accepted


def test_an_old_set_helps_out_for_so_long_when_fetches_fail(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage, jwks_lifetime_s=100.0, jwks_stale_if_error_s=50.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.answer("jwks", DOWN)
    for instant in (100.0, 149.999):
        assert stage.at(instant).present(token).accepted
    assert stage.at(150.0).present(token).reason == "no_keys"
    assert stage.calls["jwks"] == 1 + 3  # each time it was tried first
    stage.restore()
    assert stage.present(token).accepted


def test_an_old_set_is_not_used_while_a_new_one_can_be_had(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage, jwks_lifetime_s=100.0, jwks_stale_if_error_s=50.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.rotate("next", keep=False)
    assert stage.at(100.0).present(token).reason == "unknown_key"


def test_after_an_error_there_is_a_pause(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage, jwks_error_pause_s=5.0, jwks_stale_if_error_s=1000.0, unknown_kid_cooldown_s=0.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.answer("jwks", DOWN)
    fetches = []
    for instant in (300.0, 301.0, 304.999, 305.0, 306.0, 310.0):
        assert stage.at(instant).present(token).accepted
        stage.present(stranger(stage))
        fetches.append(stage.calls["jwks"] - 1)
    assert fetches == [1, 1, 1, 2, 2, 3]


def test_strangers_wait_for_the_end_of_the_pause_as_well(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage, jwks_error_pause_s=5.0, unknown_kid_cooldown_s=0.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.answer("jwks", DOWN)
    fetches = []
    for instant in (10.0, 11.0, 14.999, 15.0, 16.0):
        stage.at(instant).present(stranger(stage))
        assert stage.present(token).accepted  # the set is fresh, and its keys stay
        fetches.append(stage.calls["jwks"] - 1)
    assert fetches == [1, 1, 1, 2, 2]


def test_a_stranger_causes_no_second_fetch_where_the_first_has_just_failed(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage, jwks_stale_if_error_s=1000.0, unknown_kid_cooldown_s=0.0)
    assert stage.present(stage.issue().token).accepted
    stage.answer("jwks", DOWN)
    assert not stage.at(300.0).present(stranger(stage)).accepted
    assert stage.calls["jwks"] - 1 == 1


def test_a_set_may_be_renewed_before_its_end_behind_the_request(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage, jwks_refresh_ahead_s=30.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    assert stage.at(269.999).present(token).accepted
    assert stage.calls["jwks"] == 1
    stage.stepper.delay = lambda target: Delay(0.0, 2.0)
    begun = stage.at(270.0).begin(token)
    assert begun.value.accepted  # at once, with the old set
    assert stage.calls["jwks"] == 2
    stage.begin(token)
    assert stage.calls["jwks"] == 2
    assert stage.at(569.999).present(token).accepted  # it counts from the question at 270
    stage.stepper.run()
    assert stage.calls["jwks"] == 3


def test_a_renewal_that_fails_leaves_the_set_to_its_end(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage, jwks_refresh_ahead_s=30.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.answer("jwks", DOWN)
    assert stage.at(299.999).present(token).accepted
    assert stage.at(300.0).present(token).reason == "no_keys"


@pytest.mark.parametrize(("shared", "fetches"), [(True, 1), (False, 20)])
def test_who_needs_a_fetch_at_the_same_time_shares_one_or_makes_its_own(
    shared: bool, fetches: int, make_stage: Callable[..., Stage]
) -> None:
    stage = stage_with(make_stage, jwks_single_flight=shared)
    stage.stepper.delay = lambda target: Delay(0.1, 0.1)
    begun = [stage.begin(stage.issue(f"user-{number}").token) for number in range(20)]
    stage.stepper.run()
    assert all(one.value.accepted for one in begun)
    assert stage.calls["jwks"] == fetches


def test_a_fetch_may_be_tried_several_times_at_once(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage, jwks_attempts=3)
    token = stage.issue().token
    stage.answer("jwks", DOWN)
    assert stage.present(token).reason == "no_keys"
    assert stage.calls["jwks"] == 3
    stage.restore()
    assert stage.present(token).accepted
    assert stage.calls["jwks"] == 4


def test_who_never_looks_for_new_keys_finds_none_until_the_set_ends(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage, unknown_kid_refetch=False, unknown_kid_cooldown_s=0.0)
    stage.present(stage.issue().token)
    stage.rotate("next")
    new = stage.issue().token
    assert stage.at(299.0).present(new).reason == "unknown_key"
    assert stage.calls["jwks"] == 1
    assert stage.at(300.0).present(new).accepted


def test_one_limiter_for_all_lets_strangers_use_up_the_fetches(make_stage: Callable[..., Stage]) -> None:
    """jwks-rsa-java issue 173: the attacker's fetch keeps a real one from being made."""
    for shared, reason in ((False, ""), (True, "no_keys")):
        stage = stage_with(make_stage, jwks_one_limiter=shared, jwks_lifetime_s=100.0, unknown_kid_cooldown_s=30.0)
        token = stage.issue().token
        assert stage.present(token).accepted
        stage.at(90.0).answer("jwks", DOWN)
        stage.present(stranger(stage))
        stage.restore()
        assert stage.at(100.0).present(token).reason == reason
        assert stage.at(120.0).present(token).accepted


def test_one_limiter_keeps_nobody_from_a_fetch_that_is_under_way(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage, jwks_one_limiter=True)
    stage.stepper.delay = lambda target: Delay(0.1, 0.1)
    begun = [stage.begin(stage.issue(f"user-{number}").token) for number in range(5)]
    stage.stepper.run()
    assert all(one.value.accepted for one in begun)
    assert stage.calls["jwks"] == 1


@pytest.mark.parametrize(("begins", "fetches"), [("question", [1, 2, 2, 2, 2, 3]), ("success", [1, 2, 3, 4, 5, 6])])
def test_a_cool_down_that_only_success_begins_does_not_hold_in_an_outage(
    begins: str, fetches: list[int], make_stage: Callable[..., Stage]
) -> None:
    stage = stage_with(make_stage, cooldown_from=begins)
    stage.present(stage.issue().token)
    stage.answer("jwks", DOWN)
    found = []
    for number, instant in enumerate((29.0, 30.0, 31.0, 32.0, 59.0, 60.0)):
        stage.at(instant).present(stranger(stage, number))
        found.append(stage.calls["jwks"])
    assert found == fetches


@given(
    fetches=st.integers(1, 4),
    cooldown=st.sampled_from([0.5, 5.0, 30.0]),
    gaps=st.lists(st.floats(0.0, 20.0), max_size=40),
)
def test_no_flood_gets_more_fetches_than_the_limit_in_any_cool_down(
    fetches: int, cooldown: float, gaps: list[float]
) -> None:
    settings = JwtLocal.Settings(jwks_lifetime_s=1e6, unknown_kid_cooldown_s=cooldown, unknown_kid_fetches=fetches)
    stage = Stage(JwtLocal, JwtAccessToken, lifetime_s=100_000.0, settings=settings)
    stage.present(stage.issue().token)
    asked, bad = [0.0], stranger(stage)
    for gap in gaps:
        before = stage.calls["jwks"]
        stage.at(stage.now + gap).present(bad)
        asked += [stage.now] * (stage.calls["jwks"] - before)
    # Added as the part adds it, see test_strategies_jwt_local.
    assert all(later >= earlier + cooldown for earlier, later in zip(asked, asked[fetches:], strict=False))


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"jwks_refresh_ahead_s": 300.0}, "^jwks_refresh_ahead_s must be less than jwks_lifetime_s"),
        ({"jwks_one_limiter": True, "unknown_kid_cooldown_s": 301.0}, "^unknown_kid_cooldown_s must be at most"),
        ({"jwks_one_limiter": True, "jwks_single_flight": False}, "^jwks_single_flight must be true"),
        ({"cooldown_from": "answer"}, "^cooldown_from must be one of question, success"),
        ({"jwks_attempts": 0}, "^jwks_attempts must be"),
        ({"unknown_kid_fetches": 0}, "^unknown_kid_fetches must be"),
    ],
    ids=str,
)
def test_settings_that_contradict_each_other_are_refused(chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        JwksSettings(**chosen)


def test_all_parts_that_fetch_key_sets_have_the_same_settings() -> None:
    from simlib.strategies import CATALOGUE

    kinds = {kind for parts in CATALOGUE.values() for kind in parts.values()}
    fetching = {kind.name for kind in kinds if issubclass(kind.Settings, JwksSettings)}
    assert fetching == {
        "jwt_local",
        "encrypted_jwt",
        "lightweight_jwt",
        "paseto",
        "signed_introspection",
        "openid_connect",
    }

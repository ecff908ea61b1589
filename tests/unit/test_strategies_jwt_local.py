"""JWT validator and its keys: when it fetches the key set, and what it does when it cannot."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.scenario.effects import Failed, Reply
from simlib.strategies import JwtAccessToken, JwtLocal
from simlib.tokens.forging import encode, read_claims, sign_claims
from support.keys import key
from support.stage import Stage
from support.stepping import Delay


@pytest.fixture
def stage(make_stage: Callable[..., Stage]) -> Stage:
    return jwt_stage(make_stage)


def jwt_stage(make_stage: Callable[..., Stage], **chosen: Any) -> Stage:
    """Tokens outlive everything else here, unless the test says otherwise."""
    return make_stage(JwtLocal, JwtAccessToken, lifetime_s=10_000.0, settings=JwtLocal.Settings(**chosen))


def strangers(stage: Stage, count: int) -> list[str]:
    """Tokens that name a key that nobody knows, each another one."""
    claims = read_claims(stage.issue().token)
    return [sign_claims(claims, key("RS256", "foreign"), kid=f"unknown-{number}") for number in range(count)]


def test_the_key_set_is_fetched_when_the_first_token_comes_and_then_kept_for_its_lifetime(stage: Stage) -> None:
    token = stage.issue().token
    assert not stage.calls
    for instant in (0.0, 10.0, 299.999):
        assert stage.at(instant).present(token).accepted
        assert stage.calls["jwks"] == 1
    for instant in (300.0, 599.0):
        assert stage.at(instant).present(token).accepted
        assert stage.calls["jwks"] == 2
    assert set(stage.calls) == {"jwks"}


def test_the_lifetime_counts_from_the_question(stage: Stage) -> None:
    token = stage.issue().token
    stage.stepper.delay = lambda target: Delay(1.0, 2.0)
    assert stage.present(token).accepted
    assert stage.now == 3.0
    stage.stepper.delay = lambda target: Delay()
    assert stage.at(299.999).present(token).accepted
    assert stage.calls["jwks"] == 1
    stage.at(300.0).present(token)
    assert stage.calls["jwks"] == 2


def test_concurrent_first_tokens_make_one_fetch(stage: Stage) -> None:
    stage.stepper.delay = lambda target: Delay(0.1, 0.1)
    begun = [stage.begin(stage.issue(f"user-{number}").token) for number in range(35)]
    stage.stepper.run()
    assert all(one.value.accepted for one in begun)
    assert stage.calls["jwks"] == 1


def test_unknown_keys_cause_one_fetch_per_cooldown(stage: Stage) -> None:
    good = stage.issue().token
    assert stage.present(good).accepted
    for instant, fetches in ((0.0, 1), (29.999, 1), (30.0, 2), (31.0, 2), (59.999, 2), (60.0, 3)):
        stage.at(instant)
        for stranger in strangers(stage, 5):
            assert stage.present(stranger).reason == "unknown_key"
        assert stage.calls["jwks"] == fetches, instant
        assert stage.present(good).accepted


def test_a_stranger_as_the_first_token_causes_one_fetch_not_two(stage: Stage) -> None:
    assert stage.present(strangers(stage, 1)[0]).reason == "unknown_key"
    assert stage.calls["jwks"] == 1


def test_concurrent_strangers_cause_one_fetch(stage: Stage) -> None:
    stage.present(stage.issue().token)
    stage.at(40.0).stepper.delay = lambda target: Delay(0.1, 0.1)
    begun = [stage.begin(stranger) for stranger in strangers(stage, 20)]
    stage.stepper.run()
    assert {one.value.reason for one in begun} == {"unknown_key"}
    assert stage.calls["jwks"] == 2


def answered_after(seconds: float, target: str) -> Delay:
    """How long an answer travels, whatever was asked."""
    return Delay(0.0, seconds)


@given(
    st.lists(st.tuples(st.floats(0.0, 20.0), st.floats(0.0, 3.0), st.booleans()), max_size=30),
    st.sampled_from([0.5, 5.0, 30.0]),
)
def test_no_flood_of_strangers_gets_more_than_one_fetch_per_cooldown(
    flood: list[tuple[float, float, bool]], cooldown: float
) -> None:
    settings = JwtLocal.Settings(jwks_lifetime_s=1e6, unknown_kid_cooldown_s=cooldown)
    stage = Stage(JwtLocal, JwtAccessToken, lifetime_s=10_000.0, settings=settings)
    requested_at: list[float] = []
    stage.present(stage.issue().token)
    stranger = strangers(stage, 1)[0]
    for pause, slowness, up in flood:
        stage.at(stage.now + pause)
        stage.restore() if up else stage.answer("jwks", Failed("refused"))
        before = stage.calls["jwks"]
        stage.stepper.delay = partial(answered_after, slowness)
        stage.begin(stranger)
        requested_at += [stage.now] * (stage.calls["jwks"] - before)
    stage.stepper.run()
    # Added as the part adds it: a difference of two instants may be a rounding short of the cool-down.
    assert all(later >= earlier + cooldown for earlier, later in pairwise(requested_at))
    assert not requested_at or requested_at[0] >= cooldown  # the first fetch was at 0


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "..", "e30.e30.e30"])
def test_what_names_no_key_causes_no_fetch_of_its_own(token: str, stage: Stage) -> None:
    stage.present(stage.issue().token)
    assert stage.at(100.0).present(token).reason == "unknown_key"
    assert stage.calls["jwks"] == 1


@pytest.mark.parametrize("kid", [["current"], {"current": 1}, 7, None, True])
def test_a_kid_that_is_no_text_names_no_key(kid: Any, stage: Stage) -> None:
    stage.present(stage.issue().token)
    header = encode({"alg": "RS256", "typ": "at+jwt", "kid": kid})
    assert stage.at(100.0).present(f"{header}.e30.c2ln").reason == "unknown_key"
    assert stage.calls["jwks"] == 1


def test_a_new_key_is_picked_up_and_the_old_one_goes_on_while_it_is_served(stage: Stage) -> None:
    old = stage.issue().token
    assert stage.present(old).accepted
    stage.at(50.0).rotate("next")
    new = stage.issue().token
    assert stage.present(new).accepted
    assert stage.present(old).accepted
    assert stage.calls["jwks"] == 2


def test_a_new_key_inside_the_cooldown_waits_for_its_end(stage: Stage) -> None:
    stage.present(stage.issue().token)
    stage.at(10.0).rotate("next")
    new = stage.issue().token
    assert stage.present(new).reason == "unknown_key"
    assert stage.at(30.0).present(new).accepted


def test_a_key_that_is_no_longer_served_is_good_until_the_key_set_ends(stage: Stage) -> None:
    old = stage.issue().token
    assert stage.present(old).accepted
    stage.rotate("next", keep=False)
    assert stage.at(299.0).present(old).accepted
    assert stage.at(300.0).present(old).reason == "unknown_key"


@pytest.mark.parametrize(
    "answer",
    [
        Failed("timed_out"),
        Failed("unreachable"),
        Failed("status", 500),
        Reply(500, b'{"keys":[]}'),
        Reply(200, b"<html>"),
        Reply(200, b"[]"),
        Reply(200, b'{"keys":7}'),
    ],
    ids=str,
)
def test_a_fetch_that_fails_leaves_the_good_keys_to_their_lifetime(answer: Any, stage: Stage) -> None:
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.at(100.0).answer("jwks", answer)
    stranger = strangers(stage, 1)[0]
    assert stage.present(stranger).reason == "unknown_key"
    assert stage.calls["jwks"] == 2
    assert stage.at(299.999).present(token).accepted
    verdict = stage.at(300.0).present(token)
    assert (verdict.accepted, verdict.status, verdict.reason) == (False, 503, "no_keys")
    stage.restore()
    assert stage.present(token).accepted


def test_a_key_set_that_comes_too_late_is_not_used(stage: Stage) -> None:
    token = stage.issue().token
    stage.stepper.delay = lambda target: Delay(0.0, 6.0)
    verdict = stage.present(token)
    assert (verdict.status, stage.now) == (503, 5.0)


def test_a_known_algorithm_that_is_not_listed_is_refused(make_stage: Callable[..., Stage]) -> None:
    stage = jwt_stage(make_stage, algorithms=("EdDSA",))
    assert stage.present(stage.issue().token).reason == "algorithm"


def test_leeway_is_granted_at_both_ends(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(JwtLocal, JwtAccessToken, settings=JwtLocal.Settings(leeway_s=5.0))
    token = stage.at(100.0).issue().token
    stage.rs.skew = -5.0
    assert stage.present(token).accepted
    stage.rs.skew = -5.001
    assert stage.present(token).reason == "issued_in_future"
    stage.rs.skew = 5.0
    assert stage.at(399.999).present(token).accepted
    assert stage.at(400.0).present(token).reason == "expired"


def test_the_verdict_rests_on_the_issue_of_the_token(stage: Stage) -> None:
    token = stage.at(17.8).issue().token
    for instant in (18.0, 5000.0):
        assert stage.at(instant).present(token).based_on == 17.0
    assert stage.at(10_017.0).present(token)[:3] == (False, 401, "expired")
    assert stage.present(token).based_on == 17.0
    assert stage.present(stage.issue(scope="").token).based_on == 10_017.0

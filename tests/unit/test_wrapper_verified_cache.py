"""Verified tokens that are kept: what a hit saves, and what it still judges."""

from collections.abc import Callable
from typing import Any

import pytest

from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario
from simlib.strategies import Dpop, JwtAccessToken, JwtLocal, VerifiedCache
from support.stage import Stage


def stage_with(make_stage: Callable[..., Stage], lifetime_s: float = 300.0, **chosen: Any) -> Stage:
    """A JWT validator that keeps keys for a short time, and a cache around it."""
    keys = JwtLocal.Settings(jwks_lifetime_s=10.0)
    settings = VerifiedCache.Settings(**chosen)
    parts = {"settings": keys, "wrapper_settings": (settings,), "lifetime_s": lifetime_s}
    return make_stage(JwtLocal, JwtAccessToken, (VerifiedCache,), **parts)


def verified(stage: Stage) -> int:
    """How many signatures were verified."""
    return sum(count for name, count in stage.stepper.operations.items() if name.startswith("jwt.verify"))


def test_a_hit_costs_a_hash_and_a_look_and_no_signature(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage)
    token = stage.issue().token
    first = stage.present(token)
    before = verified(stage)
    stage.stepper.operations.clear()
    again = stage.at(5.0).present(token)
    assert first == again
    assert again.accepted
    assert verified(stage) == 0 < before
    assert set(stage.stepper.operations) == {"token.hash", "cache.lookup", "claims.check"}


def test_without_a_token_nothing_is_hashed_or_looked_up(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage)
    verdict = stage.present("")
    assert (verdict.status, verdict.reason) == (401, "no_token")
    assert not {"token.hash", "cache.lookup"} & stage.stepper.operations.keys()


def test_it_is_kept_for_the_ttl_from_the_beginning_of_its_verification(
    make_stage: Callable[..., Stage],
) -> None:
    stage = stage_with(make_stage, ttl_s=60.0)
    token = stage.issue().token
    stage.rs.costs["jwks.parse"] = 2.0
    assert stage.present(token).accepted
    before = verified(stage)
    for instant, times in ((59.999, 0), (60.0, 1), (119.9, 1)):
        assert stage.at(instant).present(token).accepted
        assert verified(stage) - before == times, instant


def test_a_hit_ends_with_the_token_and_is_judged_for_the_scope(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage, lifetime_s=50.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    assert stage.present(token, "catalogue:write").status == 403
    assert stage.at(49.999).present(token).accepted
    assert stage.at(50.0).present(token).reason == "expired"


def test_a_key_that_was_taken_away_is_believed_for_the_ttl_and_no_longer(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage, ttl_s=60.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.rotate("next", keep=False)
    assert stage.at(59.9).present(token).accepted
    assert stage.at(60.0).present(token).reason == "unknown_key"


def test_only_what_was_accepted_is_kept_and_only_under_its_very_bytes(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage)
    token = stage.issue().token
    assert stage.present(token).accepted
    assert not stage.present(token[:-4] + "AAAA").accepted
    assert len(stage.state.own) == 1


def test_the_least_recently_used_goes_first(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage, capacity=2)
    one, two, three = (stage.issue(f"user-{number}").token for number in range(3))
    for token in (one, two, one, three):
        stage.present(token)
    before = verified(stage)
    stage.present(one)
    assert verified(stage) == before
    stage.present(two)
    assert verified(stage) == before + 1


def test_it_refuses_to_stand_around_another_wrapper(make_stage: Callable[..., Stage]) -> None:
    with pytest.raises(ValueError, match="must come first"):
        make_stage(JwtLocal, JwtAccessToken, (Dpop, VerifiedCache))


def test_a_scenario_that_puts_it_around_another_wrapper_is_refused(make_scenario: Callable[..., Scenario]) -> None:
    allowed = [{"part": "verified_cache"}, {"part": "mtls"}]
    make_scenario(designs__jwt_local__wrappers=allowed)
    with pytest.raises(InputError, match=r"designs\.jwt_local\.wrappers\[1\]: verified_cache must come first"):
        make_scenario(designs__jwt_local__wrappers=allowed[::-1])

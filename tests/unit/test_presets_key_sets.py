"""Key set clients of the presets on bad days: outages, tokens of unknown kids, floods (users' threads:
jpadilla/pyjwt 1162 and 929, envoyproxy/envoy 14557, Michad/tilegroxy 883, OidcProxy.Net 242).
"""

from collections.abc import Callable

import pytest

from simlib.scenario.effects import Failed
from simlib.scenario.presets import Preset, load_presets
from simlib.strategies import WRAPPERS, JwtAccessToken, JwtLocal
from simlib.tokens.forging import read_claims, sign_claims
from support.keys import key
from support.stage import Stage

KEY_SETS = [preset for preset in load_presets().values() if preset.part == "jwt_local"]
EACH = pytest.mark.parametrize("preset", KEY_SETS, ids=lambda preset: preset.name)
WIPES = "pyjwt-2.12"
"""The one that puts nothing in the place of a good set when a fetch fails."""


def settings_of(preset: Preset) -> JwtLocal.Settings:  # type: ignore[name-defined]
    return JwtLocal.Settings(**preset.settings)


def stage_of(make_stage: Callable[..., Stage], preset: Preset) -> Stage:
    """A resource server as the product sets it up; tokens outlive everything."""
    around = [dict(table) for table in preset.wrappers]
    kinds = tuple(WRAPPERS[table.pop("part")] for table in around)
    chosen = tuple(kind.Settings(**table) for kind, table in zip(kinds, around, strict=True))
    stage = make_stage(
        JwtLocal,
        JwtAccessToken,
        kinds,
        settings=settings_of(preset),
        wrapper_settings=chosen,
        lifetime_s=1_000_000.0,
    )
    assert stage.present(stage.issue().token).accepted
    assert stage.calls["jwks"] == 1
    return stage


def is_up(stage: Stage) -> bool:
    """Whether a token that is new here is accepted."""
    verdict = stage.present(stage.issue().token)
    assert verdict.accepted or verdict.status == 503
    return verdict.accepted


def stranger(stage: Stage, number: int) -> str:
    return sign_claims(read_claims(stage.issue().token), key("RS256", "foreign"), kid=f"unknown-{number}")


def test_the_presets_are_those_that_are_asked_about() -> None:
    names = {preset.product for preset in KEY_SETS}
    assert {"pyjwt", "jose", "nimbus-jose-jwt", "spring-security", "envoy-jwt-authn", "apisix-jwks"} <= names
    assert {"oathkeeper-jwt", "aws-http-api"} <= names
    assert len([preset for preset in KEY_SETS if preset.product == "pyjwt"]) == 2


@EACH
def test_one_unknown_kid_in_an_outage_of_a_minute_takes_down_who_wipes_its_set_and_nobody_else(
    preset: Preset, make_stage: Callable[..., Stage]
) -> None:
    stage = stage_of(make_stage, preset)
    stage.at(10.0).answer("jwks", Failed("unreachable"))
    assert is_up(stage)
    assert not stage.present(stranger(stage, 0)).accepted
    up = [is_up(stage.at(instant)) for instant in (10.0, 11.0, 40.0, 69.9)]
    assert up == [preset.name != WIPES] * 4
    stage.at(70.0).restore()
    assert is_up(stage)


@EACH
def test_without_the_stranger_nobody_goes_down_in_that_minute(preset: Preset, make_stage: Callable[..., Stage]) -> None:
    stage = stage_of(make_stage, preset)
    stage.at(10.0).answer("jwks", Failed("unreachable"))
    assert all(is_up(stage.at(instant)) for instant in (11.0, 40.0, 69.9))


@EACH
def test_an_outage_longer_than_the_lifetime_takes_down_everybody_who_keeps_no_old_set(
    preset: Preset, make_stage: Callable[..., Stage]
) -> None:
    settings = settings_of(preset)
    stage = stage_of(make_stage, preset)
    stage.at(0.1).answer("jwks", Failed("unreachable"))
    end = settings.jwks_lifetime_s
    assert is_up(stage.at(end - 0.1))
    keeps = settings.jwks_stale_if_error_s > 0
    assert is_up(stage.at(max(end, stage.now))) == keeps
    assert is_up(stage.at(end + 3600.0)) == keeps
    stage.restore()
    assert is_up(stage.at(stage.now + 60.0))


def test_some_keep_an_old_set_and_most_do_not() -> None:
    keeping = {preset.name for preset in KEY_SETS if settings_of(preset).jwks_stale_if_error_s > 0}
    assert keeping == {"envoy-jwt-authn-async-v3", "oathkeeper-jwt-master"}


FLOOD = {
    # one stranger per second for 100 s, the set fetched at 0: all, one per 30 s, two per 30 s, or none
    "pyjwt-2.12": (100, 100),
    "spring-security-7.1": (100, 100),
    "apisix-jwks-3": (100, 100),
    "oathkeeper-jwt-master": (100, 100),
    "jose-6.2": (3, 71),
    "pyjwt-2.15": (3, 71),
    "nimbus-jose-jwt-9.28": (7, 7),
    "envoy-jwt-authn-v3": (0, 0),
    "envoy-jwt-authn-async-v3": (0, 0),
    "aws-http-api-2026": (0, 0),
}
"""Preset -> fetches with the AS up, and with its key set endpoint down; the cool-downs of jose and PyJWT 2.15 begin
with a success only, so that from 30 s on every stranger is passed on.
"""


@EACH
def test_a_flood_of_unknown_kids_causes_so_many_fetches(preset: Preset, make_stage: Callable[..., Stage]) -> None:
    found = []
    for up in (True, False):
        stage = stage_of(make_stage, preset)
        if not up:
            stage.answer("jwks", Failed("refused"))
        for second in range(1, 101):
            assert not stage.at(float(second)).present(stranger(stage, second)).accepted
        found.append(stage.calls["jwks"] - 1)
    assert tuple(found) == FLOOD[preset.name]


@EACH
def test_a_new_key_is_found_as_soon_as_the_preset_looks_for_it(
    preset: Preset, make_stage: Callable[..., Stage]
) -> None:
    """OidcProxy.Net 242: up to the lifetime of the set of 401s after a rotation."""
    settings = settings_of(preset)
    stage = stage_of(make_stage, preset)
    stage.at(1.0).rotate("next")
    if settings.unknown_kid_refetch:
        first = 1.0 if settings.unknown_kid_fetches > 1 else max(1.0, settings.unknown_kid_cooldown_s)
    else:  # with the end of the set, or one request after it is renewed ahead of that
        first = settings.jwks_lifetime_s - settings.jwks_refresh_ahead_s
    if first > 1.0:
        assert stage.at(first - 0.1).present(stage.issue().token).reason == "unknown_key"
    if settings.jwks_refresh_ahead_s and not settings.unknown_kid_refetch:
        assert stage.at(first).present(stage.issue().token).reason == "unknown_key"
        stage.at(first + 0.1)
    assert stage.at(max(first, stage.now)).present(stage.issue().token).accepted

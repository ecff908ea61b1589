"""Whose clock judges: random skews, lives, leeways and instants, against the rule that each part is to follow."""

from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.contracts.cases import Case, use_defaults
from simlib.contracts.stepping import Delay
from simlib.scenario.effects import Verdict
from simlib.scenario.presets import Preset, load_presets
from simlib.strategies import GATEWAY_VALIDATORS, ISSUERS, VALIDATORS, WRAPPERS
from simlib.strategies.verdicts import has_ended
from simlib.tokens import PASETO, to_numeric_date
from support.stage import Stage

skews = st.one_of(st.floats(-1e4, 1e4), st.integers(-5, 5).map(float), st.floats(-3.0, 3.0))
lives = st.integers(2, 400).map(float)
shares = st.floats(0.0, 1.3)
begins = st.floats(0.0, 1e5)
leeways = st.one_of(st.just(0.0), st.floats(0.0, 5.0), st.integers(0, 120).map(float))
QUICK = settings(max_examples=40, deadline=None)

LOCAL = [
    ("jwt_local", "jwt_access_token"),
    ("session_jwt", "session_jwt"),
    pytest.param("paseto", "paseto", marks=pytest.mark.skipif(bool(PASETO.describe_missing_package("")), reason="")),
]
ANSWERED = [
    ("opaque_introspection", "reference_token"),
    ("opaque_cached", "reference_token"),
    ("opaque_regional", "regional_reference_token"),
    ("signed_introspection", "signing_reference_token"),
    ("phantom_token", "signing_reference_token"),
]


def build(validator: str, issuer: str, life_s: float, begin: float, skew: float, **chosen: Any) -> Stage:
    """One deployment whose resource server has another clock than the authorization server."""
    kind = VALIDATORS.get(validator) or GATEWAY_VALIDATORS[validator]
    stage = Stage(kind, ISSUERS[issuer], settings=kind.Settings(**chosen), lifetime_s=life_s, now=begin)
    stage.rs.skew = skew
    return stage


@pytest.mark.parametrize(("validator", "issuer"), LOCAL)
@QUICK
@given(
    life=lives,
    begin=begins,
    age=shares,
    skew=skews,
    leeway=leeways,
    strict=st.booleans(),
    tick=st.sampled_from(("refuse", "second", "millisecond")),
)
def test_a_signed_token_is_judged_by_the_clock_of_its_reader(
    validator: str,
    issuer: str,
    life: float,
    begin: float,
    age: float,
    skew: float,
    leeway: float,
    strict: bool,
    tick: str,
) -> None:
    stage = build(validator, issuer, life, begin, skew, leeway_s=leeway, refuse_future_iat=strict, at_expiry=tick)
    issued = stage.issue()
    stage.at(begin + age * life)
    now, granted = stage.rs.now(), {"refuse": 0.0, "second": 1.0, "millisecond": 0.001}[tick]
    edges = (issued.issued_at - leeway, issued.expires_at + leeway + granted)
    if min(abs(now - edge) for edge in edges) < 1e-6:
        return  # no float can say on which side of the edge it is
    is_early = strict and now < edges[0]
    assert stage.present(issued.token).accepted == (not is_early and now < edges[1])


@pytest.mark.parametrize(("validator", "issuer"), ANSWERED)
@QUICK
@given(life=lives, begin=begins, age=shares, skew=skews, leeway=leeways)
def test_an_answer_is_judged_by_the_clock_of_the_server_whatever_that_of_its_reader(
    validator: str, issuer: str, life: float, begin: float, age: float, skew: float, leeway: float
) -> None:
    stage = build(validator, issuer, life, begin, skew, leeway_s=leeway)
    issued = stage.issue()
    for instant in (begin, begin + age * life):
        stage.at(max(stage.now, instant))
        assert stage.present(issued.token).accepted == (stage.now < issued.expires_at)


@pytest.mark.parametrize("validator", ["opaque_introspection", "opaque_cached"])
@QUICK
@given(life=lives, begin=begins, age=shares, skew=skews, leeway=leeways)
def test_a_part_that_compares_exp_with_its_own_clock_needs_both_to_agree(
    validator: str, life: float, begin: float, age: float, skew: float, leeway: float
) -> None:
    stage = build(validator, "reference_token", life, begin, skew, leeway_s=leeway, own_clock=True)
    issued = stage.issue()
    stage.at(begin + age * life)
    own = issued.expires_at + leeway - stage.rs.now()
    if abs(own) > 1e-6:
        assert stage.present(issued.token).accepted == (stage.now < issued.expires_at and own > 0)


@pytest.mark.parametrize("shared", [False, True])
@QUICK
@given(life=lives, begin=begins, skew=skews, ttl=st.floats(0.5, 500.0), gaps=st.lists(st.floats(0.0, 60.0), max_size=6))
def test_a_cache_asks_as_often_as_with_a_clock_that_is_right(
    shared: bool, life: float, begin: float, skew: float, ttl: float, gaps: list[float]
) -> None:
    """Its entries end after a time to live, and with the life of the token that is left, by whatever clock."""
    stages = [
        build("opaque_cached", "reference_token", life, begin, own, ttl_s=ttl, shared=shared) for own in (0.0, skew)
    ]
    tokens = [stage.issue().token for stage in stages]
    end, fetched_at = floor(begin) + life, -1e9
    for gap in (0.0, *gaps):
        now, _ = (stage.at(stage.now + gap).now for stage in stages)
        if min(abs(now - end), abs(now - fetched_at - ttl)) < 1e-6:
            return  # no float can say on which side of an end it is
        before = [stage.calls.get("introspect", 0) for stage in stages]
        verdicts = [stage.present(token).accepted for stage, token in zip(stages, tokens, strict=True)]
        asked = [stage.calls.get("introspect", 0) - number for stage, number in zip(stages, before, strict=True)]
        assert verdicts == [now < end] * 2
        assert asked[0] == asked[1]
        fetched_at = now if asked[0] else fetched_at


@pytest.mark.parametrize("wrapper", ["status_list", "denylist_polled", "denylist_pushed", "denylist_shared"])
@QUICK
@given(begin=begins, skew=st.floats(-150.0, 150.0))
def test_revocation_lists_hold_whatever_the_clocks(wrapper: str, begin: float, skew: float) -> None:
    """Around a validator that grants the skew: a good token is accepted, a revoked one is refused in time."""
    kind, lax = WRAPPERS[wrapper], VALIDATORS["jwt_local"].Settings(leeway_s=200.0, refuse_future_iat=False)
    chosen = {"leeway_s": 500.0} if hasattr(kind.Settings(), "leeway_s") else {}
    stage = Stage(
        VALIDATORS["jwt_local"],
        ISSUERS["jwt_access_token"],
        (kind,),
        settings=lax,
        wrapper_settings=(kind.Settings(**chosen),),
        lifetime_s=1000.0,
        now=begin,
    )
    stage.rs.skew = skew
    good, bad = stage.issue().token, stage.issue().token
    for at in (begin, begin + 1.0, begin + 90.0):
        assert stage.at(at).present(good).accepted
    stage.revoke(bad)
    stage.at(begin + 300.0)
    assert stage.present(good).accepted
    assert not stage.present(bad).accepted


@pytest.mark.parametrize(("validator", "issuer"), [("lightweight_jwt", "lightweight_jwt"), ("jwt_local", "stored_jwt")])
@QUICK
@given(begin=begins, skew=st.floats(-150.0, 150.0))
def test_an_answer_about_a_signed_token_is_not_judged_by_the_clock_of_its_reader(
    validator: str, issuer: str, begin: float, skew: float
) -> None:
    wrappers = (WRAPPERS["sensitive_introspection"],) if validator == "jwt_local" else ()
    information = "introspection" if validator == "lightweight_jwt" else "token"
    lax = VALIDATORS[validator].Settings(leeway_s=200.0, refuse_future_iat=False)
    stage = Stage(VALIDATORS[validator], ISSUERS[issuer], wrappers, settings=lax, information=information, now=begin)
    stage.rs.skew = skew
    token = stage.issue().token
    for at in (begin, begin + 150.0):
        verdict = stage.at(at).present(token, sensitive=True, needs_user_information=True)
        assert verdict.accepted
    assert stage.calls["introspect"] > 0


@pytest.mark.parametrize("validator", ["jwt_local", "lightweight_jwt"])
@pytest.mark.parametrize(("under_way_s", "reason"), [(2.0, "expired"), (0.5, "")])
def test_a_signed_token_that_ends_while_it_is_introspected_is_refused(
    validator: str, under_way_s: float, reason: str
) -> None:
    """By the own clock, which is ahead: for the server, the token has not ended when the answer comes."""
    wrappers = (WRAPPERS["sensitive_introspection"],) if validator == "jwt_local" else ()
    information, issuer = ("token", "jwt_access_token") if wrappers else ("introspection", "lightweight_jwt")
    stage = Stage(VALIDATORS[validator], ISSUERS[issuer], wrappers, information=information, lifetime_s=100.0)
    token = stage.issue().token
    stage.rs.skew = 5.0
    stage.stepper.delay = lambda target: Delay(0.0, under_way_s) if target == "introspect" else Delay()
    verdict = stage.at(94.0).present(token, sensitive=True, needs_user_information=not wrappers)
    assert (verdict.accepted, verdict.reason) == (not reason, reason)
    assert stage.calls["introspect"] == 1


@pytest.mark.parametrize(("leeway", "ended"), [(0.0, True), (10.0, False)])
def test_the_end_of_a_verdict_without_one_is_read_from_its_claims(leeway: float, ended: bool) -> None:
    verdict = Verdict(True, claims={"exp": to_numeric_date(100.0)})
    assert has_ended(verdict, 105.0, leeway) is ended
    assert not has_ended(verdict, 99.0, leeway)


@QUICK
@given(begin=begins, skew=skews)
def test_a_split_token_is_accepted_from_its_first_instant_on(begin: float, skew: float) -> None:
    stage = build("split_token", "split_token", 300.0, begin, min(skew, 0.0))
    assert stage.present(stage.issue().token).accepted


@pytest.mark.parametrize("issuer", ["jwt_access_token", "stored_jwt", "signing_reference_token", "session_jwt"])
@QUICK
@given(begin=begins, back=st.floats(0.0, 250.0))
def test_a_server_does_not_refuse_its_own_token_because_another_replica_is_behind(
    issuer: str, begin: float, back: float
) -> None:
    kinds = (GATEWAY_VALIDATORS["phantom_token"], VALIDATORS["jwt_local"], VALIDATORS["session_jwt"])
    validator = next(kind for kind in kinds if kind.token_format is ISSUERS[issuer].token_format)
    stage = Stage(validator, ISSUERS[issuer], lifetime_s=300.0, now=begin + 300.0)
    token = stage.issue().token
    token = stage.present(token).forward or token  # of a reference the JWT that stands for it inside
    stage.server_host.skew = -back
    row = stage.stepper.finish(stage.issuer.inspect(stage.server_host, token), stage.server_host)
    assert row is not None


def test_every_validator_is_one_of_those_tried_here() -> None:
    tried = {getattr(row, "values", row)[0] for row in (*LOCAL, *ANSWERED)}
    others = {"lightweight_jwt", "split_token", "encrypted_jwt", "pass_through"}  # the last judges nothing
    assert {*VALIDATORS, *GATEWAY_VALIDATORS} - others - tried <= {"relay"}
    assert use_defaults(Case(VALIDATORS["encrypted_jwt"], ISSUERS["encrypted_jwt"])).settings.refuse_future_iat


REFUSE_FUTURE_IAT = {
    "apisix-jwks-3": False,
    "aws-http-api-2026": True,
    "envoy-jwt-authn-async-v3": False,
    "envoy-jwt-authn-v3": False,
    "jose-6.2": False,
    "nimbus-jose-jwt-9.28": False,
    "oathkeeper-jwt-master": True,
    "pyjwt-2.12": True,
    "pyjwt-2.15": True,
    "spring-security-7.1": False,
}
"""Products that read JWTs; measured for PyJWT and jose, from the source or documentation of the others."""
ACCEPT_AT_EXPIRY = {"envoy-jwt-authn-async-v3", "envoy-jwt-authn-v3"}
OWN_CLOCK = {"django-oauth-toolkit-2", "oathkeeper-introspection-master"}


@pytest.mark.parametrize("preset", load_presets().values(), ids=lambda preset: preset.name)
def test_each_product_judges_times_as_it_was_seen_to_do(preset: Preset) -> None:
    issuer = "jwt_access_token" if preset.part == "jwt_local" else "reference_token"
    chosen = {**preset.settings, "timeout_s": 5.0}
    leeway = float(chosen.get("leeway_s", 0.0))

    def accepts(skew: float, at: float) -> bool:
        stage = build(preset.part, issuer, 300.0, 1000.0, 0.0, **chosen)
        token = stage.issue().token
        stage.rs.skew = skew
        return stage.at(1000.0 + at).present(token).accepted

    if preset.part == "jwt_local":
        assert accepts(-leeway, 0.0)
        assert accepts(-leeway - 1.0, 0.0) == (not REFUSE_FUTURE_IAT[preset.name])
        assert accepts(leeway, 299.999)
        assert accepts(leeway, 300.0) == accepts(leeway, 300.999) == (preset.name in ACCEPT_AT_EXPIRY)
        assert not accepts(leeway, 301.0)
    else:
        assert accepts(-5.0, 0.0)
        assert not accepts(-5.0, 300.0)
        assert accepts(5.0, 299.0) == (preset.name not in OWN_CLOCK)

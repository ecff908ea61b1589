"""Designs that make no sense are refused with key and reason; those that some deployments have are warned about."""

from itertools import permutations
from typing import Any

import pytest

from simlib.scenario.errors import InputError
from simlib.strategies import WRAPPERS
from simlib.tokens import JWT
from support.scenarios import design_of, scenario

LIFE_S = 30.0  # of the tokens of `design_of`
OPAQUE, CACHED, LOCAL = "opaque_introspection", "opaque_cached", "jwt_local"
STORE = {
    "link": {"round_trip": {"kind": "constant", "value_s": 0.001}},
    "call": {"kind": "constant", "value_s": 0.0},
    "work": {"kind": "constant", "value_s": 0.0},
}
REGIONS = {"names": ["eu", "us"], "shares": [0.5, 0.5], "round_trips": {"eu-us": {"kind": "constant", "value_s": 0.08}}}
SIGNED = "jwt_access_token"


def warnings_of(validator: str = LOCAL, issuer: str = SIGNED, **changes: Any) -> tuple[str, ...]:
    """The warnings of a scenario with one design, without its name."""
    made = scenario(designs={"it": design_of(validator, issuer, **changes)}, world__shared_store=STORE)
    assert all(warning.startswith("designs.it.") for warning in made.warnings)
    return tuple(warning.removeprefix("designs.it.") for warning in made.warnings)


def refusal(validator: str = LOCAL, issuer: str = SIGNED, **changes: Any) -> str:
    with pytest.raises(InputError) as refused:
        warnings_of(validator, issuer, **changes)
    message = str(refused.value)
    assert message.startswith("tiny.toml: designs.it.")
    return message.removeprefix("tiny.toml: designs.it.")


def listed(*names: str, **settings: Any) -> list[dict[str, Any]]:
    """Wrappers of these names; ``settings`` are those of the last one."""
    tables: list[dict[str, Any]] = [{"part": name} for name in names]
    tables[-1] |= settings
    return tables


@pytest.mark.parametrize("name", [name for name, kind in WRAPPERS.items() if JWT in kind.formats])
def test_no_wrapper_is_there_twice(name: str) -> None:
    warnings_of(wrappers=listed(name))
    assert refusal(wrappers=listed(name, name)) == (
        f"wrappers[1]: {name} is there twice, first as wrappers[0]; allowed: once"
    )
    if name not in ("client_retry", "verified_cache"):
        message = refusal(wrappers=listed(name, "client_retry", name))
        assert message.startswith(f"wrappers[2]: {name} is there twice, first as wrappers[0]")


def test_a_wrapper_of_a_preset_counts() -> None:
    gateway = {"world__gateway": {"work": {"kind": "constant", "value_s": 0.0}}}
    design = design_of(OPAQUE, "reference_token", service={"preset": "oathkeeper-introspection"})
    made = scenario(designs={"it": {**design, "gateway": {"preset": "oathkeeper-introspection"}}}, **gateway)
    assert [chosen.part for chosen in made.designs["it"].wrappers] == ["retry"]


def test_one_binding_is_enough() -> None:
    for first, second in permutations(("dpop", "mtls")):
        assert refusal(wrappers=listed(first, second)) == (
            f"wrappers[1]: {second} binds tokens to their client, as {first} does; allowed: one of them"
        )


@pytest.mark.parametrize(
    ("wrappers", "words"),
    [
        (("fail_open", "retry"), "fail_open must come after retry"),
        (("fail_open", "circuit_breaker"), "fail_open must come after circuit_breaker"),
        (("fail_open", "client_retry", "retry"), "fail_open must come after retry"),
        (
            ("dpop", "client_retry"),
            "dpop must come after client_retry: each attempt of a call needs a proof of its own",
        ),
    ],
)
def test_an_order_that_cannot_be_meant_is_refused(wrappers: tuple[str, ...], words: str) -> None:
    assert refusal(wrappers=listed(*wrappers)).startswith(f"wrappers[0]: {words}")


def test_a_sensible_order_has_no_warning() -> None:
    calls = listed("retry", "circuit_breaker", "fail_open", "dpop")
    assert warnings_of(OPAQUE, "reference_token", wrappers=calls) == ()
    checks = listed("verified_cache", "denylist_pushed", "fail_open", "client_retry", "dpop")
    checks[2]["longest_s"] = 600.0
    assert warnings_of(wrappers=checks, token_lifetime_s=600.0) == ()


@pytest.mark.parametrize(
    ("wrappers", "words"),
    [
        (("circuit_breaker", "retry"), "circuit_breaker stands before retry: it counts a call as failed once all"),
        (
            ("fail_open", "denylist_pushed"),
            "fail_open stands before denylist_pushed: requests are refused all the same",
        ),
        (("fail_open", "status_list"), "fail_open stands before status_list: requests are refused all the same"),
    ],
)
def test_an_order_that_some_deployments_have_is_warned_about(wrappers: tuple[str, ...], words: str) -> None:
    (warning,) = [each for each in warnings_of(wrappers=listed(*wrappers)) if "stands before" in each]
    assert warning.startswith(f"wrappers[0]: {words}")


@pytest.mark.parametrize("validator", [OPAQUE, CACHED, "opaque_regional"])
def test_a_regional_reference_needs_regions(validator: str) -> None:
    issuer = "regional_reference_token"
    assert refusal(validator, issuer) == (
        "authorization_server: regional_reference_token needs [world.regions], because its tokens name the region of "
        "their row"
    )
    scenario(designs={"it": design_of(validator, issuer)}, world__regions=REGIONS)


@pytest.mark.parametrize(
    ("validator", "issuer", "changes", "key"),
    [
        (CACHED, "reference_token", {"service": {"part": CACHED, "ttl_s": 31.0}}, "service.ttl_s = 31"),
        (
            *(CACHED, "reference_token"),
            {"service": {"part": CACHED, "ttl_s": 10.0, "stale_if_error_s": 60.0}},
            "service.stale_if_error_s = 60",
        ),
        (LOCAL, SIGNED, {"wrappers": listed("verified_cache", ttl_s=60.0)}, "wrappers[0].ttl_s = 60"),
    ],
)
def test_a_time_to_live_beyond_that_of_the_token_is_warned_about(
    validator: str, issuer: str, changes: dict[str, Any], key: str
) -> None:
    assert warnings_of(validator, issuer, **changes) == (
        f"{key} is longer than token_lifetime_s = 30: what is kept ends with its token, so 30 would do the same",
    )
    assert warnings_of(validator, issuer, **{**changes, "token_lifetime_s": 60.0}) == ()


def test_a_time_to_live_of_a_preset_is_that_of_the_product() -> None:
    assert warnings_of(service={"preset": "apisix-jwks"}) == ()


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        (
            {"wrappers": listed("denylist_polled", poll_s=LIFE_S)},
            "wrappers[0].poll_s = 30 is as long as token_lifetime_s = 30: most revoked tokens end before they are "
            "refused here",
        ),
        (
            {"wrappers": listed("status_list", ttl_s=40.0, lifetime_s=40.0)},
            "wrappers[0].ttl_s = 40 is longer than token_lifetime_s = 30: most revoked tokens end before they are "
            "refused here",
        ),
        (
            {"service": {"part": LOCAL, "leeway_s": LIFE_S}},
            "service.leeway_s = 30 is as long as token_lifetime_s = 30: a token works for twice its life or longer",
        ),
        (
            {"client": {"part": "bearer", "refresh_before_s": LIFE_S}},
            "client.refresh_before_s = 30 is as long as token_lifetime_s = 30: the client gets a new token for every "
            "request",
        ),
        (
            {"client": {"part": "bearer", "refresh_before_s": 10.0, "refresh_jitter_s": 20.0}},
            "client.refresh_jitter_s = 20, with refresh_before_s = 10, takes up token_lifetime_s = 30: some tokens are "
            "used for one request only",
        ),
        (
            {"refresh": {"lifetime_s": 29.0}},
            "refresh.lifetime_s = 29 is shorter than token_lifetime_s = 30: a refresh token has ended when it is "
            "needed",
        ),
        (
            {"wrappers": listed("retry", attempts=1)},
            "wrappers[0].attempts = 1 is the call itself: retry never retries",
        ),
        (
            {"wrappers": listed("client_retry", budget=0.0, burst=0)},
            "wrappers[0].budget = 0 with burst = 0 leaves no retries: client_retry never retries",
        ),
        (
            {"wrappers": listed("circuit_breaker")},
            "wrappers[0]: circuit_breaker changes no verdict: jwt_local calls the authorization server for keys alone, "
            "and without keys requests are refused all the same",
        ),
        (
            {"wrappers": listed("fail_open", longest_s=20.0)},
            "wrappers[0].longest_s = 20 is shorter than token_lifetime_s = 30: jwt_local has no news of a token after "
            "its issue, so that older ones are refused all the same; jwks_stale_if_error_s bridges an outage",
        ),
        (
            {"wrappers": listed("fail_open", longest_s=300.0, lets_in="any")},
            "wrappers[0].longest_s = 300 has no effect: jwt_local uses keys for 300 s, and the last answer is older by "
            "then",
        ),
        (
            {"replicas": {"gateway": 3}},
            "replicas.gateway = 3 are those of a host that the design does not have",
        ),
    ],
    ids=lambda value: value.partition(" ")[0] if isinstance(value, str) else "",
)
def test_settings_without_the_effect_that_they_promise_are_warned_about(changes: dict[str, Any], warning: str) -> None:
    assert warnings_of(**changes) == (warning,)
    assert warnings_of() == ()


@pytest.mark.parametrize("wrapper", ["retry", "circuit_breaker", "fail_open"])
def test_wrappers_for_failed_calls_need_calls(wrapper: str) -> None:
    silent = f"wrappers[0]: {wrapper} has no effect: session_jwt makes no call of the authorization server"
    assert warnings_of("session_jwt", "session_jwt", wrappers=listed(wrapper)) == (silent,)
    for validator, issuer in ((OPAQUE, "reference_token"), ("lightweight_jwt", "lightweight_jwt")):
        assert warnings_of(validator, issuer, wrappers=listed(wrapper)) == warnings_of(validator, issuer)
    alone = warnings_of(wrappers=listed("denylist_polled"))
    assert warnings_of(wrappers=listed("denylist_polled", wrapper)) == alone


@pytest.mark.parametrize("validator", ["signed_introspection", "phantom_token"])
def test_a_hint_names_what_would_be_accepted(validator: str) -> None:
    place, more = ("service", {}) if validator == "signed_introspection" else ("gateway", {"service": {"part": LOCAL}})
    design = design_of("opaque_introspection", "reference_token", **more, **{place: {"part": validator}})
    design["user_information"] = "introspection" if place == "service" else "token"
    world = {"world__gateway": {"work": {"kind": "constant", "value_s": 0.0}}}
    with pytest.raises(InputError) as refused:
        scenario(designs={"it": design}, **world)
    allowed = str(refused.value).partition("allowed as authorization_server.part: ")[2].split(", ")
    assert allowed != [""]
    for issuer in allowed:
        scenario(designs={"it": {**design, "authorization_server": {"part": issuer}}}, **world)


@pytest.mark.parametrize("title", ["", " ", "\u00a0 "])
def test_a_title_that_cannot_be_seen_is_refused(title: str) -> None:
    for changes, key in (
        ({"title": title}, "title"),
        ({"designs__jwt_local__title": title}, "designs.jwt_local.title"),
    ):
        with pytest.raises(InputError) as refused:
            scenario(**changes)
        assert str(refused.value) == f"tiny.toml: {key}: must not be blank"


@pytest.mark.parametrize("other", ["our shop", "OUR SHOP ", "Our\u00a0shop", "\uff2fUR shop"])
def test_titles_that_differ_in_case_or_spaces_are_equal(other: str) -> None:
    designs = {"a": design_of(LOCAL, SIGNED, title="Our shop"), "b": design_of(LOCAL, SIGNED, title=other)}
    with pytest.raises(InputError, match=r"designs.b.title: .* is also.* that of a; titles must differ"):
        scenario(designs=designs)


@pytest.mark.parametrize(
    ("first", "second", "key"),
    [
        ({"title": "Shop"}, {"title": "Shop"}, "b.title: 'Shop' is also that of a"),
        ({"title": "Our shop"}, {"title": " Our  shop "}, "b.title: 'Our shop' is also that of a"),
        ({"title": "b"}, {}, "a.title: 'b' is also that of b"),
        ({}, {"title": "a"}, "b.title: 'a' is also that of a"),
    ],
)
def test_titles_differ(first: dict[str, Any], second: dict[str, Any], key: str) -> None:
    designs = {"a": design_of(LOCAL, SIGNED, **first), "b": design_of(LOCAL, SIGNED, **second)}
    with pytest.raises(InputError) as refused:
        scenario(designs=designs)
    assert str(refused.value) == f"tiny.toml: designs.{key}; titles must differ"
    designs["b"]["title"] = "Another"
    designs["a"]["title"] = "One"
    scenario(designs=designs)

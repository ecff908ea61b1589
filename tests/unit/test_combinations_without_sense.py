"""Combinations of parts and settings that take each other's effect are warned about in one line with the key."""

from typing import Any

import pytest

from simlib.deployment.bounds import compute_design_bound
from simlib.scenario.scenario import Scenario
from support.scenarios import design_of, scenario
from support.worlds import constant, link

OPAQUE, CACHED, LOCAL = "opaque_introspection", "opaque_cached", "jwt_local"
ISSUERS = {OPAQUE: "reference_token", CACHED: "reference_token", LOCAL: "jwt_access_token"}
LIFE_S = 600.0
WORLD = {
    "world__shared_store": {"link": link(), "work": constant(0.0), "call": constant(0.0)},
    "world__gateway": {"work": constant(0.0)},
}


def load(validator: str, *wrappers: dict[str, Any], world: dict[str, Any] | None = None, **changes: Any) -> Scenario:
    made = {"token_lifetime_s": LIFE_S, "wrappers": list(wrappers), **changes}
    return scenario(designs={"it": design_of(validator, ISSUERS[validator], **made)}, **WORLD, **(world or {}))


def warnings_of(*args: Any, **changes: Any) -> tuple[str, ...]:
    return tuple(warning.removeprefix("designs.it.") for warning in load(*args, **changes).warnings)


LISTS = [
    {"part": "denylist_polled"},
    {"part": "denylist_pushed"},
    {"part": "denylist_shared"},
    {"part": "status_list", "ttl_s": 5.0, "lifetime_s": 5.0},
]


@pytest.mark.parametrize("first", LISTS, ids=lambda table: str(table["part"]))
@pytest.mark.parametrize("second", LISTS, ids=lambda table: str(table["part"]))
def test_two_lists_of_revoked_tokens(first: dict[str, Any], second: dict[str, Any]) -> None:
    if first != second:
        (warning,) = warnings_of(LOCAL, first, second)
        assert warning.startswith(f"wrappers[1]: {second['part']} refuses the revoked tokens that wrappers[0] ")
    sensitive = {"world__service__sensitive_share": 0.1}
    assert warnings_of(LOCAL, first, {"part": "sensitive_introspection"}, world=sensitive) == ()


@pytest.mark.parametrize("wrapper", [{"part": "denylist_shared"}, LISTS[3]], ids=lambda table: str(table["part"]))
@pytest.mark.parametrize(("kept", "granted"), [(0.0, 5.0), (60.0, 60.0), (60.0, 61.0)])
def test_entries_that_end_before_their_tokens(wrapper: dict[str, Any], kept: float, granted: float) -> None:
    """The warning stands exactly where the list no longer bounds the time that a revoked token works."""
    args = (LOCAL, {**wrapper, "leeway_s": kept})
    service = {"part": LOCAL, "leeway_s": granted}
    made = load(*args, service=service)
    lag = compute_design_bound(made, made.design("it")).after_revocation_s
    expected = (
        f"wrappers[0].leeway_s = {kept:g} is shorter than service.leeway_s = {granted:g}: "
        "a revoked token works again once its entry has ended"
    )
    assert warnings_of(*args, service=service) == ((expected,) if granted > kept else ())
    assert (lag >= LIFE_S) == (granted > kept)


def test_attempts_that_multiply() -> None:
    retries = [{"part": "retry", "attempts": 4}, {"part": "client_retry", "attempts": 3}]
    assert warnings_of(OPAQUE, *retries) == (
        "wrappers[1]: retry and client_retry repeat each other's attempts: one request may make 12 calls",
    )
    assert warnings_of(OPAQUE, retries[0]) == warnings_of(OPAQUE, retries[1]) == ()


@pytest.mark.parametrize(
    ("validator", "changes", "warning"),
    [
        (
            OPAQUE,
            {"gateway": {"part": OPAQUE}},
            f"service.part = {OPAQUE} introspects the tokens that gateway.part = {OPAQUE} has introspected",
        ),
        (
            CACHED,
            {"gateway": {"part": CACHED}},
            f"service.part = {CACHED} introspects the tokens that gateway.part = {CACHED} has introspected, and both "
            "keep the answers",
        ),
        (CACHED, {"gateway": {"part": "relay"}}, ""),
        (
            LOCAL,
            {"gateway": {"part": "phantom_token"}, "authorization_server": {"part": "signing_reference_token"}},
            "",
        ),
        (OPAQUE, {"service": {"part": OPAQUE, "timeout_s": LIFE_S + 1}}, ""),
        (
            CACHED,
            {"service": {"part": CACHED, "leeway_s": 5.0}},
            "service.leeway_s = 5 has no effect without service.own_clock = true",
        ),
        (CACHED, {"service": {"part": CACHED, "leeway_s": 5.0, "own_clock": True}}, ""),
        (
            OPAQUE,
            {"service": {"part": OPAQUE, "single_flight": True}},
            "service.single_flight = true shares an answer among requests at the same time only: no answer is kept",
        ),
        (CACHED, {"service": {"part": CACHED, "single_flight": True}}, ""),
        (
            OPAQUE,
            {"wrappers": [{"part": "circuit_breaker", "window_calls": 10}]},
            "wrappers[0].minimum_calls = 100 are more than wrappers[0].window_calls = 10 hold",
        ),
        (
            OPAQUE,
            {"wrappers": [{"part": "retry", "total_s": 9.0}]},
            "wrappers[0].total_s = 9 is shorter than service.timeout_s = 10: a call without an answer is not repeated",
        ),
        (OPAQUE, {"wrappers": [{"part": "retry", "total_s": 10.0}]}, ""),
        (
            OPAQUE,
            {"wrappers": [{"part": "client_retry", "back_off_s": 3.0}]},
            "wrappers[0].back_off_s = 3 is cut to wrappers[0].longest_back_off_s = 2",
        ),
        (LOCAL, {"wrappers": [{"part": "dpop", "leeway_s": LIFE_S}]}, ""),  # of the proofs, not of the token
    ],
)
def test_settings_that_take_each_others_effect(validator: str, changes: dict[str, Any], warning: str) -> None:
    assert warnings_of(validator, **changes) == ((warning,) if warning else ())


@pytest.mark.parametrize(
    ("validator", "settings", "replicas", "most"),
    [
        (OPAQUE, {}, 1, 19.0),  # the load is of 20 requests per second
        (OPAQUE, {}, 2, 9.5),
        (OPAQUE, {}, 1, 20.0),
        (OPAQUE, {}, 2, 10.0),
        (OPAQUE, {"single_flight": True}, 1, 19.0),  # how many are shared is not known beforehand
        (CACHED, {}, 1, 1.0),
    ],
)
def test_a_limited_rate_of_introspections_below_the_load(
    validator: str, settings: dict[str, Any], replicas: int, most: float
) -> None:
    limit = {"world__authorization_server__rate_limit": {"requests_per_s": most, "burst": 5}}
    changes = {"service": {"part": validator, **settings}, "replicas": {"authorization_server": replicas}}
    warnings = [each for each in warnings_of(validator, world=limit, **changes) if "rate_limit" in each]
    expected = (
        f"service.part = {OPAQUE} introspects 20 requests per second, but "
        f"world.authorization_server.rate_limit.requests_per_s admits {most * replicas:g}"
    )
    assert warnings == ([expected] if validator == OPAQUE and not settings and most * replicas < 20 else [])


def test_inner_services_that_are_as_the_first_are_named_once() -> None:
    stock = {"audience": "https://stock.example", "scope": "stock", "work": constant(0.001), "reply_bytes": 100}
    inner = {"world__inner_services": {"stock": stock}, "world__service__calls": ["stock"]}
    world = {**inner, "world__network__between_services": link()}
    assert len(warnings_of(CACHED, world=world, service={"part": CACHED, "leeway_s": 5.0})) == 1


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_introspection_of_routes_that_are_not_there(share: float) -> None:
    warnings = warnings_of(LOCAL, {"part": "sensitive_introspection"}, world={"world__service__sensitive_share": share})
    expected = "wrappers[0]: sensitive_introspection has no effect with world.service.sensitive_share = 0"
    assert warnings == (() if share else (expected,))


def test_a_revoked_token_works_as_long_as_the_strictest_of_gateway_and_service_lets_it() -> None:
    """A gateway that passes the client's token on is not alone in judging it."""
    alone, kept = load(OPAQUE), {"part": CACHED, "ttl_s": 300.0}
    both = load(OPAQUE, gateway=kept)
    reversed_places = load(CACHED, service=kept, gateway={"part": OPAQUE})
    lags = [compute_design_bound(made, made.design("it")).after_revocation_s for made in (alone, both, reversed_places)]
    assert lags == [lags[0]] * 3
    assert lags[0] < 300.0

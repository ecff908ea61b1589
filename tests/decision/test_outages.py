"""Share of requests served while the authorization server is down: closed forms against the renewal process itself."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib import simulate
from simlib.analysis import summarise
from simlib.analysis.availability import compute_availability as available
from simlib.analysis.cache_theory import unexpired_share
from simlib.decision.gain.outages import (
    CachedItem,
    compute_availability,
    compute_share_served,
    compute_share_served_in_outage,
)
from simlib.decision.gain.structure import compute_expected_exposure_s
from simlib.scenario.economics import Terms
from simlib.scenario.scenario import Scenario
from support.worlds import DESIGNS, scenario

EXCHANGED: dict[str, Any] = {**DESIGNS["jwt"], "downstream": {"part": "token_exchange"}}
INNER = {
    "inner_services": {
        "tax": {
            "audience": "https://tax.example",
            "scope": "tax",
            "work": {"kind": "exponential", "mean_s": 0.001},
            "reply_bytes": 10,
        }
    }
}


def world(outage_s: float = 600.0, **overrides: Any) -> Scenario:
    return replace(scenario(**overrides), terms=Terms(outage_length_s=outage_s))


def served(name: str, design: dict[str, Any], hits: float = 0.5, outage_s: float = 600.0, **overrides: Any) -> float:
    made = world(outage_s, designs={name: design}, **overrides)
    return compute_share_served_in_outage(made, made.design(name), hits)


@settings(max_examples=60, deadline=None)
@given(
    life=st.floats(1.0, 1000.0), share=st.floats(0.0, 1.0), grace=st.floats(0.0, 500.0), length=st.floats(1.0, 5000.0)
)
def test_the_share_is_that_of_the_formula(life: float, share: float, grace: float, length: float) -> None:
    """h m (1 - m / 2T) / L with m = min(L, T), after a grace of g in which all is as before."""
    found = compute_share_served((CachedItem(life, share, grace),), length)
    unharmed = min(grace, length)
    m = min(max(length - grace, 0.0), life)
    assert found == pytest.approx(share * (unharmed + m * (1 - m / (2 * life))) / length, rel=1e-4, abs=1e-9)


def test_a_cache_under_poisson_requests_serves_what_the_formula_says() -> None:
    """The renewal process itself: requests at rate r, an entry for T from a miss on, none renewed in the outage."""
    rate, ttl, length = 0.05, 60.0, 40.0
    rng = np.random.default_rng(1)
    hit = asked = 0
    for _ in range(6000):
        until, now, begin = -1.0, 0.0, 600.0 + rng.uniform(0, ttl)
        while (now := now + rng.exponential(1 / rate)) < begin + length:
            if now < begin and now >= until:
                until = now + ttl
            if now >= begin:
                asked += 1
                hit += now < until
    ratio = rate * ttl / (1 + rate * ttl)
    assert hit / asked == pytest.approx(compute_share_served((CachedItem(ttl, ratio),), length), abs=0.015)


@settings(max_examples=30, deadline=None)
@given(lives=st.lists(st.floats(1.0, 100.0), min_size=1, max_size=3), length=st.floats(1.0, 300.0))
def test_without_grace_it_is_the_product_of_analysis(lives: list[float], length: float) -> None:
    assert compute_share_served(tuple(CachedItem(life) for life in lives), length) == pytest.approx(
        unexpired_share(length, lives), abs=1e-9
    )


DOWN = {"faults": {"down": {"kind": "down", "host": "authorization_server", "at_s": 6.0, "length_s": 8.0}}}


KEYS = {**DESIGNS["jwt"], "service": {"part": "jwt_local", "jwks_lifetime_s": 16.0}, "replicas": {"service": 20}}


@pytest.mark.parametrize(
    ("name", "design"),
    [
        ("opaque", DESIGNS["opaque"]),
        ("cached", DESIGNS["cached"]),
        ("jwt", {**DESIGNS["jwt"], "token_lifetime_s": 12}),
        ("jwt", KEYS),
    ],
)
def test_it_is_what_a_simulated_outage_leaves(name: str, design: dict[str, Any]) -> None:
    """The server is really down from second 6 to 14; the hit ratio is measured on a day without that."""
    run: dict[str, Any] = {"users": 40, "designs": {name: design}, "caches": "stationary", "length_s": 15.0}
    calm, down = scenario(**run), scenario(**run, world=DOWN)
    hits = float(np.mean([summarise(simulate(calm, name, number), 0.0)["hit_ratio"] for number in range(2)]))
    measured = [available(simulate(down, name, number), 6.0, 14.0) for number in range(12)]
    expected = compute_share_served_in_outage(replace(calm, terms=Terms(outage_length_s=8.0)), calm.design(name), hits)
    assert float(np.mean(measured)) == pytest.approx(expected, abs=0.05)


def test_keys_that_are_fetched_ahead_are_never_about_to_end() -> None:
    ahead = {"part": "jwt_local", "jwks_lifetime_s": 100.0, "jwks_refresh_ahead_s": 60.0}
    lasting = {**DESIGNS["jwt"], "token_lifetime_s": 1_000_000}
    assert served("jwt", {**lasting, "service": ahead}, outage_s=60.0) == pytest.approx(1.0, abs=1e-3)
    assert served("jwt", {**lasting, "service": ahead}, outage_s=100.0) == pytest.approx(0.8, abs=1e-3)


def test_opaque_tokens_without_a_cache_are_down_exactly_while_the_server_is() -> None:
    for outage in (1e-3, 10.0, 1e6):
        assert served("opaque", DESIGNS["opaque"], outage_s=outage) == 0.0
    assert compute_availability(8.76, 0.0) == pytest.approx(0.999)


def test_a_cache_outlives_it_by_its_hits_and_what_is_left_of_them() -> None:
    found = served("cached", DESIGNS["cached"], hits=0.8, outage_s=5.0)
    # 10 s of TTL; tokens of 60 s, of which a client uses up all.
    assert found == pytest.approx(0.8 * np.mean([(1 - t / 10) * (1 - t / 60) for t in np.linspace(0, 5, 1001)]), 1e-4)
    assert served("cached", DESIGNS["cached"], hits=math.nan) == 0.0
    longest = served("cached", DESIGNS["cached"], hits=0.8, outage_s=1000.0)
    assert longest == pytest.approx(0.8 * (10 / 2) / 1000, rel=0.1)


def test_stale_answers_serve_on() -> None:
    stale = {**DESIGNS["cached"], "service": {"part": "opaque_cached", "ttl_s": 10.0, "stale_if_error_s": 30.0}}
    assert served("cached", stale, outage_s=20.0) > 2 * served("cached", DESIGNS["cached"], outage_s=20.0)


def test_a_jwt_outlives_the_server_until_tokens_or_keys_run_out() -> None:
    long_keys = {**DESIGNS["jwt"], "service": {"part": "jwt_local", "jwks_lifetime_s": 1e6}}
    long_tokens = {**DESIGNS["jwt"], "token_lifetime_s": 1_000_000, "service": {"part": "jwt_local"}}
    both = {**long_keys, "token_lifetime_s": 1_000_000}
    assert served("jwt", both) == pytest.approx(1.0, abs=1e-3)
    tokens_end = served("jwt", long_keys, users=1, arrival_rate=50.0)  # 60 s, always in use
    assert tokens_end == pytest.approx((60 / 2) / 600, rel=0.01)
    keys_end = served("jwt", long_tokens)  # 300 s
    assert keys_end == pytest.approx((300 / 2) / 600, rel=0.01)


def test_what_else_must_be_asked_fails() -> None:
    asking = {**DESIGNS["jwt"], "user_information": "userinfo"}
    assert served("jwt", asking) == pytest.approx(0.75 * served("jwt", DESIGNS["jwt"]))
    sensitive = {**DESIGNS["jwt"], "wrappers": [{"part": "sensitive_introspection"}]}
    routes = {"sensitive_share": 0.1}
    assert served("jwt", sensitive, service=routes) == pytest.approx(0.9 * served("jwt", DESIGNS["jwt"]))
    chained = {"service": {"calls": ["tax"]}, "world": INNER}
    passed_on = served("jwt", DESIGNS["jwt"], **chained)
    assert 0 < served("jwt", EXCHANGED, **chained) < passed_on < served("jwt", DESIGNS["jwt"])


def test_lists_that_must_be_fresh_end_and_those_that_need_not_do_not() -> None:
    def listed(**settings: Any) -> float:
        wrapper = {"part": "denylist_polled", "poll_s": 10.0, "timeout_s": 1.0, "fail_open_s": 4.0, **settings}
        return served("jwt", {**DESIGNS["jwt"], "wrappers": [wrapper]})

    bare = served("jwt", DESIGNS["jwt"])
    assert listed(when_old="accept") == bare
    assert listed() < bare / 2
    assert listed(fail_open_s=1e6) == pytest.approx(bare)
    status = {**DESIGNS["jwt"], "wrappers": [{"part": "status_list", "ttl_s": 5.0, "lifetime_s": 5.0}]}
    assert served("jwt", status) < bare / 2


def test_the_mean_exposure_is_half_of_what_the_strictest_judge_may_not_notice() -> None:
    def expected(design: dict[str, Any]) -> float:
        made = world(designs={"one": design})
        return compute_expected_exposure_s(made, made.design("one"))

    assert expected(DESIGNS["opaque"]) == 0.0
    assert expected(DESIGNS["cached"]) == 5.0
    assert expected(DESIGNS["jwt"]) == 30.0
    assert expected({**DESIGNS["jwt"], "wrappers": [{"part": "denylist_polled", "poll_s": 12.0}]}) == 6.0
    assert expected({**DESIGNS["jwt"], "wrappers": [{"part": "denylist_pushed"}]}) == 0.0
    assert expected({**DESIGNS["jwt"], "wrappers": [{"part": "mtls"}]}) == 30.0


def test_an_outage_must_last() -> None:
    with pytest.raises(ValueError, match="must last more than 0 s"):
        compute_share_served((), 0.0)

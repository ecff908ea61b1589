"""Stationary starts: a cache of an hour, revocations of the past, rate limits and evictions, from the first second."""

import math
from typing import Any

import numpy as np
import pytest

from simlib import simulate
from simlib.analysis import summarise
from simlib.analysis.cache_theory import ttl_hit_ratio
from simlib.deployment.deployment import Deployment
from simlib.deployment.past_evictions import find_characteristic_s
from simlib.deployment.warm_start import warm_up
from simlib.scenario.sinks import MemorySink
from simlib.scenario.variates import Variates
from simlib.stores import STORES
from support.networks import assert_covered
from support.starts import NO_TIME, deviate, run
from support.worlds import DESIGNS, scenario


@pytest.mark.parametrize("caches", ["stationary", "empty"])
def test_a_cache_of_an_hour_hits_at_once_in_a_run_of_a_minute(caches: str) -> None:
    rate, ttl, users = 1 / 300, 3600.0, 1500
    design = {**DESIGNS["cached"], "token_lifetime_s": 86_400}
    design["service"] = {"part": "opaque_cached", "ttl_s": ttl}
    made = scenario(users=users, arrival_rate=users * rate, designs={"one": design}, length_s=120.0, caches=caches)
    hits = [summarise(simulate(made, "one", number), 0.0)["hit_ratio"] for number in range(6)]
    if caches == "stationary":
        assert_covered(hits, ttl_hit_ratio(rate, ttl))
    else:
        assert max(hits) < 0.4


REVOKING: dict[str, list[dict[str, Any]]] = {
    "introspection": [],
    "polled": [{"part": "denylist_polled", "poll_s": 20.0}],
    "pushed": [{"part": "denylist_pushed"}],
    "shared": [{"part": "denylist_shared"}],
    "status list": [{"part": "status_list", "ttl_s": 20, "lifetime_s": 20}],
}


@pytest.mark.parametrize("name", REVOKING)
def test_as_many_revoked_tokens_are_noticed_at_once_as_are_revoked(name: str) -> None:
    """In a run of one poll too few would be named if nothing had been revoked before it."""
    users, rate, revoked, length = 100, 0.25, 1.0, 20.0
    base = DESIGNS["jwt"] if REVOKING[name] else DESIGNS["opaque"]
    design = {**base, "token_lifetime_s": 200, "wrappers": REVOKING[name]}
    world = {"revocations": {"rate": revoked}, "shared_store": NO_TIME}
    runs = run(design, users, rate, length, 6, **world)
    noticed = [float((records["requests"]["refusals"] > 0).sum()) / length for records in runs]
    deviate(noticed, revoked, 0.1 * revoked)


@pytest.mark.parametrize("limit", [0.5, 3.0, 4.0])
def test_a_rate_limit_lets_through_from_the_first_second_what_it_does_in_a_long_run(limit: float) -> None:
    """Refused answers are not kept and are requested again; the bucket is as empty as it has been for long."""
    users, rate, ttl, burst = 400, 0.05, 100.0, 50
    design = {**DESIGNS["cached"], "token_lifetime_s": 1e6, "service": {"part": "opaque_cached", "ttl_s": ttl}}
    server = {"rate_limit": {"requests_per_s": limit, "burst": burst}}
    figures = [summarise(records, 0.0) for records in run(design, users, rate, 40.0, 6, authorization_server=server)]
    # q is the share of attempts that succeed: N r q / (1 + r q T) are answered per second.
    share = min(1.0, limit / (users * rate - limit * rate * ttl) if users > limit * ttl else 1.0)
    hits = share * rate * ttl / (1 + share * rate * ttl)
    deviate([figure["hit_ratio"] for figure in figures], hits, 0.01)
    deviate([figure["failed_share"] for figure in figures], (1 - hits) * (1 - share), 0.01)


def simulate_lru(users: int, rate: float, life: float, capacity: int, requests: int) -> float:
    """Hit ratio of a cache of tokens that are replaced after their life and leave it only when they are evicted."""
    draws = np.random.default_rng(1)
    present: dict[tuple[int, float], None] = {}
    issued = dict.fromkeys(range(users), -math.inf)
    now, hits, counted = 0.0, 0, 0
    for number in range(requests):
        now += draws.exponential(1 / (users * rate))
        user = int(draws.integers(users))
        if now >= issued[user] + life:
            issued[user] = now
        token = (user, issued[user])
        if number > requests // 5:
            counted, hits = counted + 1, hits + (token in present)
        present.pop(token, None)
        present[token] = None
        if len(present) > capacity:
            del present[next(iter(present))]
    return hits / counted


@pytest.mark.parametrize(("life", "capacity"), [(10.0, 30), (10.0, 60), (40.0, 40), (400.0, 25)])
def test_tokens_that_have_ended_take_room_until_they_are_evicted(life: float, capacity: int) -> None:
    users, rate = 50, 0.5
    service = {"part": "opaque_cached", "ttl_s": 1e5, "capacity": capacity}
    design = {**DESIGNS["cached"], "token_lifetime_s": life, "service": service}
    hits = [summarise(records, 0.0)["hit_ratio"] for records in run(design, users, rate, 6.0)]
    deviate(hits, simulate_lru(users, rate, life, capacity, 40_000), 0.012)


def test_tokens_that_have_ended_are_no_matter_where_those_in_use_have_room() -> None:
    """An entry goes when as many others were used since; in the life of a token there are too few for that."""
    rates, life = np.full(20, 1.0), 30.0
    used = 20 * (1 + life / (life + 1))  # at most: the token in hand and the next one of every user
    assert find_characteristic_s(rates, math.ceil(used + 3 * math.sqrt(used) + 10), math.inf, life) == math.inf
    assert find_characteristic_s(rates, 15, math.inf, life) < life
    service = {"part": "opaque_cached", "ttl_s": 1e5, "capacity": 10_000}
    designs = {"one": {**DESIGNS["cached"], "token_lifetime_s": life, "service": service}}
    made = scenario(users=20, arrival_rate=20.0, designs=designs, length_s=5.0)
    deployment = Deployment(made, made.designs["one"], Variates(1, 0), STORES["dict"], MemorySink())
    try:
        warm_up(deployment)
        assert 10 < len(deployment.handlers.find_state(deployment.enforcement_points[0], 0)) <= 20
    finally:
        deployment.close()

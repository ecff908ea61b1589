"""Stationary starts: from the first second every cache does what the closed form of a long run says, at any place."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from simlib import simulate
from simlib.analysis import summarise
from simlib.analysis.cache_theory import answers_older_than, ttl_hit_ratio
from simlib.scenario.records import Records
from support.networks import assert_covered
from support.worlds import DESIGNS, NO_DELAY, constant, costing, link, scenario

NO_TIME = {"link": link(0.0), "call": constant(0.0), "work": constant(0.0)}
RUNS = 8
bounded = settings(max_examples=12, deadline=None, derandomize=True, phases=[Phase.generate])


def run(
    design: dict[str, Any], users: int, rate: float, length: float, runs: int = RUNS, **world: Any
) -> list[Records]:
    """Short runs without a warm-up, in which work and ways take no time."""
    made = scenario(
        users=users,
        arrival_rate=users * rate,
        designs={"one": design},
        links=NO_DELAY,
        service={"work": constant(0.0), "user_information_share": 0.0},
        length_s=length,
        world=world,
    )
    return [simulate(costing(made), "one", number) for number in range(runs)]


def assert_mean(values: list[float], expected: float, absolute: float = 0.0) -> None:
    """The mean is as expected, within five standard errors: some dozens of examples may not fail by chance."""
    mean, error = float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(len(values))
    assert abs(mean - expected) <= 5.5 * error + absolute, (mean, error, expected)


def count_calls(records: Records, target: str) -> int:
    if target not in records.names:
        return 0
    return int((records["calls"]["target"] == records.names.index(target)).sum())


@bounded
@given(
    rate=st.floats(0.05, 2.0),
    ttl=st.floats(0.5, 2000.0),
    life=st.integers(100, 4000),
    replicas=st.integers(1, 3),
    shared=st.booleans(),
)
def test_hits_and_introspections_are_those_of_a_long_run(
    rate: float, ttl: float, life: int, replicas: int, shared: bool
) -> None:
    users, length = 40, 10.0 / rate
    part = {"part": "opaque_cached", "ttl_s": ttl, "shared": shared}
    design = {**DESIGNS["cached"], "token_lifetime_s": life, "service": part, "replicas": {"service": replicas}}
    more = {"shared_store": NO_TIME} if shared else {}
    runs = run(design, users, rate, length, **more)
    expected = answers_older_than(0.0, rate, ttl, life, 1 if shared else replicas)
    hits = [summarise(records, 0.0)["hit_ratio"] for records in runs]
    assert_mean(hits, expected, 0.002)
    asked = [count_calls(records, "introspect") / length for records in runs]
    assert_mean(asked, users * rate * (1 - expected), 0.002 * users * rate)
    obtained = [count_calls(records, "token") / length for records in runs]
    assert_mean(obtained, users / (life + 1 / rate), 0.005 * users / life + 0.02 / length)


@bounded
@given(rate=st.floats(0.05, 1.0), kept=st.floats(1.0, 500.0), replicas=st.integers(1, 4))
def test_key_sets_are_fetched_as_often_as_in_a_long_run(rate: float, kept: float, replicas: int) -> None:
    users, length = 20, 20.0 / rate
    service = {"part": "jwt_local", "jwks_lifetime_s": kept}
    design = {**DESIGNS["jwt"], "token_lifetime_s": 5000, "service": service, "replicas": {"service": replicas}}
    fetched = [count_calls(records, "jwks") / length for records in run(design, users, rate, length)]
    assert_mean(fetched, replicas / (kept + replicas / (users * rate)), 0.02 / length)


@bounded
@given(rate=st.floats(0.1, 1.0), ttl=st.floats(1.0, 300.0), stale=st.floats(1.0, 300.0))
def test_stale_answers_are_used_as_often_as_in_a_long_run(rate: float, ttl: float, stale: float) -> None:
    users, length = 40, 10.0 / rate
    service = {"part": "opaque_cached", "ttl_s": ttl, "stale_while_revalidate_s": stale}
    design = {**DESIGNS["cached"], "token_lifetime_s": 1e6, "service": service}
    runs = run(design, users, rate, length)
    fetched = [count_calls(records, "introspect") / length for records in runs]
    assert_mean(fetched, users / (ttl + 1 / rate), 0.02 * users / (ttl + 1 / rate))


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


@bounded
@given(capacity=st.integers(5, 45), come=st.floats(0.3, 3.0))
def test_a_cache_without_room_for_all_holds_its_share_of_them(capacity: int, come: float) -> None:
    """Of users who come equally often the least recently used go first: each is there with the same probability."""
    users, rate = 50, 0.5
    service = {"part": "opaque_cached", "ttl_s": 1e5, "capacity": capacity}
    design = {**DESIGNS["cached"], "token_lifetime_s": 1e7, "service": service}
    runs = run(design, users, rate, come / rate)  # in the shorter ones many users do not come at all
    assert_mean([summarise(records, 0.0)["hit_ratio"] for records in runs], capacity / users, 0.01)


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
    users, rate, revoked, length = 100, 0.5, 1.0, 20.0
    base = DESIGNS["jwt"] if REVOKING[name] else DESIGNS["opaque"]
    design = {**base, "token_lifetime_s": 400, "wrappers": REVOKING[name]}
    world = {"revocations": {"rate": revoked}, "shared_store": NO_TIME}
    runs = run(design, users, rate, length, 6, **world)
    noticed = [float((records["requests"]["refusals"] > 0).sum()) / length for records in runs]
    assert_mean(noticed, revoked, 0.1 * revoked)


@pytest.mark.parametrize("limit", [0.5, 3.0, 4.0, 100.0])
def test_a_rate_limit_lets_through_from_the_first_second_what_it_does_in_a_long_run(limit: float) -> None:
    """Refused answers are not kept and are requested again; the bucket is as empty as it has been for long."""
    users, rate, ttl, burst = 400, 0.05, 100.0, 50
    design = {**DESIGNS["cached"], "token_lifetime_s": 1e6, "service": {"part": "opaque_cached", "ttl_s": ttl}}
    made = scenario(
        users=users,
        arrival_rate=users * rate,
        designs={"one": design},
        links=NO_DELAY,
        service={"work": constant(0.0), "user_information_share": 0.0},
        authorization_server={"rate_limit": {"requests_per_s": limit, "burst": burst}},
        length_s=40.0,
    )
    figures = [summarise(simulate(costing(made), "one", number), 0.0) for number in range(6)]
    # q is the share of attempts that succeed: N r q / (1 + r q T) are answered per second.
    share = min(1.0, limit / (users * rate - limit * rate * ttl) if users > limit * ttl else 1.0)
    hits = share * rate * ttl / (1 + share * rate * ttl)
    assert_mean([figure["hit_ratio"] for figure in figures], hits, 0.01)
    assert_mean([figure["failed_share"] for figure in figures], (1 - hits) * (1 - share), 0.01)


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
    assert_mean(hits, simulate_lru(users, rate, life, capacity, 40_000), 0.012)

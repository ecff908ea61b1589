"""Small caches of exchanged tokens, claims about users and split tokens begin with the entries, and the order of use,
that they have in a long run: against a closed form, and against a simulation of nothing but the caches.

Of users who come equally often, a cache that has room for some of them holds each with the same probability.
"""

from collections import OrderedDict
from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.starts import Deviations, count_calls, deviate, few_or_many, run, try_scenarios
from support.truth import Measured
from support.worlds import DESIGNS, constant

INNER = {"work": constant(0.0), "scope": "inner", "reply_bytes": 100}
STOCK = {"audience": "https://stock.example", **INNER}
GATEWAY = {"gateway": {"work": constant(0.0)}}
FOR_EVER = 1e7
USERS, RATE = 50, 0.5


class Cache:
    """Least recently used entries go first; each may be used for a while after it was fetched."""

    def __init__(self, capacity: int, kept_s: float) -> None:
        self._capacity, self._kept_s = capacity, kept_s
        self._fetched: OrderedDict[int, float] = OrderedDict()

    def use(self, key: int, now: float) -> bool:
        """Whether it is a hit; else it is fetched."""
        hit = now < self._fetched.get(key, -np.inf) + self._kept_s
        if not hit:
            self._fetched[key] = now
        self._fetched.move_to_end(key)
        if len(self._fetched) > self._capacity:
            self._fetched.popitem(last=False)
        return hit


def simulate_caches(capacity: int, kept_s: float, replicas: int, requests: int = 40_000) -> float:
    """Share of misses in a long run, each request at any replica."""
    draws = np.random.default_rng(1)
    caches = [Cache(capacity, kept_s) for _ in range(replicas)]
    instants = np.cumsum(draws.exponential(1 / (USERS * RATE), requests)).tolist()
    users, chosen = draws.integers(USERS, size=requests).tolist(), draws.integers(replicas, size=requests).tolist()
    hits = [caches[where].use(user, now) for now, user, where in zip(instants, users, chosen, strict=True)]
    return 1 - float(np.mean(hits[requests // 5 :]))


def simulate_halves(capacity: int, replicas: int, requests: int = 40_000) -> float:
    """Share of refused requests where a refusal brings another token, of which every replica receives its half."""
    draws = np.random.default_rng(2)
    caches = [OrderedDict[tuple[int, int], None]() for _ in range(replicas)]
    number, refused = dict.fromkeys(range(USERS), 0), []

    def keep(cache: OrderedDict[tuple[int, int], None], half: tuple[int, int]) -> None:
        cache[half] = None
        cache.move_to_end(half)
        if len(cache) > capacity:
            cache.popitem(last=False)

    for user, where in zip(draws.integers(USERS, size=requests), draws.integers(replicas, size=requests), strict=True):
        refused.append((user, number[user]) not in caches[where])
        if refused[-1]:
            number[user] += 1
            for cache in caches:
                keep(cache, (user, number[user]))
        keep(caches[where], (user, number[user]))
    return float(np.mean(refused[requests // 5 :]))


def check_exchange(capacity: int, come: float, kept: float, opaque: bool, replicas: int) -> Deviations:
    exchange = {"part": "token_exchange", "ttl_s": kept, "capacity": capacity}
    service: dict[str, Any] = {"part": "opaque_cached", "ttl_s": 60.0} if opaque else {"part": "jwt_local"}
    design = {**DESIGNS["cached" if opaque else "jwt"], "token_lifetime_s": FOR_EVER, "service": service}
    design |= {"downstream": exchange, "inner_service": service, "replicas": {"service": replicas}}
    world = {"inner_services": {"stock": STOCK}, "service": {"calls": ["stock"]}}
    runs = run(design, USERS, RATE, come / RATE, **world)
    calls = [count_calls(records, "token") / count_calls(records, "api/stock") for records in runs]
    expected = 1 - capacity / USERS if kept >= FOR_EVER / 10 else simulate_caches(capacity, kept, replicas)
    yield deviate(calls, expected, 0.015)


@few_or_many
def test_exchanged_tokens(examples: int, measured: Measured) -> None:
    drawn: dict[str, st.SearchStrategy[Any]] = {"capacity": st.integers(5, 45), "come": st.floats(0.3, 3.0)}
    drawn |= {"kept": st.sampled_from([2.0, 10.0, FOR_EVER]), "opaque": st.booleans(), "replicas": st.integers(1, 2)}
    try_scenarios(check_exchange, drawn, examples, measured)


def check_claims(capacity: int, come: float, share: float) -> Deviations:
    service = {"part": "lightweight_jwt", "ttl_s": FOR_EVER / 10, "capacity": capacity}
    server = {"part": "lightweight_jwt", "algorithm": "ES256"}
    design = {"token_lifetime_s": FOR_EVER, "service": service, "authorization_server": server}
    design["user_information"] = "introspection"
    runs = run(design, USERS, RATE, come / RATE / share, service={"user_information_share": share})
    informed = [len(records["requests"]["request"]) * share for records in runs]
    introspected = [count_calls(records, "introspect") for records in runs]
    misses = [calls / number for calls, number in zip(introspected, informed, strict=True)]
    yield deviate(misses, 1 - capacity / USERS, 0.015)


@few_or_many
def test_claims_about_users_of_lightweight_tokens(examples: int, measured: Measured) -> None:
    drawn = {"capacity": st.integers(5, 45), "come": st.floats(0.3, 3.0), "share": st.sampled_from([0.3, 1.0])}
    try_scenarios(check_claims, drawn, examples, measured)


def check_halves(capacity: int, come: float, replicas: int) -> Deviations:
    gateway, server = {"part": "split_token", "capacity": capacity}, {"part": "split_token", "algorithm": "ES256"}
    design = {**DESIGNS["jwt"], "token_lifetime_s": FOR_EVER, "gateway": gateway, "authorization_server": server}
    design["replicas"] = {"gateway": replicas}
    runs = run(design, USERS, RATE, come / RATE, **GATEWAY)
    issued = [count_calls(records, "token") / len(records["requests"]["request"]) for records in runs]
    yield deviate(issued, 1 - capacity / USERS if replicas == 1 else simulate_halves(capacity, replicas), 0.015)


@few_or_many
def test_halves_of_split_tokens(examples: int, measured: Measured) -> None:
    drawn = {"capacity": st.integers(5, 45), "come": st.floats(0.3, 3.0), "replicas": st.integers(1, 2)}
    try_scenarios(check_halves, drawn, examples, measured)

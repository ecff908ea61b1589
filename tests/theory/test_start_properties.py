"""Random scenarios whose runs begin in a stationary state: every figure is that of the closed form of a long run."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from simlib.analysis import summarise
from simlib.analysis.cache_theory import answers_older_than
from support.starts import NO_TIME, Deviations, count_calls, deviate, few_or_many, run, try_scenarios
from support.truth import Measured
from support.worlds import DESIGNS


def integrate_older(until: float, rate: float, ttl: float, life: float) -> float:
    """Integral of the share of requests whose answer is older than so many seconds, by Simpson's rule."""
    ages = np.linspace(0.0, until, 401)
    shares = np.array([answers_older_than(age, rate, ttl, life) for age in ages])
    weights = np.where(np.arange(401) % 2, 4.0, 2.0)
    weights[[0, -1]] = 1.0
    return float((weights * shares).sum() * (ages[1] - ages[0]) / 3)


def check_hits(rate: float, ttl: float, life: int, replicas: int, shared: bool) -> Deviations:
    users, length = 40, 10.0 / rate
    part = {"part": "opaque_cached", "ttl_s": ttl, "shared": shared}
    design = {**DESIGNS["cached"], "token_lifetime_s": life, "service": part, "replicas": {"service": replicas}}
    more = {"shared_store": NO_TIME} if shared else {}
    runs = run(design, users, rate, length, **more)
    expected = answers_older_than(0.0, rate, ttl, life, 1 if shared else replicas)
    figures = [summarise(records, 0.0) for records in runs]
    yield deviate([figure["hit_ratio"] for figure in figures], expected, 0.002)
    introspected = [count_calls(records, "introspect") / length for records in runs]
    yield deviate(introspected, users * rate * (1 - expected), 0.002 * users * rate)
    obtained = [count_calls(records, "token") / length for records in runs]
    yield deviate(obtained, users / (life + 1 / rate), 0.005 * users / life + 0.02 / length)
    calls = [figure["as_requests_per_s"] for figure in figures]
    expected_calls = users * rate * (1 - expected) + users / (life + 1 / rate)
    yield deviate(calls, expected_calls, 0.004 * users * rate + 0.02 / length)


@few_or_many
def test_hits_and_calls_of_the_authorization_server(examples: int, measured: Measured) -> None:
    drawn: dict[str, st.SearchStrategy[Any]] = {
        "rate": st.floats(0.05, 2.0),
        "ttl": st.floats(0.5, 2000.0),
        "life": st.integers(100, 4000),
        "replicas": st.integers(1, 3),
        "shared": st.booleans(),
    }
    try_scenarios(check_hits, drawn, examples, measured)


def check_keys(rate: float, kept: float, replicas: int) -> Deviations:
    users, length = 20, 20.0 / rate
    service = {"part": "jwt_local", "jwks_lifetime_s": kept}
    design = {**DESIGNS["jwt"], "token_lifetime_s": 5000, "service": service, "replicas": {"service": replicas}}
    fetched = [count_calls(records, "jwks") / length for records in run(design, users, rate, length)]
    yield deviate(fetched, replicas / (kept + replicas / (users * rate)), 0.02 / length)


@few_or_many
def test_fetches_of_key_sets(examples: int, measured: Measured) -> None:
    drawn: dict[str, st.SearchStrategy[Any]] = {
        "rate": st.floats(0.05, 1.0),
        "kept": st.floats(1.0, 500.0),
        "replicas": st.integers(1, 4),
    }
    try_scenarios(check_keys, drawn, examples, measured)


def check_stale(rate: float, ttl: float, stale: float) -> Deviations:
    users, length = 40, 10.0 / rate
    service = {"part": "opaque_cached", "ttl_s": ttl, "stale_while_revalidate_s": stale}
    design = {**DESIGNS["cached"], "token_lifetime_s": 1e6, "service": service}
    fetched = [count_calls(records, "introspect") / length for records in run(design, users, rate, length)]
    yield deviate(fetched, users / (ttl + 1 / rate), 0.02 * users / (ttl + 1 / rate))


@few_or_many
def test_renewals_of_stale_answers(examples: int, measured: Measured) -> None:
    drawn = {"rate": st.floats(0.1, 1.0), "ttl": st.floats(1.0, 300.0), "stale": st.floats(1.0, 300.0)}
    try_scenarios(check_stale, drawn, examples, measured)


def check_room(capacity: int, come: float) -> Deviations:
    users, rate = 50, 0.5
    service = {"part": "opaque_cached", "ttl_s": 1e5, "capacity": capacity}
    design = {**DESIGNS["cached"], "token_lifetime_s": 1e7, "service": service}
    runs = run(design, users, rate, come / rate)  # in the shorter ones many users do not come at all
    yield deviate([summarise(records, 0.0)["hit_ratio"] for records in runs], capacity / users, 0.01)


@few_or_many
def test_a_cache_without_room_for_all_holds_its_share_of_them(examples: int, measured: Measured) -> None:
    """Of users who come equally often the least recently used go first: each is there with the same probability."""
    try_scenarios(check_room, {"capacity": st.integers(5, 45), "come": st.floats(0.3, 3.0)}, examples, measured)


def check_refusals(limit: float, rate: float, ttl: float) -> Deviations:
    """q is the share of attempts that succeed: N r q / (1 + r q T) are answered per second."""
    users, burst = 200, 20
    design = {**DESIGNS["cached"], "token_lifetime_s": 1e6, "service": {"part": "opaque_cached", "ttl_s": ttl}}
    most = limit * users * rate / (1 + rate * ttl)  # the limit as a share of the calls without one
    server = {"rate_limit": {"requests_per_s": most, "burst": burst}}
    figures = [summarise(r, 0.0) for r in run(design, users, rate, 3 / rate, authorization_server=server)]
    share = min(1.0, most / (users * rate - most * rate * ttl)) if limit < 1 else 1.0
    hits = share * rate * ttl / (1 + share * rate * ttl)
    yield deviate([figure["hit_ratio"] for figure in figures], hits, 0.012)
    yield deviate([figure["failed_share"] for figure in figures], (1 - hits) * (1 - share), 0.012)


@few_or_many
def test_refusals_of_a_rate_limit(examples: int, measured: Measured) -> None:
    drawn = {
        "limit": st.floats(0.3, 0.85) | st.floats(1.5, 4.0),
        "rate": st.floats(0.05, 0.5),
        "ttl": st.floats(5.0, 100.0),
    }
    try_scenarios(check_refusals, drawn, examples, measured)


def check_exposure(rate: float, life: float, kept: float) -> Deviations:
    """A token is revoked at an instant that is uniform in the time in which it is held."""
    users, revoked = 60, 0.1  # so many revocations of a user within a life: few are revoked twice
    service = {"part": "jwt_local"} if kept >= 1 else {"part": "opaque_cached", "ttl_s": kept * life}
    design = {**DESIGNS["jwt" if kept >= 1 else "cached"], "token_lifetime_s": life, "service": service}
    runs = run(design, users, rate, 2 * life, revocations={"rate": revoked * users / life})
    ttl = min(kept, 1.0) * life
    expected = (1 + rate * life) / life * integrate_older(ttl, rate, ttl, life)
    figures = [summarise(records, 0.0) for records in runs]
    yield deviate([figure["exposure_requests"] for figure in figures], expected, 0.05 * expected)


@few_or_many
def test_exposure_after_revocation(examples: int, measured: Measured) -> None:
    drawn = {"rate": st.floats(0.2, 0.5), "life": st.floats(40.0, 120.0), "kept": st.sampled_from([0.3, 1.0])}
    try_scenarios(check_exposure, drawn, examples, measured)


def check_tokens(rate: float, life: int, early: float, long: float) -> Deviations:
    """A token that is renewed early is in use until the next request brings another, or to its end.

    Servers and clients count in whole seconds, each rounded down, so that clients renew a second before the end.
    ``long``: length of the run in mean times between requests of a user.
    """
    users, before = 100, early * life + 1
    client = {"part": "bearer", "refresh_before_s": early * life}
    design = {**DESIGNS["jwt"], "token_lifetime_s": life, "client": client}
    runs = run(design, users, rate, long / rate)
    expected = (life - before + (1 - np.exp(-rate * before)) / rate) / (life - before + 1 / rate)
    yield deviate([summarise(records, 0.0)["tokens_in_use"] for records in runs], users * expected, 0.01 * users)


@few_or_many
def test_tokens_in_use(examples: int, measured: Measured) -> None:
    drawn = {"rate": st.floats(0.05, 1.0), "life": st.integers(30, 500), "early": st.sampled_from([0.0, 0.3])}
    drawn["long"] = st.sampled_from([0.5, 8.0])  # so that few of the users come, or nearly all
    try_scenarios(check_tokens, drawn, examples, measured)


def check_closed(think: float, ttl: float, way: float) -> Deviations:
    """Users of a closed load come again after a think time and the time that their request takes."""
    users, length = 60, 8 * think
    service = {"part": "opaque_cached", "ttl_s": ttl * think}
    design = {**DESIGNS["cached"], "token_lifetime_s": 1e6, "service": service}
    load = {"kind": "closed", "think": {"kind": "exponential", "mean_s": think}}
    runs = run(design, users, 1 / think, length, load=load, way=way * think)
    # Within the time to live come (T - b) / (Z + b) hits: the first request after a miss comes b + Z later.
    hits = [summarise(records, 0.0)["hit_ratio"] for records in runs]
    yield deviate(hits, count_closed_hits(think, ttl * think, way * think), 0.004)


def count_closed_hits(think: float, ttl: float, way: float) -> float:
    """Hit ratio of renewals with a dead time: requests follow each other by ``way`` and an exponential time.

    n requests come within the time to live when n such times end in it: a Poisson law of what is left of it.
    """
    hits, number = 0.0, 1
    while (left := ttl - number * way) > 0 and number < 10_000:
        mean, term, below = left / think, np.exp(-left / think), 0.0
        for order in range(number):
            below += term
            term *= mean / (order + 1)
        hits += 1 - below
        if 1 - below < 1e-12:
            break
        number += 1
    return float(hits / (1 + hits))


@few_or_many
def test_closed_populations(examples: int, measured: Measured) -> None:
    drawn = {"think": st.floats(1.0, 20.0), "ttl": st.floats(0.5, 30.0), "way": st.sampled_from([0.0, 0.05, 0.3])}
    try_scenarios(check_closed, drawn, examples, measured)

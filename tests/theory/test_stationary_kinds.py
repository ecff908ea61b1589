"""Memories that only some kinds of requests use or notice: they begin as they are after a long time."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from simlib.analysis import summarise
from support.kept_answers import Bounded, compute_hits, simulate_hits
from support.starts import MOST, Deviations, deviate, few_or_many, run, try_scenarios
from support.truth import Measured
from support.worlds import DESIGNS, constant

LIGHT = {"part": "lightweight_jwt", "algorithm": "ES256"}


NEEDS = {"lightweight_jwt": "user_information_share", "sensitive_introspection": "sensitive_share"}
"""Part -> share of the requests that make it introspect."""


def build_light(life: float, **cache: Any) -> dict[str, Any]:
    service = {"part": "lightweight_jwt", "jwks_lifetime_s": 1e6, **cache}
    return {
        **DESIGNS["cached"],
        "token_lifetime_s": life,
        "service": service,
        "authorization_server": LIGHT,
    }


def check_informed(
    rate: float, share: float, kept: float, life: int, replicas: int, gateway: bool, room: bool
) -> Deviations:
    users, ttl = 30, kept * life
    capacity = 10 if room else 10**6
    design = {**build_light(life, ttl_s=ttl, capacity=capacity), "replicas": {"service": replicas}}
    world: dict[str, Any] = {"service": {"user_information_share": share}}
    if gateway:  # which passes requests on
        design["gateway"] = {"part": "relay"}
        world["gateway"] = {"work": constant(0.0)}
    expected = compute_hits(rate, share, ttl, life, replicas)
    if room:
        expected = simulate_hits(users, rate, share, life, Bounded(ttl, capacity, replicas))
    runs = run(design, users, rate, 10.0 / rate, **world)
    figures = [summarise(records, 0.0) for records in runs]
    yield deviate([figure["hit_ratio"] for figure in figures], expected, 0.004 if room else 0.002)
    introspected = [figure["introspections_per_s"] for figure in figures]
    yield deviate(introspected, users * rate * (1 - expected), (0.004 if room else 0.002) * users * rate)


@few_or_many
def test_answers_that_only_requests_for_user_information_fetch(examples: int, measured: Measured) -> None:
    drawn: dict[str, st.SearchStrategy[Any]] = {
        "rate": st.floats(0.01, 0.3),
        "share": st.floats(0.05, 0.9),
        "kept": st.floats(0.05, 1.5),
        "life": st.integers(60, 600),
        "replicas": st.integers(1, 3),
        "gateway": st.booleans(),
        "room": st.booleans(),
    }
    try_scenarios(check_informed, drawn, examples, measured)


def check_noticed(rate: float, share: float, life: int, part: str) -> Deviations:
    """A revocation is noticed by the first request of the kind that introspects, if one comes before the token ends.

    By a list that is polled often each request notices it, of users who send many as of those who send few.
    """
    users, revoked = 120, 0.1  # so many revocations of a user within a life: few are revoked twice
    service, share = {NEEDS.get(part, "sensitive_share"): share}, share if part in NEEDS else 1.0
    if part == "lightweight_jwt":
        design = build_light(life, ttl_s=0.01)
    else:
        polled = {"poll_s": 0.01 * life} if part == "denylist_polled" else {}
        design = {**DESIGNS["jwt"], "wrappers": [{"part": part, **polled}]}
    length, per_s = 0.15 * life, revoked * users / life
    runs = run({**design, "token_lifetime_s": life}, users, rate, length, service=service, revocations={"rate": per_s})
    noticed = sum(int((records["requests"]["refusals"] > 0).sum()) for records in runs)
    before_end = share * rate * life
    expected = len(runs) * length * per_s * life / (life + 1 / rate) * (1 + np.expm1(-before_end) / before_end)
    beyond = (abs(noticed - expected) - 0.06 * expected) / np.sqrt(max(expected, 1.0))  # Poisson's law
    assert beyond <= MOST
    yield max(beyond, 0.0)


@few_or_many
def test_revocations_that_only_some_requests_notice(examples: int, measured: Measured) -> None:
    drawn = {
        "rate": st.floats(0.02, 0.3),
        "share": st.floats(0.02, 0.5),
        "life": st.integers(60, 600),
        "part": st.sampled_from(["denylist_polled", *NEEDS]),
    }
    try_scenarios(check_noticed, drawn, examples, measured)


def check_limited(limit: float, rate: float, share: float, ttl: float) -> Deviations:
    """q is the share of attempts that succeed: N s r q / (1 + s r q T) are answered per second."""
    users, own = 100, rate * share
    most = limit * users * own / (1 + own * ttl)  # the limit as a share of the calls without one
    server = {"rate_limit": {"requests_per_s": most, "burst": 10}}
    design = build_light(1e6, ttl_s=ttl, capacity=10**6)
    service = {"user_information_share": share}
    runs = run(design, users, rate, 3 / rate, service=service, authorization_server=server)
    answered = min(1.0, most / (users * own - most * own * ttl)) if limit < 1 else 1.0
    misses = share / (1 + answered * own * ttl)
    figures = [summarise(records, 0.0) for records in runs]
    yield deviate([figure["hit_ratio"] for figure in figures], 1 - misses, 0.012)
    yield deviate([figure["failed_share"] for figure in figures], misses * (1 - answered), 0.012)


@few_or_many
def test_a_rate_limit_of_calls_that_only_some_requests_make(examples: int, measured: Measured) -> None:
    drawn = {
        "limit": st.floats(0.3, 0.85) | st.floats(1.5, 4.0),
        "rate": st.floats(0.05, 0.5),
        "share": st.floats(0.2, 0.9),
        "ttl": st.floats(20.0, 200.0),
    }
    try_scenarios(check_limited, drawn, examples, measured)

"""The cache of the opaque design against the renewal argument for TTL caches, through a whole scenario."""

from typing import Any

import pytest

from simlib import simulate
from simlib.analysis import summarise
from simlib.analysis.cache_theory import ttl_hit_ratio, zipf_ttl_hit_ratio
from support.networks import assert_covered
from support.worlds import DESIGNS, NO_DELAY, constant, costing, link, scenario

USERS, RATE = 40, 40.0
NO_TIME = {"link": link(0.0), "call": constant(0.0), "work": constant(0.0)}


def hit_ratios(
    ttl: float, replicas: int = 1, shared: bool = False, runs: int = 14, seconds: float = 6.0, **world: Any
) -> list[float]:
    # Tokens outlive the run by far, so only the TTL ends an entry; work and ways take no time, as the formula supposes.
    part = {"part": "opaque_cached", "ttl_s": ttl, "shared": shared}
    design = {**DESIGNS["cached"], "token_lifetime_s": 1e7, "service": part, "replicas": {"service": replicas}}
    made = scenario(
        users=USERS,
        arrival_rate=RATE,
        designs={"cached": design},
        links=NO_DELAY,
        service={"work": constant(0.0)},
        length_s=seconds + ttl,
        warm_up_s=ttl,
        world=world,
    )
    return [summarise(simulate(costing(made), "cached", n), ttl)["hit_ratio"] for n in range(runs)]


@pytest.mark.parametrize(("ttl", "seconds"), [(0.5, 24.0), (4.0, 5.0)])  # rare hits take longer to count
def test_hits_are_r_over_one_plus_r(ttl: float, seconds: float) -> None:
    assert_covered(hit_ratios(ttl, seconds=seconds), ttl_hit_ratio(RATE / USERS, ttl))


def test_hits_under_uneven_demand_are_the_mean_over_the_users() -> None:
    hits = hit_ratios(2.0, population={"users": USERS, "zipf_exponent": 1.0})
    assert_covered(hits, zipf_ttl_hit_ratio(RATE, 2.0, USERS, 1.0))


def test_an_answer_cache_that_all_replicas_share_hits_like_a_single_one() -> None:
    hits = hit_ratios(2.0, 3, shared=True, shared_store=NO_TIME)
    assert_covered(hits, ttl_hit_ratio(RATE / USERS, 2.0))
    assert hit_ratios(2.0, 1, shared=True, runs=2, shared_store=NO_TIME) == hits[:2]

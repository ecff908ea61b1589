"""Clocks that differ: shares of refused and retried requests against closed forms, at every place that judges."""

from collections.abc import Mapping
from functools import cache
from math import exp
from typing import Any

import numpy as np
import pytest

from simlib import simulate, summarise
from simlib.scenario.records import REFUSED
from support.networks import assert_covered
from support.topologies import Document, design, free_world
from support.worlds import NO_DELAY, constant

USERS, RATE, LIFE_S, LENGTH_S, WARM_S = 40, 4.0, 60.0, 125.0, 65.0
OWN = RATE / USERS
RUNS = 7
"""Many short runs: Student's quantile at 99.9 % is 6.0, with 4 runs it would be 12.9."""
LIVED_S = LIFE_S - 1.0
"""A client uses a token for the whole seconds that are left of its life, which began at a whole second."""
FRACTIONS = (np.arange(1000) + 0.5) / 1000
"""Of a second, by which a token is older than its iat when it is issued; they are uniform."""

ES256 = {"algorithm": "ES256"}
JWT = {
    **design("jwt_local", "jwt_access_token", token_lifetime_s=LIFE_S),
    "authorization_server": {"part": "jwt_access_token", **ES256},
}
PATIENT = {"client": {"part": "bearer", "retry_refused": False}}
OPAQUE = design("opaque_introspection", "reference_token", "introspection", token_lifetime_s=LIFE_S)
CACHED = {**OPAQUE, "service": {"part": "opaque_cached", "ttl_s": 20.0}}


def skew(host: str, seconds: float, length_s: float = LENGTH_S) -> Document:
    fault = {"kind": "clock_skew", "host": host, "skew_s": seconds, "at_s": 0.0, "length_s": length_s}
    return {"faults": {"clock": fault}}


def simulated(chosen: Document, *worlds: Mapping[str, Any], count: int = RUNS, **more: Any) -> list[dict[str, float]]:
    """Summaries of some replications of one design."""
    world = {key: value for part in worlds for key, value in part.items()}
    made = free_world(
        {"it": chosen},
        users=USERS,
        arrival_rate=RATE,
        world=world,
        links=NO_DELAY,
        **{"length_s": LENGTH_S, "warm_up_s": WARM_S, **more},
    )
    return [summarise(simulate(made, "it", number), WARM_S) for number in range(count)]


def compute_refused_share(ahead_s: float) -> float:
    """Share of refused requests when iat is ``ahead_s`` ahead, and each refusal makes the client renew.

    A request is refused when the token was issued less than ``ahead_s`` before, less the fraction of a second. So the
    refused ones of a token's row are geometric, and the accepted ones come until the last of these tokens ends.
    """
    young = np.maximum(0.0, ahead_s - FRACTIONS)
    none_comes = np.exp(-OWN * young)
    refused = float((young > 0).mean()) / float(none_comes.mean())
    accepted = float((none_comes * OWN * (LIVED_S - young)).mean()) / float(none_comes.mean())
    return refused / (refused + accepted)


@pytest.mark.parametrize("behind_s", [2.0, 7.0])
def test_a_reader_whose_clock_is_behind_refuses_the_first_seconds_of_each_token(behind_s: float) -> None:
    rows = simulated(JWT, skew("service", -behind_s))
    assert_covered([row["refused_share"] for row in rows], compute_refused_share(behind_s), 0.4)
    assert all(row["retried_share"] == 0 for row in rows)


def test_without_a_retry_a_token_is_refused_until_it_is_old_enough() -> None:
    rows = simulated({**JWT, **PATIENT}, skew("service", -5.0))
    expected = (1 + OWN * (5.0 - 0.5)) / (1 + OWN * LIVED_S)
    assert_covered([row["refused_share"] for row in rows], expected, 0.4)


def test_a_server_that_is_ahead_is_as_a_reader_that_is_behind() -> None:
    rows = simulated(JWT, skew("authorization_server", 4.0))
    assert_covered([row["refused_share"] for row in rows], compute_refused_share(4.0), 0.4)


@pytest.mark.parametrize(("leeway_s", "more"), [(2.0, {}), (4.0, {}), (60.0, {}), (0.0, {"refuse_future_iat": False})])
def test_leeway_takes_as_many_seconds_off_and_a_library_that_does_not_look_takes_all(
    leeway_s: float, more: Document
) -> None:
    service = {"part": "jwt_local", "leeway_s": leeway_s, **more}
    none = leeway_s >= 4.0 or bool(more)
    rows = simulated({**JWT, "service": service}, skew("service", -4.0), count=1 if none else RUNS)
    if none:
        assert all(row["refused_share"] == row["retried_share"] == 0 for row in rows)
    else:
        assert_covered([row["refused_share"] for row in rows], compute_refused_share(4.0 - leeway_s), 0.4)


def test_a_reader_whose_clock_is_ahead_refuses_the_last_seconds_and_a_new_token_is_served() -> None:
    ahead_s = 8.0
    rows = simulated(JWT, skew("service", ahead_s), count=11)
    assert all(row["refused_share"] == 0 for row in rows)
    retried = float((1 - np.exp(-OWN * (ahead_s - 1 + FRACTIONS))).mean())
    expected = retried / (1 + OWN * (LIFE_S - 0.5 - ahead_s))
    assert_covered([row["retried_share"] for row in rows], expected, 0.4)


ASKING = {"introspected": OPAQUE, "cached": CACHED}
ONE: Document = {"count": 1, "length_s": 620.0, "warm_up_s": 120.0}


@cache
def summarise_without_skew(name: str) -> dict[str, float]:
    """The run of a design with which each of its runs with skewed clocks is compared."""
    (row,) = simulated(ASKING[name], **ONE)
    return row


@pytest.mark.parametrize("host", ["service", "authorization_server"])
@pytest.mark.parametrize("seconds", [-1000.0, -2.0, 2.0, 1000.0])
@pytest.mark.parametrize("name", ASKING)
def test_answers_of_the_server_are_accepted_whatever_the_clocks(name: str, seconds: float, host: str) -> None:
    (row,), other = simulated(ASKING[name], skew(host, seconds, ONE["length_s"]), **ONE), summarise_without_skew(name)
    assert row["refused_share"] == row["failed_share"] == row["retried_share"] == 0
    assert row["hit_ratio"] == pytest.approx(other["hit_ratio"], abs=0.01)
    assert row["as_requests_per_s"] == pytest.approx(other["as_requests_per_s"], rel=0.02)


GATEWAY = {"gateway": {"work": constant(0.0)}}
INNER = {"inner_services": {"stock": {"audience": "https://api.example", "scope": "read", "work": constant(0.0)}}}
INNER["inner_services"]["stock"]["reply_bytes"] = 10  # type: ignore[index]
PHANTOM = {
    **design("jwt_local", "signing_reference_token", token_lifetime_s=LIFE_S),
    "authorization_server": {"part": "signing_reference_token", **ES256},
    "gateway": {"part": "phantom_token", "ttl_s": 20.0},
}


@pytest.mark.parametrize(
    ("chosen", "world", "service", "host", "refuses"),
    [
        ({**JWT, "gateway": {"part": "jwt_local"}}, GATEWAY, {}, "gateway", True),
        ({**JWT, "gateway": {"part": "relay"}}, GATEWAY, {}, "gateway", False),
        (PHANTOM, GATEWAY, {}, "gateway", False),
        (PHANTOM, GATEWAY, {}, "service", True),
        (JWT, INNER, {"calls": ["stock"]}, "service/stock", True),
        (OPAQUE, INNER, {"calls": ["stock"]}, "service/stock", False),
    ],
    ids=["gateway", "relay", "phantom at the gateway", "phantom behind it", "inner service", "inner introspection"],
)
def test_every_place_judges_signed_tokens_by_its_own_clock_and_answers_by_that_of_the_server(
    chosen: Document, world: Document, service: Document, host: str, refuses: bool
) -> None:
    rows = simulated(chosen, world, skew(host, -5.0), service=service, count=RUNS if refuses else 1)
    if refuses:
        assert_covered([row["refused_share"] for row in rows], compute_refused_share(5.0), 0.4)
    else:
        assert all(row["refused_share"] == row["retried_share"] == 0 for row in rows)


def test_replicas_of_the_server_whose_clocks_differ_do_not_refuse_each_others_references() -> None:
    chosen = {**OPAQUE, "replicas": {"authorization_server": 2}}
    fault = {**skew("authorization_server", 3.0)["faults"]["clock"], "replica": 0}
    rows = simulated(chosen, {"faults": {"clock": fault}}, count=1)
    assert all(row["refused_share"] == 0 for row in rows)


def test_the_case_of_the_public_reports() -> None:
    """One user, a request in ten seconds, the clock 2 s behind: opaque 0 %, JWT the first 2 s of each token."""
    fault = {"kind": "clock_skew", "host": "service", "skew_s": -2.0, "at_s": 0.0, "length_s": 4000.0}
    designs = {"opaque": {**OPAQUE, "token_lifetime_s": 100}, "jwt": {**JWT, "token_lifetime_s": 100}}
    run = {"length_s": 4000.0, "warm_up_s": 100.0, "world": {"faults": {"clock": fault}}}
    made = free_world(designs, users=1, arrival_rate=0.1, links=NO_DELAY, **run)
    assert (simulate(made, "opaque")["requests"]["outcome"] != REFUSED).all()
    shares = [summarise(simulate(made, "jwt", number), 100.0)["refused_share"] for number in range(6)]
    renewed = exp(0.1 * 2.0)
    assert_covered(shares, renewed / (renewed + 0.1 * (99.0 - 2.0)), 0.5)

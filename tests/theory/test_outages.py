"""Outages of the authorization server: simulation against exact results."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib import simulate
from simlib.analysis.availability import compute_availability, select_user_requests
from simlib.analysis.cache_theory import answers_older_than, availability_without_server, unexpired_share
from simlib.scenario.records import FINISHED
from simlib.scenario.scenario import Scenario
from support.networks import assert_covered
from support.topologies import OPAQUE, design, free_world

BEGIN, LENGTH = 6.0, 8.0
USERS, RATE = 40, 20.0
ROUND_TRIP = 0.001
TTL = 10.0
CACHED = design("opaque_cached", "reference_token", "introspection")
CACHED["service"] = {"part": "opaque_cached", "ttl_s": TTL}


def jwt(keys_s: float) -> dict[str, Any]:
    made = design("jwt_local", "jwt_access_token")
    made["service"] = {"part": "jwt_local", "jwks_lifetime_s": keys_s}
    made["authorization_server"] = {"part": "jwt_access_token", "algorithm": "ES256"}
    return made


def world(name: str, designed: dict[str, Any], length: float = LENGTH, **run: Any) -> Scenario:
    down = {"kind": "down", "host": "authorization_server", "at_s": BEGIN, "length_s": length}
    return free_world(
        {name: {**designed, "token_lifetime_s": 2e4, **run.pop("design", {})}},
        users=USERS,
        arrival_rate=RATE,
        service={"user_information_share": 0.0},
        world={"faults": {"down": down}},
        length_s=BEGIN + length + 4.0,
        caches="stationary",
        **run,
    )


def measured(scenario: Scenario, design: str, length: float, replications: int) -> list[float]:
    runs = (simulate(scenario, design, number) for number in range(replications))
    return [compute_availability(records, BEGIN, BEGIN + length) for records in runs]


@given(st.floats(0.1, 100.0), st.lists(st.floats(0.1, 100.0), max_size=3))
def test_the_closed_form_is_the_integral(outage: float, lives: list[float]) -> None:
    instants = (np.arange(4000) + 0.5) / 4000 * outage
    there = np.prod([np.maximum(0.0, 1 - instants / life) for life in lives], axis=0) if lives else np.ones(4000)
    assert unexpired_share(outage, lives) == pytest.approx(float(there.mean()), abs=2e-3)


def test_a_single_life_has_the_simple_form() -> None:
    assert unexpired_share(4.0, [10.0]) == pytest.approx(1 - 4 / 20)
    assert unexpired_share(30.0, [10.0]) == pytest.approx(10 / 60)
    assert unexpired_share(5.0, []) == 1.0
    assert availability_without_server(4.0, [(0.5, 10.0)]) == pytest.approx(5 / 6 * 0.8)
    for wrong in (lambda: unexpired_share(0.0, [1.0]), lambda: unexpired_share(1.0, [0.0])):
        with pytest.raises(ValueError, match="above 0"):
            wrong()


@given(st.floats(0.05, 5.0), st.floats(1.0, 50.0), st.floats(1.0, 100.0))
def test_it_is_the_mean_over_the_outage_of_what_is_left_at_each_instant(rate: float, ttl: float, outage: float) -> None:
    instants = (np.arange(2000) + 0.5) / 2000 * outage
    left = np.mean([answers_older_than(instant, rate, ttl) for instant in instants.tolist()])
    assert availability_without_server(outage, [(rate, ttl)]) == pytest.approx(float(left), abs=2e-3)


def test_opaque_without_a_cache_is_down_exactly_while_the_authorization_server_is() -> None:
    records = simulate(world("it", OPAQUE), "it")
    requests = select_user_requests(records)
    served = requests["outcome"] == FINISHED
    # A question is on its way to the authorization server one round trip of the client and half of one after arrival.
    asked = requests["arrival"] + ROUND_TRIP / 2
    there, back = asked + ROUND_TRIP / 2, BEGIN + LENGTH
    down = (there >= BEGIN) & (there < back)
    near = (np.abs(there - BEGIN) < 2 * ROUND_TRIP) | (np.abs(there - back) < 2 * ROUND_TRIP)
    assert down.sum() > 100
    assert (served == ~down)[~near].all()
    assert compute_availability(records, BEGIN + 2 * ROUND_TRIP, back - 2 * ROUND_TRIP) == 0.0


@pytest.mark.parametrize("length", [LENGTH, 18.0])
def test_with_a_cache_availability_follows_the_hit_ratio_and_the_remaining_time_to_live(length: float) -> None:
    values = measured(world("it", CACHED, length), "it", length, 24)
    expected = availability_without_server(length, [(RATE / USERS, TTL)])
    assert 0.2 < expected < 0.7
    assert_covered(values, expected, narrow=0.15)


def test_jwt_outlives_the_authorization_server_until_tokens_run_out() -> None:
    life = 12.0
    scenario = world("it", jwt(1e4), design={"token_lifetime_s": life})
    values = measured(scenario, "it", LENGTH, 12)
    # Tokens are issued in whole seconds: the client uses one for as long as it is told, half a second less on average.
    low, high = (availability_without_server(LENGTH, [(RATE / USERS, used)]) for used in (life - 1.0, life))
    assert low - 0.03 < np.mean(values) < high + 0.03
    assert np.mean(values) < 0.75


def test_jwt_outlives_the_authorization_server_until_keys_run_out() -> None:
    keys = 16.0
    values = measured(world("it", jwt(keys), design={"replicas": {"service": 8}}), "it", LENGTH, 16)
    expected = availability_without_server(LENGTH, [(RATE / USERS, 2e4)], [keys])
    assert_covered(values, expected, narrow=0.2)


def test_jwt_with_lives_beyond_the_outage_is_not_hurt_at_all() -> None:
    scenario = world("it", jwt(1e6))
    values = measured(scenario, "it", LENGTH, 2)
    assert min(values) > 0.98
    longer = replace(scenario, world=scenario.world.model_copy(update={"faults": {}}))
    assert measured(longer, "it", LENGTH, 1) == [1.0]

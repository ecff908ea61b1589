"""Stationary clients: the key set of an application that verifies identity tokens is as old as in a long run."""

from typing import Any

from simlib import simulate
from support.starts import count_calls, deviate
from support.topologies import free_world
from support.worlds import constant


def count_key_sets(wrappers: list[dict[str, Any]], caches: str, length: float, number: int) -> int:
    design = {
        "token_lifetime_s": 20,
        "user_information": "introspection",
        "client": {"part": "openid_connect", "jwks_lifetime_s": 60.0},
        "service": {"part": "opaque_introspection"},
        "authorization_server": {"part": "signing_reference_token", "algorithm": "ES256"},
        "wrappers": wrappers,
    }
    world = {"clients": [{"kind": "web", "share": 1.0, "session": constant(40.0)}]}
    made = free_world(
        {"it": design}, users=10, arrival_rate=10.0, world=world, length_s=length, caches=caches, seed=number
    )
    return count_calls(simulate(made, "it"), "jwks")


def test_key_sets_of_an_application_are_fetched_as_often_as_in_a_long_run() -> None:
    """One in the life of a key set and the time to the next token that comes, whatever the length of the run."""
    length, obtained = 15.0, 10 / 20
    fetched = [count_key_sets([], "stationary", length, number) / length for number in range(40)]
    deviate(fetched, 1 / (60.0 + 1 / obtained), 0.001)
    assert sum(fetched) > 0


def test_an_application_that_begins_empty_fetches_them_in_every_run() -> None:
    assert [count_key_sets([], "empty", 15.0, number) for number in range(3)] == [1, 1, 1]


def test_the_calls_of_the_client_may_be_wrapped() -> None:
    wrapped = [count_key_sets([{"part": "client_retry"}], "stationary", 5.0, number) for number in range(6)]
    assert sum(wrapped) < 6

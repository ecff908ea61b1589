"""The same networks as a SimPy tutorial would write them: a process per request, resources, timeouts."""

import random
from typing import Any

import simpy

Rows = list[tuple[Any, ...]]


def mm4(requests: int, seed: int) -> Rows:
    """M/M/4 at utilisation 0.8; one row per request: number, arrival, wait, end."""
    env = simpy.Environment()
    rng = random.Random(seed)
    server = simpy.Resource(env, capacity=4)
    rows: Rows = []

    def customer(number: int) -> Any:
        arrival = env.now
        with server.request() as turn:
            yield turn
            wait = env.now - arrival
            yield env.timeout(rng.expovariate(1.0))
        rows.append((number, arrival, wait, env.now))

    def source() -> Any:
        for number in range(requests):
            yield env.timeout(rng.expovariate(3.2))
            env.process(customer(number))

    env.process(source())
    env.run()
    return rows


def rs_as_rs(requests: int, seed: int, store: dict[str, int]) -> Rows:
    """A resource server (4) asks an authorization server (2), which looks into a dict, and goes on."""
    env = simpy.Environment()
    rng = random.Random(seed)
    resource_server = simpy.Resource(env, capacity=4)
    authorization_server = simpy.Resource(env, capacity=2)
    keys = list(store)
    rows: Rows = []

    def customer(number: int) -> Any:
        arrival = env.now
        with resource_server.request() as turn:
            yield turn
            yield env.timeout(rng.expovariate(1.0))
        yield env.timeout(0.5)
        with authorization_server.request() as turn:
            yield turn
            yield env.timeout(rng.expovariate(2.0))
            found = store.get(keys[number % len(keys)])
        yield env.timeout(0.5)
        with resource_server.request() as turn:
            yield turn
            yield env.timeout(rng.expovariate(1.0))
        rows.append((number, arrival, found, env.now))

    def source() -> Any:
        for number in range(requests):
            yield env.timeout(rng.expovariate(1.6))
            env.process(customer(number))

    env.process(source())
    env.run()
    return rows

"""The networks of the benchmark through simlib's public API."""

from typing import Any, NamedTuple

import numpy as np

from simlib.deployment.demand import draw_poisson_times
from simlib.engine.costs import StatedCosts
from simlib.engine.hosts import InProcess
from simlib.engine.network import Host, Network, Path
from simlib.engine.simulation import run_network
from simlib.scenario.distributions import Constant, Exponential
from simlib.scenario.effects import Call, Compute
from simlib.scenario.messages import StoreGet, StorePut, TokenRow
from simlib.scenario.records import Records
from simlib.scenario.variates import Variates
from simlib.stores import MemoryStore

SECOND = Exponential(mean_s=1.0)
COSTS = StatedCosts({"work": SECOND, "before": SECOND, "after": SECOND, "store.get": Exponential(mean_s=0.5)})
TAIL = 200.0
"""Seconds after the last arrival in which everything ends."""


def arrivals(rate: float, requests: int, seed: int) -> tuple[Any, float]:
    """So many Poisson arrivals and a horizon behind them."""
    times = draw_poisson_times(rate, 1.2 * requests / rate, Variates(seed, 0))[:requests]
    return times, float(times[-1]) + TAIL


def mm4(requests: int, seed: int) -> Records:
    """M/M/4 at utilisation 0.8, a record per request."""
    work = Compute("work")

    def bind(_: Any) -> Any:
        def serve(_: int) -> Any:
            yield work

        return serve

    network = Network((Host("server", 4, known_on_arrival=True),), ("server", bind), COSTS)
    times, horizon = arrivals(3.2, requests, seed)
    return run_network(network, times, horizon, Variates(seed, 0), detail="requests")


class Question(NamedTuple):
    """What the resource server asks."""

    key: str
    size: int = 0


def rs_as_rs(requests: int, seed: int, keys: list[str]) -> Records:
    """A resource server (4) asks an authorization server (2), which looks into its store, and goes on."""
    store = MemoryStore()
    for key in keys:
        store.execute(StorePut(key, TokenRow("access", "user", "client", "scope", "audience", 0.0, 1e9)))
    before, after = Compute("before"), Compute("after")
    questions = [Call("introspect", Question(key)) for key in keys]
    lookups = {key: Call("store", StoreGet(key)) for key in keys}

    def bind_entry(_: Any) -> Any:
        def serve(number: int) -> Any:
            yield before
            yield questions[number % len(questions)]
            yield after

        return serve

    def bind_introspect(_: Any) -> Any:
        def answer(question: Question) -> Any:
            return (yield lookups[question.key])

        return answer

    network = Network(
        hosts=(
            Host("service", 4, known_on_arrival=True),
            # The store is not written during the run, so what a lookup finds is known on arrival too.
            Host("authorization_server", 2, known_on_arrival=True),
        ),
        entry=("service", bind_entry),
        costs=COSTS,
        paths=(Path("service", "authorization_server", Constant(value_s=1.0)),),
        handlers={"introspect": ("authorization_server", bind_introspect)},
        local={"store": InProcess(lambda _: "store.get", store.execute)},
    )
    times, horizon = arrivals(1.6, requests, seed)
    return run_network(network, times, horizon, Variates(seed, 0), detail="requests")


def mean_latency(records: Records) -> float:
    """Mean time in the system, seconds."""
    rows = records["requests"]
    return float(np.nanmean(rows["end"] - rows["arrival"]))

"""Textbook queues and networks, run through the simulator's own engine for comparison with their exact solutions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simlib.analysis.columns import Floats
from simlib.deployment.demand import draw_poisson_times
from simlib.engine.arrivals import Cycles, draw_cycles
from simlib.engine.costs import SecondsOf, StatedCosts
from simlib.engine.network import Host, Network, Path
from simlib.engine.simulation import run_network
from simlib.scenario.distributions import Constant, Distribution
from simlib.scenario.effects import Call, Compute, Reply
from simlib.scenario.loads import ClosedLoad
from simlib.scenario.variates import Variates


@dataclass(frozen=True)
class RunSettings:
    """Runs of a textbook queue: length and warm-up in seconds, number of replications, seed."""

    length_s: float = 5000.0
    warm_up_s: float = 500.0
    replications: int = 10
    seed: int = 1


class _IntrospectionMessage:
    """The message of the resource server to the authorization server; only its size matters."""

    size = 0


def simulate_station(
    arrival_rate: float,
    service: SecondsOf,
    workers: int = 1,
    discipline: str = "fifo",
    settings: RunSettings = RunSettings(),
) -> Floats:
    """Mean sojourn (seconds) at one station under Poisson arrivals, one value per replication."""
    network = Network(
        hosts=(Host("station", workers, discipline=discipline),),
        entry=("station", lambda _: _build_handler("work")),
        costs=StatedCosts({"work": service}),
    )
    return _simulate_sojourns(network, arrival_rate, settings)


def simulate_tandem(
    arrival_rate: float, services: Sequence[SecondsOf], settings: RunSettings = RunSettings()
) -> Floats:
    """Mean sojourn (seconds) at RS, AS and RS again with one worker each; ``services`` are those of RS and AS."""
    return _simulate_sojourns(_build_call_network(services, 0.0), arrival_rate, settings)


def simulate_closed_network(
    users: int,
    think: Distribution,
    services: Sequence[SecondsOf],
    round_trip_s: float,
    settings: RunSettings = RunSettings(),
) -> Floats:
    """Requests per second of so many users who think, send a request (RS, AS, RS) and wait; one per replication."""
    return simulate_rates_and_responses(users, think, services, round_trip_s, settings)[0]


def simulate_rates_and_responses(
    users: int,
    think: Distribution,
    services: Sequence[SecondsOf],
    round_trip_s: float,
    settings: RunSettings = RunSettings(),
) -> tuple[Floats, Floats]:
    """The same requests per second, and mean seconds per request from sending to the answer; per replication."""
    network = _build_call_network(services, round_trip_s)
    rates, responses = [], []
    for replication in range(settings.replications):
        variates = Variates(settings.seed, replication)
        cycles = draw_cycles(ClosedLoad(think=think), users, settings.length_s, variates)
        rows = _run_network(network, cycles, variates, settings)
        rates.append((rows["end"] >= settings.warm_up_s).sum() / (settings.length_s - settings.warm_up_s))
        counted = (rows["arrival"] >= settings.warm_up_s) & np.isfinite(rows["end"])
        responses.append(float((rows["end"] - rows["arrival"])[counted].mean()))
    return np.array(rates), np.array(responses)


def _build_call_network(services: Sequence[SecondsOf], round_trip_s: float) -> Network:
    at_service, at_server = services
    return Network(
        hosts=(Host("service", 1), Host("authorization_server", 1)),
        entry=("service", lambda _: _handle_request),
        costs=StatedCosts({"before": at_service, "after": at_service, "look": at_server}),
        paths=(Path("service", "authorization_server", Constant(value_s=round_trip_s)),),
        handlers={"introspect": ("authorization_server", lambda _: _build_handler("look"))},
    )


def _handle_request(_: Any) -> Any:
    yield Compute("before")
    yield Call("introspect", _IntrospectionMessage())
    yield Compute("after")


def _build_handler(operation: str) -> Any:
    def handler(_: Any) -> Any:
        yield Compute(operation)
        return Reply(200)

    return handler


def _simulate_sojourns(network: Network, arrival_rate: float, settings: RunSettings) -> Floats:
    sojourns = []
    for replication in range(settings.replications):
        variates = Variates(settings.seed, replication)
        rows = _run_network(network, draw_poisson_times(arrival_rate, settings.length_s, variates), variates, settings)
        counted = (rows["arrival"] >= settings.warm_up_s) & np.isfinite(rows["end"])
        sojourns.append(float((rows["end"] - rows["arrival"])[counted].mean()))
    return np.array(sojourns)


def _run_network(network: Network, arrivals: Floats | Cycles, variates: Variates, settings: RunSettings) -> Any:
    records = run_network(network, arrivals, settings.length_s, variates, detail="requests")
    return records["requests"]

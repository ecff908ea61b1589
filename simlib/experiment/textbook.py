"""Queues of the textbook, run through the same engine as everything else: for comparison with their closed forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from simlib.engine.closed import Cycles, draw_cycles
from simlib.engine.costs import OwnCosts, SecondsOf
from simlib.engine.demand import poisson_times
from simlib.engine.network import Host, Network, Path, run_network
from simlib.scenario.distributions import Constant, Distribution
from simlib.scenario.effects import Call, Compute, Reply
from simlib.scenario.variates import Variates
from simlib.scenario.world import ClosedLoad


@dataclass(frozen=True)
class Looking:
    """How a textbook queue is looked at; seconds. The first ``warm_up_s`` of each run are left out."""

    length_s: float = 5000.0
    warm_up_s: float = 500.0
    replications: int = 10
    seed: int = 1


class _Question:
    """What the resource server of the tandem asks; nothing but a message."""

    size = 0


def station(
    arrival_rate: float,
    service: SecondsOf,
    workers: int = 1,
    discipline: Literal["fifo", "processor_sharing"] = "fifo",
    looking: Looking = Looking(),
) -> NDArray[np.float64]:
    """Mean sojourn (seconds) at one station under Poisson arrivals, one value per replication."""
    network = Network(
        hosts=(Host("station", workers, discipline=discipline),),
        entry=("station", lambda _: _computes("work")),
        costs=OwnCosts({"work": service}),
    )
    return _sojourns(network, arrival_rate, looking)


def tandem(arrival_rate: float, services: Sequence[SecondsOf], looking: Looking = Looking()) -> NDArray[np.float64]:
    """Mean sojourn (seconds) of RS, AS, RS again with one worker each; ``services`` are of RS and AS."""
    return _sojourns(_resource_server_asks(services, 0.0), arrival_rate, looking)


def closed(
    users: int,
    think: Distribution,
    services: Sequence[SecondsOf],
    round_trip_s: float,
    looking: Looking = Looking(),
) -> NDArray[np.float64]:
    """Requests per second of so many users who think, ask (RS, AS, RS) and wait; one value per replication."""
    return closed_figures(users, think, services, round_trip_s, looking)[0]


def closed_figures(
    users: int,
    think: Distribution,
    services: Sequence[SecondsOf],
    round_trip_s: float,
    looking: Looking = Looking(),
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same requests per second, and mean seconds per request from asking to the answer; per replication."""
    network = _resource_server_asks(services, round_trip_s)
    rates, responses = [], []
    for replication in range(looking.replications):
        variates = Variates(looking.seed, replication)
        cycles = draw_cycles(ClosedLoad(think=think), users, looking.length_s, variates)
        rows = _run(network, cycles, variates, looking)
        rates.append((rows["end"] >= looking.warm_up_s).sum() / (looking.length_s - looking.warm_up_s))
        kept = (rows["arrival"] >= looking.warm_up_s) & np.isfinite(rows["end"])
        responses.append(float((rows["end"] - rows["arrival"])[kept].mean()))
    return np.array(rates), np.array(responses)


def _resource_server_asks(services: Sequence[SecondsOf], round_trip_s: float) -> Network:
    at_service, at_server = services
    return Network(
        hosts=(Host("service", 1), Host("authorization_server", 1)),
        entry=("service", lambda _: _asks),
        costs=OwnCosts({"before": at_service, "after": at_service, "look": at_server}),
        paths=(Path("service", "authorization_server", Constant(value_s=round_trip_s)),),
        handlers={"introspect": ("authorization_server", lambda _: _computes("look"))},
    )


def _asks(_: Any) -> Any:
    yield Compute("before")
    yield Call("introspect", _Question())
    yield Compute("after")


def _computes(operation: str) -> Any:
    def handler(_: Any) -> Any:
        yield Compute(operation)
        return Reply(200)

    return handler


def _sojourns(network: Network, arrival_rate: float, looking: Looking) -> NDArray[np.float64]:
    found = []
    for replication in range(looking.replications):
        variates = Variates(looking.seed, replication)
        rows = _run(network, poisson_times(arrival_rate, looking.length_s, variates), variates, looking)
        kept = (rows["arrival"] >= looking.warm_up_s) & np.isfinite(rows["end"])
        found.append(float((rows["end"] - rows["arrival"])[kept].mean()))
    return np.array(found)


def _run(network: Network, arrivals: NDArray[np.float64] | Cycles, variates: Variates, looking: Looking) -> Any:
    records = run_network(network, arrivals, looking.length_s, variates, detail="requests")
    return records["requests"]

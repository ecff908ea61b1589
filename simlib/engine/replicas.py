"""Replicas of a host, built before a run: their stations, costs and contexts, with and without faults."""

from collections.abc import Mapping
from typing import Any

from simlib.engine.costs import CostTable, HostCosts
from simlib.engine.faults import Faults, Skew
from simlib.engine.hosts import HostContext, Replica, Threads
from simlib.engine.kernel import Kernel
from simlib.engine.network import Bind, Host
from simlib.engine.slowed_costs import SlowedCosts
from simlib.engine.stations import Station
from simlib.scenario.effects import Flow
from simlib.scenario.variates import Variates


class SkewedContext(HostContext):
    """View of a host with clock faults; its own clock is all that it can read."""

    __slots__ = ("_skews",)

    def __init__(self, kernel: Kernel, variates: Variates, name: str, replica: int, skews: list[Skew]) -> None:
        super().__init__(kernel, variates, name, replica)
        self._skews = skews

    def now(self) -> float:
        """The host's clock, seconds since the start of the run."""
        now = self._kernel._now
        return now + sum(skew.seconds for skew in self._skews if skew.begin <= now < skew.end)


NO_FAULTS = Faults()


def build_replicas(
    host: Host,
    handlers: Mapping[str, tuple[str, Bind]],
    station: type[Station],
    table: CostTable,
    faults: Faults,
    names: tuple[str, ...],
    kernel: Kernel,
    variates: Variates,
    requests: int,
) -> list[Replica]:
    """The replicas of one host, with stations of that form."""
    costs = build_costs(host.name, table, variates, requests, faults, kernel)
    replicas = []
    for index in range(host.replicas):
        context = build_context(kernel, variates, host.name, index, faults)
        workers = host.workers
        replica = Replica(names.index(host.name), context, None if workers is None else station(kernel, workers), costs)
        if host.threads is not None:
            replica.threads = Threads(host.threads)
            replica.threads_id = names.index(name_threads(host.name))
        for target, (where, bind) in handlers.items():
            if where == host.name:
                replica.handlers[target] = bind(context)
        replicas.append(replica)
    return replicas


def name_threads(host: str) -> str:
    """Name of a host's threads in records."""
    return f"{host}.threads"


def build_context(kernel: Kernel, variates: Variates, host: str, index: int, faults: Faults) -> HostContext:
    """The context of one replica: with a clock that may be off, if a fault says so."""
    skews = [skew for skew in faults.skews if skew.host == host and skew.replica in (None, index)]
    if not skews:
        return HostContext(kernel, variates, host, index)
    return SkewedContext(kernel, variates, host, index, skews)


def build_costs(
    host: str, table: CostTable, variates: Variates, requests: int, faults: Faults, kernel: Kernel
) -> HostCosts:
    """The costs on a host: with operations that take longer at times, if a fault says so."""
    slowdowns = [slow for slow in faults.slowdowns if slow.host == host and slow.operations]
    if not slowdowns:
        return HostCosts(host, table, variates, requests)
    return SlowedCosts(host, table, variates, requests, slowdowns, kernel)


def run_until_replaced(flow: Flow[Any], replica: Replica, group: list[Replica]) -> Flow[None]:
    """Run the background work of a replica until another takes its place in the group."""
    answer: Any = None
    while any(other is replica for other in group):
        try:
            effect = flow.send(answer)
        except StopIteration:
            return
        answer = yield effect

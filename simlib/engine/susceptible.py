"""What hosts are made of, where faults may befall them and where none do."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simlib.engine.costs import CostTable, HostCosts
from simlib.engine.faults import Faults
from simlib.engine.hosts import HostContext, Replica
from simlib.engine.kernel import Kernel
from simlib.engine.skewed_context import SkewedContext
from simlib.engine.slowed_costs import SlowedCosts
from simlib.engine.stations import build_station
from simlib.engine.threads import Threads
from simlib.scenario.effects import Flow
from simlib.scenario.variates import Variates

if TYPE_CHECKING:
    from simlib.engine.network import Bind, Host

NO_FAULTS = Faults()


def make_replicas(
    host: "Host",
    handlers: "Mapping[str, tuple[str, Bind]]",
    form: str,
    table: CostTable,
    faults: Faults,
    names: tuple[str, ...],
    kernel: Kernel,
    variates: Variates,
    requests: int,
) -> list[Replica]:
    """The replicas of one host, with stations of that form."""
    costs = make_costs(host.name, table, variates, requests, faults, kernel)
    replicas = []
    for index in range(host.replicas):
        context = make_context(kernel, variates, host.name, index, faults)
        station = None if host.workers is None else build_station(form, kernel, host.workers)
        replica = Replica(names.index(host.name), context, station, costs)
        if host.threads is not None:
            replica.threads = Threads(host.threads)
            replica.threads_id = names.index(threads_of(host.name))
        for target, (where, bind) in handlers.items():
            if where == host.name:
                replica.handlers[target] = bind(context)
        replicas.append(replica)
    return replicas


def threads_of(host: str) -> str:
    """What the threads of a host are called in records."""
    return f"{host}.threads"


def make_context(kernel: Kernel, variates: Variates, host: str, index: int, faults: Faults) -> HostContext:
    """The context of one replica: with a clock that may be off, if a fault says so."""
    skews = [skew for skew in faults.skews if skew.host == host and skew.replica in (None, index)]
    if not skews:
        return HostContext(kernel, variates, host, index)
    return SkewedContext(kernel, variates, host, index, skews)


def make_costs(
    host: str, table: CostTable, variates: Variates, requests: int, faults: Faults, kernel: Kernel
) -> HostCosts:
    """The costs on a host: with operations that take longer at times, if a fault says so."""
    slowdowns = [slow for slow in faults.slowdowns if slow.host == host and slow.operations]
    if not slowdowns:
        return HostCosts(host, table, variates, requests)
    return SlowedCosts(host, table, variates, requests, slowdowns, kernel)


def while_it_stands(flow: Flow[Any], replica: Replica, group: list[Replica]) -> Flow[None]:
    """What a replica does by itself, until another takes its place in the group."""
    answer: Any = None
    while any(other is replica for other in group):
        try:
            effect = flow.send(answer)
        except StopIteration:
            return
        answer = yield effect

"""Who reaches what in a network that is traced: the routes of the engine without links, stations and costs."""

from collections.abc import Hashable
from typing import Any, NamedTuple

from simlib.engine.hosts import Handler, HostContext, InProcess
from simlib.engine.kernel import Kernel
from simlib.engine.network import Network, Path
from simlib.scenario.variates import Variates


class Way(NamedTuple):
    """How a host reaches a target on another one."""

    target: str
    callee: "TracedReplica"
    path: Path

    @property
    def behind_the_server(self) -> bool:
        """Whether the callee is the database of the one who calls."""
        return self.path.callee.partition("@")[0] == "store"


class TracedReplica:
    """One replica of a host: what it is lent, what it answers, whom it reaches, what is under way only once."""

    def __init__(self, context: HostContext) -> None:
        self.context = context
        self.name = context.name
        self.party = context.name.partition("@")[0]
        self.handlers: dict[str, Handler] = {}
        self.ways: dict[str, Way] = {}
        self.local: dict[str, InProcess] = {}
        self.flights: dict[Hashable, list[Any]] = {}
        self.drawn = 0


Replicas = dict[str, list[TracedReplica]]


def traced_replicas(network: Network, kernel: Kernel, variates: Variates) -> Replicas:
    """All replicas by host, connected. Of several that share a target the first one answers."""
    replicas = {
        host.name: [TracedReplica(HostContext(kernel, variates, host.name, n)) for n in range(host.replicas)]
        for host in network.hosts
    }
    for target, (where, bind) in network.handlers.items():
        for replica in replicas[where]:
            replica.handlers[target] = bind(replica.context)
    for path in network.paths:
        for replica in replicas[path.caller]:
            replica.ways |= _ways(network, replicas, path)
    for host, group in replicas.items():
        for replica in group:
            replica.local = {**network.local, **network.local_to.get(host, {})}
            aliases = network.aliases.get(host, {})
            replica.ways |= {name: replica.ways[target] for name, target in aliases.items() if target in replica.ways}
    return replicas


def _ways(network: Network, replicas: Replicas, path: Path) -> dict[str, Way]:
    callees, ways = replicas[path.callee], {}
    for target, (where, _) in network.handlers.items():
        if where == path.callee:
            ways[target] = Way(target, callees[0], path)
            if target in network.single:
                ways |= {f"{target}#{n}": Way(target, callee, path) for n, callee in enumerate(callees)}
    return ways

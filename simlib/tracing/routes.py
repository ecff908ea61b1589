"""Routes of a traced network: which replica reaches which target on which host, without links, stations and costs."""

from collections.abc import Hashable
from typing import Any, NamedTuple

from simlib.engine.hosts import Handler, HostContext, InProcess
from simlib.engine.kernel import Kernel
from simlib.engine.network import Network, Path
from simlib.scenario.variates import Variates


class TracedRoute(NamedTuple):
    """Route of a host to a target on another one."""

    target: str
    callee: "TracedReplica"
    path: Path

    @property
    def is_own_database(self) -> bool:
        """Whether the callee is the caller's own database."""
        return self.path.callee.partition("@")[0] == "store"


class TracedReplica:
    """One replica of a host: its context, its handlers, its routes, and the work that its requests share.

    ``in_flight``: key of shared work -> the tasks that wait for it. ``draw_count``: random numbers drawn so far.
    """

    def __init__(self, context: HostContext) -> None:
        self.context = context
        self.name = context.name
        self.party = context.name.partition("@")[0]
        self.handlers: dict[str, Handler] = {}
        self.routes: dict[str, TracedRoute] = {}
        self.local: dict[str, InProcess] = {}
        self.in_flight: dict[Hashable, list[Any]] = {}
        self.draw_count = 0


Replicas = dict[str, list[TracedReplica]]


def build_traced_replicas(network: Network, kernel: Kernel, variates: Variates) -> Replicas:
    """Build and connect all replicas by host. Of several replicas with the same target the first one answers."""
    replicas = {
        host.name: [TracedReplica(HostContext(kernel, variates, host.name, n)) for n in range(host.replicas)]
        for host in network.hosts
    }
    for target, (host, bind) in network.handlers.items():
        for replica in replicas[host]:
            replica.handlers[target] = bind(replica.context)
    for path in network.paths:
        for replica in replicas[path.caller]:
            replica.routes |= _list_routes(network, replicas, path)
    for host, group in replicas.items():
        for replica in group:
            replica.local = {**network.local, **network.local_to.get(host, {})}
            aliases = network.aliases.get(host, {})
            replica.routes |= {
                name: replica.routes[target] for name, target in aliases.items() if target in replica.routes
            }
    return replicas


def _list_routes(network: Network, replicas: Replicas, path: Path) -> dict[str, TracedRoute]:
    callees, routes = replicas[path.callee], {}
    for target, (host, _) in network.handlers.items():
        if host == path.callee:
            routes[target] = TracedRoute(target, callees[0], path)
            if target in network.single:
                routes |= {f"{target}#{n}": TracedRoute(target, callee, path) for n, callee in enumerate(callees)}
    return routes

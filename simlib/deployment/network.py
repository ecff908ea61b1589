"""Network of a deployment: its hosts, links, handlers, costs and faults, built for one run of the engine."""

from array import array
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from simlib.deployment.authorization_servers import ServerRuntime
from simlib.deployment.browser_backend import bind_backend
from simlib.deployment.database import list_database_costs
from simlib.deployment.demand import Demand, RequestBlock
from simlib.deployment.deployment import SHARED, Deployment
from simlib.deployment.faults import build_faults
from simlib.deployment.faulty_services import bind_faulty_database
from simlib.deployment.handlers import bind_shared_store
from simlib.deployment.instrumentation import record_request
from simlib.deployment.overload import wrap_client, wrap_handlers
from simlib.deployment.warm_start import warm_up
from simlib.engine.costs import SecondsOf, StatedCosts
from simlib.engine.hosts import Handler, HostContext, InProcess
from simlib.engine.network import Bind, Network
from simlib.engine.request_log import RequestLog
from simlib.scenario.effects import Flow
from simlib.scenario.hosts import AUTHORIZATION_SERVER, BACKEND, CLIENT, SHARED_STORE, STORE, name_in_region
from simlib.scenario.messages import (
    HttpRequest,
)
from simlib.scenario.records import STRANGER
from simlib.scenario.world import World
from simlib.services import ENDPOINTS


def build_network(deployment: Deployment) -> Network:
    """Build the network of a deployment; with stationary caches it has been at work before."""
    world, topology, demand = deployment.world, deployment.topology, deployment.demand
    if deployment.scenario.run.caches == "stationary":
        warm_up(deployment)
    handlers, hosts, profile = _build_handlers(deployment), topology.build_hosts(), deployment.scenario.profile
    regions, own_costs = deployment.regions, _list_own_costs(world)
    inner = [point for point in deployment.enforcement_points if point.host not in ("gateway", "service")]
    return Network(
        hosts=hosts,
        entry=(name_in_region(CLIENT, regions[0]), partial(_bind_entry, deployment)),
        costs=StatedCosts(own_costs, profile),
        paths=topology.build_paths(),
        handlers=handlers,
        charge_calls=True,
        after=tuple(
            deployment.revocations.schedule(deployment.population, deployment.find_client_host, deployment.route_home)
        ),
        open_log=_build_log_opener(demand),
        local_to={
            name_in_region(AUTHORIZATION_SERVER, region): _list_in_process(deployment, server)
            for region, server in deployment.servers.items()
        },
        aliases=topology.build_aliases(tuple(ENDPOINTS)),
        single=frozenset(point.receive_target for point in deployment.enforcement_points if point.receives),
        backgrounds={
            point.host: deployment.handlers.list_background_tasks(point) for point in deployment.enforcement_points
        },
        costs_of={
            point.host: StatedCosts({**own_costs, "service.work": point.listening.work}, profile) for point in inner
        },
        warm=deployment.scenario.run.caches == "stationary",
        faults=build_faults(deployment, frozenset(host.name for host in hosts)) if deployment.schedule else None,
        entries=None
        if demand.regions is None
        else [name_in_region(CLIENT, regions[r]) for r in demand.regions.tolist()],
    )


def _list_own_costs(world: World) -> dict[str, SecondsOf]:
    """The costs that the world states for its own work; all others are the profile's."""
    own: dict[str, SecondsOf] = {"service.work": world.service.work}
    if world.gateway is not None:
        own["gateway.work"] = world.gateway.work
    if world.store.database is not None:
        own |= list_database_costs(world.store.database)
    if world.shared_store is not None:
        own |= {"shared.call": world.shared_store.call, "shared.work": world.shared_store.work}
    return own


def _build_handlers(deployment: Deployment) -> dict[str, tuple[str, Bind]]:
    """Target -> its host and the bind of its handler; callers on a host in a retry storm repeat their calls."""
    world = deployment.world
    handlers: dict[str, tuple[str, Bind]] = {}
    for point in deployment.enforcement_points:
        handlers[point.target] = (point.host, deployment.handlers.bind_enforcement_point(point))
        if point.receives:
            handlers[point.receive_target] = (point.host, deployment.handlers.bind_receiver(point))
    for region, server in deployment.servers.items():
        host = name_in_region(AUTHORIZATION_SERVER, region)
        endpoints = deployment.handlers.bind_endpoints(
            deployment.authorization_servers[region], deployment.build_endpoint_fault(region)
        )
        handlers |= {name_in_region(name, region): (host, bind) for name, bind in endpoints.items()}
        if world.store.database is not None:
            handlers[name_in_region(STORE, region)] = (
                name_in_region(STORE, region),
                bind_faulty_database(deployment.schedule, server.store),
            )
    if world.backend is not None:
        for region in deployment.regions:
            backend = deployment.find_backend(region)
            assert backend is not None
            host = name_in_region(BACKEND, region)
            handlers[host] = (host, bind_backend(backend, world, deployment.parts, deployment.variates))
    if deployment.topology.shared is not None:
        handlers[SHARED] = (SHARED_STORE, bind_shared_store(deployment.shared))
    return wrap_handlers(deployment.schedule, handlers)


def _list_in_process(deployment: Deployment, server: ServerRuntime) -> dict[str, InProcess]:
    """The token store, where it is in the authorization server's own process."""
    operation_of = deployment.find_store_operation()
    return {} if operation_of is None else {STORE: InProcess(operation_of, server.store.execute)}


def _bind_entry(deployment: Deployment, ctx: HostContext) -> Handler:
    presenter, population = deployment.parts.presenter, deployment.population
    needs = (False, True)
    may_fail = bool(deployment.schedule)
    routes_calls = len(deployment.regions) > 1
    requests = {(i, s): HttpRequest(needs_user_information=i, sensitive=s) for i in needs for s in needs}

    def start_request(log: RequestLog) -> Flow[Any]:
        state = population.find_client(log.user)
        request = requests[log.user_information, log.sensitive]
        flow = record_request(presenter.request(ctx, state, request), ctx, log)
        if routes_calls:
            flow = deployment.route_home(log.user, flow)
        if not may_fail:
            return flow
        return wrap_client(deployment.schedule, ctx, _find_client_host(deployment, log), flow)

    return start_request


def _find_client_host(deployment: Deployment, log: RequestLog) -> str:
    """The client host at which a request is made."""
    regions = deployment.demand.regions
    return name_in_region(CLIENT, deployment.regions[0 if regions is None else int(regions[log.request])])


def _build_log_opener(demand: Demand) -> Callable[[int, float], RequestLog]:
    """Build what opens the log of a request, block by block where several follow one another."""
    blocks = demand.iterate_blocks()
    begin, end, count = 0, 0, demand.count
    users, information, sensitive = _read_block(next(blocks))
    end = len(users)

    def open_log(request: int, arrival: float) -> RequestLog:
        nonlocal begin, end, users, information, sensitive
        if request >= end:
            if request >= count:
                return RequestLog(request, STRANGER, arrival, False)
            users, information, sensitive = _read_block(next(blocks))
            begin, end = end, end + len(users)
        at = request - begin
        return RequestLog(request, users[at], arrival, information[at] == 1, sensitive[at] == 1)

    return open_log


def _read_block(block: RequestBlock) -> tuple["array[int]", bytes, bytes]:
    """Columns as arrays of the interpreter, whose items are read quickly."""
    users = array("q", block.users.astype(np.int64).tobytes())
    sensitive = bytes(len(users)) if block.sensitive is None else block.sensitive.tobytes()
    return users, block.needs_user_information.tobytes(), sensitive

"""Faults of a deployment: a scenario's fault schedule made into faults of its network and of what hosts remember."""

from functools import partial
from typing import Any

from simlib.deployment.deployment import Deployment
from simlib.deployment.faulty_services import fail_with_store
from simlib.deployment.key_rotation import withdraws_keys
from simlib.deployment.overload import build_flood_arrivals
from simlib.deployment.revocations import IndexedStore
from simlib.engine.faults import Faults, Job, Restart
from simlib.engine.hosts import HostContext
from simlib.scenario.effects import Flow
from simlib.scenario.hosts import AUTHORIZATION_SERVER, BACKEND, CLIENT, SHARED_STORE, name_in_region
from simlib.services import AuthorizationServer
from simlib.stores import TokenStore


def build_faults(deployment: Deployment, hosts: frozenset[str]) -> Faults:
    """The faults of the network of a deployment that has these hosts."""
    schedule = deployment.schedule
    client = name_in_region(CLIENT, deployment.regions[0])
    return Faults(
        times=schedule.list_times(),
        outages=schedule.build_outages(hosts),
        slowdowns=schedule.build_slowdowns(hosts),
        cuts=schedule.build_cuts(),
        skews=schedule.build_skews(),
        restarts=tuple(
            Restart(host, instant, partial(_forget_memory, deployment, host))
            for host, instant in schedule.list_cold_starts(hosts)
        ),
        jobs=(*_build_logouts(deployment), *_build_withdrawals(deployment, client), *_build_herds(deployment, client)),
        extra_arrivals=build_flood_arrivals(deployment.world, schedule.list_floods(), client, deployment.variates),
    )


def _forget_memory(deployment: Deployment, host: str) -> None:
    """Memory of a host, beyond what its handlers are bound to anew."""
    deployment.handlers.forget(host)
    if host == SHARED_STORE:
        deployment.shared.clear()
    for region, server in deployment.servers.items():
        if host == name_in_region(AUTHORIZATION_SERVER, region) and deployment.world.store.kind == "dict":
            for user in _list_users(deployment):
                deployment.population.find_client(user)  # a user without a request so far has a row to lose too
            server.store.close()


def _list_users(deployment: Deployment) -> list[int]:
    """The users who come in this run, in order."""
    return [int(user) for user in deployment.demand.active_users]


def _draw_users(deployment: Deployment, name: str, begin: float, share: float) -> list[int]:
    """A share of the users, drawn by the fault and the instant."""
    uniforms = deployment.variates.draw_column(f"fault.{name}.{begin!r}.user", len(deployment.demand.rates))
    return [int(user) for user in (uniforms < share).nonzero()[0]]


def _build_logouts(deployment: Deployment) -> list[Job]:
    jobs = []
    for time, fault in deployment.schedule.list_logouts():
        for user in _draw_users(deployment, time.name, time.begin, fault.share):
            region = deployment.population.find_region(user)
            flow = partial(
                _log_out, deployment, user, deployment.authorization_servers[region], deployment.servers[region].store
            )
            jobs.append(Job(name_in_region(AUTHORIZATION_SERVER, region), time.begin, flow))
    return jobs


def _log_out(
    deployment: Deployment, user: int, server: AuthorizationServer, store: TokenStore, ctx: HostContext
) -> Flow[Any]:
    assert isinstance(store, IndexedStore)
    deployment.population.find_client(user)  # a user without a request so far has a session too
    flow = deployment.session_ends.log_out(ctx, user, server, store)
    return fail_with_store(flow, ctx, deployment.schedule.is_store_full, deployment.find_store_operation())


def _build_withdrawals(deployment: Deployment, client: str) -> list[Job]:
    if not any(withdraws_keys(server.issuer) for server in deployment.servers.values()):
        return []
    return [Job(client, instant, partial(_withdraw, deployment)) for instant in deployment.schedule.list_emergencies()]


def _withdraw(deployment: Deployment, ctx: HostContext) -> Flow[int]:
    """Written down where no clock is off and nothing is down."""
    yield from ()
    return sum(1 for _ in deployment.session_ends.withdraw(_list_users(deployment), ctx.now()))


def _build_herds(deployment: Deployment, client: str) -> list[Job]:
    return [
        Job(
            client,
            time.begin,
            partial(_end_tokens, deployment, _draw_users(deployment, time.name, time.begin, fault.share)),
        )
        for time, fault in deployment.schedule.list_herds()
    ]


def _end_tokens(deployment: Deployment, users: list[int], _: HostContext) -> Flow[None]:
    yield from ()
    for user in users:
        client = deployment.population.find_client(user)
        if client.target != BACKEND:
            client.access_token = None

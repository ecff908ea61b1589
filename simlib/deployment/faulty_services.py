"""What a world's faults do to a deployment: to its servers' code, and as faults of its network.

A token store that fails: what the authorization server's own code makes of it, and a store that takes no writes.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from simlib.deployment.fault_schedule import FaultSchedule, insistent, insistent_host
from simlib.deployment.floods import strangers_of
from simlib.deployment.handlers import AroundEndpoint
from simlib.deployment.parts import RotatingIssuer, withdrawals
from simlib.deployment.revocations import IndexedStore
from simlib.deployment.topology import database_handler
from simlib.engine.faults import Faults, Job, Restart
from simlib.engine.hosts import Handler, HostContext
from simlib.engine.network import Bind
from simlib.scenario.effects import Call, Compute, Context, Failed, Flow, Reply
from simlib.scenario.hosts import AUTHORIZATION_SERVER, BACKEND, CLIENT, SHARED_STORE, STORE, at
from simlib.scenario.messages import HttpRequest, StoreConsume, StorePut, StoreRequest, StoreRevoke
from simlib.services import AuthorizationServer
from simlib.stores import TokenStore
from simlib.strategies import Endpoint, Issuer
from simlib.tokens import KeySet

if TYPE_CHECKING:
    from simlib.deployment.deployment import Deployed

WRITES = (StorePut, StoreRevoke, StoreConsume)
FULL = Failed("status", 500)

IsFull = Callable[[float], bool]
"""Whether the store takes no writes at an instant (seconds)."""


def may_fail(
    flow: Flow[Any], ctx: Context, is_full: IsFull, operation_of: Callable[[StoreRequest], str] | None
) -> Flow[Any]:
    """The work of a server that ends with 500 when its store fails, as after an exception that nobody caught (RFC 9110
    section 15.6.1). What it wrote before that stays written.

    ``operation_of``: of a store in the server's own process, what a request costs; None when a host of its own answers.
    """
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        if not isinstance(effect, Call) or effect.target != STORE:
            answer = yield effect
            continue
        if operation_of is not None and isinstance(effect.request, WRITES) and is_full(ctx.now()):
            yield Compute(operation_of(effect.request))
            answer = FULL
        else:
            answer = yield effect
        if answer.__class__ is Failed:
            flow.close()
            return Reply(500)


class FullAtTimes:
    """A store on a host of its own that refuses writes while it is full."""

    def __init__(self, execute: Callable[[StoreRequest], Any], is_full: IsFull, now: Callable[[], float]) -> None:
        self._execute = execute
        self._is_full = is_full
        self._now = now

    def execute(self, request: StoreRequest) -> Any:
        """The answer of the store, or that it failed."""
        return FULL if isinstance(request, WRITES) and self._is_full(self._now()) else self._execute(request)


OperationOf = Callable[[StoreRequest], str] | None


# --- code of servers and clients ---------------------------------------------------------------------------------


def endpoint_mishaps(weather: FaultSchedule, issuer: Issuer, operation_of: OperationOf) -> AroundEndpoint:
    """What goes wrong inside an authorization server: other key sets, a store that fails."""

    def around(name: str, endpoint: Endpoint) -> Endpoint:
        if name == "jwks" and weather.changes_key_sets:
            endpoint = partial(_jwks, endpoint, weather, issuer)
        if weather.hits_the_store:
            endpoint = partial(_failing, endpoint, weather, operation_of)
        return endpoint

    return around


def _jwks(
    endpoint: Endpoint, weather: FaultSchedule, issuer: Issuer, ctx: Context, request: HttpRequest, server: Any
) -> Flow[Reply]:
    keys = KeySet() if weather.jwks_is_empty(ctx.now()) else _key_set(issuer, ctx.now())
    return (yield from endpoint(ctx, request, replace(server, jwks=keys.to_jwks)))


def _key_set(issuer: Any, now: float) -> KeySet:
    """The public keys at an instant (seconds)."""
    inner = issuer
    while not isinstance(inner, RotatingIssuer):
        if not hasattr(inner, "inner"):
            only = issuer.keys()
            return KeySet(tuple(key.verification_key for key in only))
        inner = inner.inner
    return inner.key_set(now)


def _failing(
    endpoint: Endpoint, weather: FaultSchedule, operation_of: OperationOf, ctx: Context, request: HttpRequest, server: Any
) -> Flow[Reply]:
    return may_fail(endpoint(ctx, request, server), ctx, weather.store_is_full, operation_of)


def database_mishaps(weather: FaultSchedule, store: TokenStore) -> Bind:
    """The handler of a token store on a host of its own, which may be full."""

    def bind(ctx: HostContext) -> Handler:
        if not weather.hits_the_store:
            return database_handler(store)
        failing: Any = FullAtTimes(store.execute, weather.store_is_full, ctx.now)
        return database_handler(failing)

    return bind


def insistent_hosts(weather: FaultSchedule, handlers: dict[str, tuple[str, Bind]]) -> dict[str, tuple[str, Bind]]:
    """The handlers, those of hosts in a retry storm with their calls repeated."""
    storms = {host: weather.storms(host) for host, _ in handlers.values()}
    return {
        target: (host, insistent_host(bind, storms[host]) if storms[host] else bind)
        for target, (host, bind) in handlers.items()
    }


def insistent_client(weather: FaultSchedule, ctx: Context, host: str, flow: Flow[Any]) -> Flow[Any]:
    """A client's request, its calls repeated in a retry storm."""
    if not weather:
        return flow
    storms = weather.storms(host)
    return insistent(flow, ctx, storms) if storms else flow


# --- the network ---------------------------------------------------------------------------------------------------


def faults_of(deployed: "Deployed", hosts: frozenset[str]) -> Faults:
    """The faults of the network of a deployment that has these hosts."""
    weather = deployed.weather
    client = at(CLIENT, deployed.regions[0])
    return Faults(
        times=weather.told(),
        outages=weather.outages(hosts),
        slowdowns=weather.slowdowns(hosts),
        cuts=weather.cuts(),
        skews=weather.skews(),
        restarts=tuple(
            Restart(host, instant, partial(_forget, deployed, host)) for host, instant in weather.cold_starts(hosts)
        ),
        jobs=(*_logouts(deployed), *_withdrawals(deployed, client), *_herds(deployed, client)),
        strangers=strangers_of(deployed.world, weather.floods(), client, deployed.variates),
    )


def _forget(deployed: "Deployed", host: str) -> None:
    """What a host has in memory, beyond what its handlers are bound to anew."""
    deployed.handlers.forget(host)
    if host == SHARED_STORE:
        deployed.shared.clear()
    for region, server in deployed.as_servers.items():
        if host == at(AUTHORIZATION_SERVER, region) and deployed.world.store.kind == "dict":
            for user in _visitors(deployed):
                deployed.population.client(user)  # whoever has not come yet has a row to lose all the same
            server.store.close()


def _visitors(deployed: "Deployed") -> list[int]:
    """The users who come in this run, in order."""
    return sorted(set(deployed.demand.users.tolist()))


def _chosen(deployed: "Deployed", name: str, begin: float, share: float) -> list[int]:
    """A share of the users, drawn by the fault and the instant."""
    uniforms = deployed.variates.column(f"fault.{name}.{begin!r}.user", len(deployed.demand.rates))
    return [int(user) for user in (uniforms < share).nonzero()[0]]


def _logouts(deployed: "Deployed") -> list[Job]:
    jobs = []
    for time, fault in deployed.weather.logouts():
        for user in _chosen(deployed, time.name, time.begin, fault.share):
            region = deployed.population.server_region(user)
            flow = partial(_log_out, deployed, user, deployed.values[region], deployed.as_servers[region].store)
            jobs.append(Job(at(AUTHORIZATION_SERVER, region), time.begin, flow))
    return jobs


def _log_out(
    deployed: "Deployed", user: int, server: AuthorizationServer, store: TokenStore, ctx: HostContext
) -> Flow[Any]:
    assert isinstance(store, IndexedStore)
    deployed.population.client(user)  # whoever has not come yet has a session all the same
    flow = deployed.sessions_ended.log_out(ctx, user, server, store)
    return may_fail(flow, ctx, deployed.weather.store_is_full, deployed.in_process_operation())


def _withdrawals(deployed: "Deployed", client: str) -> list[Job]:
    if not any(withdrawals(server.issuer) for server in deployed.as_servers.values()):
        return []
    return [Job(client, instant, partial(_withdraw, deployed)) for instant in deployed.weather.emergencies()]


def _withdraw(deployed: "Deployed", ctx: HostContext) -> Flow[int]:
    """Written down where no clock is off and nothing is down."""
    yield from ()
    return sum(1 for _ in deployed.sessions_ended.withdraw(_visitors(deployed), ctx.now()))


def _herds(deployed: "Deployed", client: str) -> list[Job]:
    return [
        Job(client, time.begin, partial(_end_tokens, deployed, _chosen(deployed, time.name, time.begin, fault.share)))
        for time, fault in deployed.weather.herds()
    ]


def _end_tokens(deployed: "Deployed", users: list[int], _: HostContext) -> Flow[None]:
    yield from ()
    for user in users:
        client = deployed.population.client(user)
        if client.target != BACKEND:
            client.held = None

"""A scenario's design made into a network: parts, servers, clients and everything between them."""

from collections.abc import Callable, Mapping
from typing import Any

from simlib.deployment.authorization_servers import Server, Servers, authorization_server
from simlib.deployment.demand import Demand, draw_demand
from simlib.deployment.enforcement_points import make_sites, subscribers_of
from simlib.deployment.fault_schedule import FaultSchedule
from simlib.deployment.faulty_services import (
    database_mishaps,
    endpoint_mishaps,
    faults_of,
    insistent_client,
    insistent_hosts,
)
from simlib.deployment.handlers import AroundEndpoint, Handlers, backend, shared_store
from simlib.deployment.instrumentation import observed_request
from simlib.deployment.offline_run import PastReplica, Resource
from simlib.deployment.parts import deployment_of, make_parts
from simlib.deployment.population import ObservedTokens, Population
from simlib.deployment.revocations import IndexedStore, SessionsEnded, Thefts
from simlib.deployment.sign_in import sign_ins_of
from simlib.deployment.topology import Topology, database_costs, routed
from simlib.deployment.warm_start import warm
from simlib.engine.costs import OwnCosts, SecondsOf
from simlib.engine.hosts import Handler, HostContext, InProcess
from simlib.engine.network import Bind, Network
from simlib.engine.request_log import RequestLog
from simlib.scenario.design import Design
from simlib.scenario.effects import Flow
from simlib.scenario.hosts import AUTHORIZATION_SERVER, BACKEND, CLIENT, SHARED_STORE, STORE, at
from simlib.scenario.messages import (
    HttpRequest,
    StoreConsume,
    StoreGet,
    StorePut,
    StoreRequest,
    StoreRevoke,
    StoreRevokedSince,
)
from simlib.scenario.records import STRANGER
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import Sink
from simlib.scenario.variates import Variates
from simlib.services import ENDPOINTS, AuthorizationServer
from simlib.stores import SharedStore, TokenStore
from simlib.strategies import Issuer

SHARED = "shared"
AT_HOME = frozenset({BACKEND})
VERBS: Mapping[type[Any], str] = {
    StoreGet: "get",
    StorePut: "put",
    StoreRevoke: "revoke",
    StoreConsume: "consume",
    StoreRevokedSince: "list",
}
"""What the cost profile calls the requests to a store in the server's process."""


class Deployed:
    """One replication of one design, ready to run. ``stores``: region of an authorization server -> its token store."""

    def __init__(
        self, scenario: Scenario, design: Design, variates: Variates, make_store: Callable[[], TokenStore], sink: Sink
    ) -> None:
        self.scenario = scenario
        self.world = scenario.world
        self.variates = variates
        self.demand: Demand = draw_demand(scenario, variates)
        self.weather = FaultSchedule(scenario, variates)
        subscribers: dict[str, tuple[str, ...]] = {}
        self.parts = make_parts(design, deployment_of(scenario, design, variates, subscribers))
        self.regions = self.world.regions.names if self.world.regions is not None else ("",)
        self.sites = make_sites(self.parts, self.world, self.regions)
        subscribers.update(subscribers_of(self.sites))  # parts hold the mapping; it is complete before anything runs
        self.topology = Topology(self.world, self.parts, self.sites)
        self.shared = SharedStore()
        self.as_servers = {
            region: Server(region, self._issuer(region), self._store(make_store), self._beyond)
            for region in self.topology.as_regions
        }
        self.thefts = self._thefts(sink)
        self.population = self._population(sink)
        self.handlers = Handlers(self.world, self.parts, self.population.token_id)
        self.values = {region: self._value(server) for region, server in self.as_servers.items()}
        self.sessions_ended = SessionsEnded(self.population, sink.writer("revocations"))

    def _issuer(self, region: str) -> Issuer:
        return self.parts.issuer(region, self.weather.key_changes())

    def _store(self, make_store: Callable[[], TokenStore]) -> TokenStore:
        return IndexedStore(make_store()) if self.weather.logouts() else make_store()

    def _value(self, server: Server) -> AuthorizationServer:
        tokens = ObservedTokens(server.issuer, self.population, self._revoked)
        return authorization_server(self.world, self.parts, server, tokens, self.demand, self.variates)

    def close(self) -> None:
        """Let go of the token stores."""
        for server in self.as_servers.values():
            server.store.close()

    # --- people ------------------------------------------------------------------------------------------------------

    def _population(self, sink: Sink) -> Population:
        return Population(
            self.demand,
            self.variates,
            self.parts.presenter,
            self.parts.wrappers,
            Servers(self.as_servers, self.regions, self.demand),
            self.parts.deployment.scope,
            sign_ins_of(self.world, self.parts, self.demand, self.variates),
            sink.writer("tokens"),
            self.weather.ends_sessions,
        )

    def _thefts(self, sink: Sink) -> Thefts:
        return Thefts(
            self.world.revocations.rate,
            self.scenario.horizon_s,
            self.demand,
            self.variates,
            self.parts.presenter.authorization,
            sink.writer("revocations"),
        )

    def _client_host(self, user: int) -> str:
        return at(CLIENT, self._home(user))

    def _home(self, user: int) -> str:
        return self.regions[0] if self.demand.homes is None else self.regions[self.demand.homes[user]]

    def _routed(self, user: int, flow: Flow[Any]) -> Flow[Any]:
        """A client's generator with its calls sent to the servers of its user's home region that every region has.

        A backend keeps sessions to itself, so a browser goes to the one at home wherever its user is.
        """
        if len(self.regions) == 1:
            return flow
        return routed(flow, AT_HOME | frozenset(ENDPOINTS if len(self.as_servers) > 1 else ()), self._home(user))

    # --- the network -------------------------------------------------------------------------------------------------

    def network(self) -> Network:
        """The network of this design."""
        topology, demand = self.topology, self.demand
        if self.scenario.run.caches == "stationary":
            warm(self)
        handlers, inner = self._handlers(), [site for site in self.sites if site.host not in ("gateway", "service")]
        return Network(
            hosts=topology.hosts(),
            entry=(at(CLIENT, self.regions[0]), self._entry),
            costs=OwnCosts(self._own_costs(), self.scenario.profile),
            paths=topology.paths(),
            handlers=handlers,
            charge_calls=True,
            after=tuple(self.thefts.schedule(self.population, self._client_host, self._routed)),
            journeys=self._journey,
            local_to={at(AUTHORIZATION_SERVER, r): self._local(server) for r, server in self.as_servers.items()},
            aliases=topology.aliases(tuple(ENDPOINTS)),
            single=frozenset(site.receive_target for site in self.sites if site.receives),
            backgrounds={site.host: self.handlers.backgrounds(site) for site in self.sites},
            costs_of={
                site.host: OwnCosts({**self._own_costs(), "service.work": site.listening.work}, self.scenario.profile)
                for site in inner
            },
            faults=faults_of(self, frozenset(host.name for host in topology.hosts())) if self.weather else None,
            entries=None if demand.regions is None else [at(CLIENT, self.regions[r]) for r in demand.regions.tolist()],
        )

    def _own_costs(self) -> dict[str, SecondsOf]:
        """What the world says that its own work costs; the rest is the profile's."""
        world = self.world
        own: dict[str, SecondsOf] = {"service.work": world.service.work}
        if world.gateway is not None:
            own["gateway.work"] = world.gateway.work
        if world.store.database is not None:
            own |= database_costs(world.store.database)
        if world.shared_store is not None:
            own |= {"shared.call": world.shared_store.call, "shared.work": world.shared_store.work}
        return own

    def around(self, region: str) -> AroundEndpoint:
        """What goes wrong inside an authorization server."""
        return endpoint_mishaps(self.weather, self.as_servers[region].issuer, self.in_process_operation())

    def _handlers(self) -> dict[str, tuple[str, Bind]]:
        """Target -> its host and what happens there."""
        found: dict[str, tuple[str, Bind]] = {}
        for site in self.sites:
            found[site.target] = (site.host, self.handlers.site(site))
            if site.receives:
                found[site.receive_target] = (site.host, self.handlers.receive(site))
        for region, server in self.as_servers.items():
            host = at(AUTHORIZATION_SERVER, region)
            endpoints = self.handlers.endpoints(self.values[region], self.around(region))
            found |= {at(name, region): (host, bind) for name, bind in endpoints.items()}
            if self.world.store.database is not None:
                found[at(STORE, region)] = (at(STORE, region), database_mishaps(self.weather, server.store))
        if self.world.backend is not None:
            bind = backend(self.world, self.parts, self.variates)
            found |= {at(BACKEND, region): (at(BACKEND, region), bind) for region in self.regions}
        if self.topology.shared is not None:
            found[SHARED] = (SHARED_STORE, shared_store(self.shared))
        return insistent_hosts(self.weather, found)

    def _local(self, server: Server) -> dict[str, InProcess]:
        if self.world.store.database is not None:
            return {}
        return {STORE: InProcess(self._store_operation, server.store.execute)}

    def in_process_operation(self) -> Callable[[StoreRequest], str] | None:
        """What a request to the token store costs the authorization server; None when the store is on its own host."""
        return self._store_operation if self.world.store.database is None else None

    def _store_operation(self, request: StoreRequest) -> str:
        return f"store.{self.world.store.kind}.{VERBS[type(request)]}"

    def _entry(self, ctx: HostContext) -> Handler:
        presenter, population = self.parts.presenter, self.population

        def entry(journey: RequestLog) -> Flow[Any]:
            state = population.client(journey.user)
            request = HttpRequest(needs_user_information=journey.user_information, sensitive=journey.sensitive)
            flow = observed_request(presenter.request(ctx, state, request), ctx, journey)
            return insistent_client(self.weather, ctx, self._where(journey), self._routed(journey.user, flow))

        return entry

    def _where(self, journey: RequestLog) -> str:
        """The client host at which a request is made."""
        regions = self.demand.regions
        return at(CLIENT, self.regions[0 if regions is None else int(regions[journey.request])])

    def _journey(self, request: int, arrival: float) -> RequestLog:
        demand = self.demand
        if request >= len(demand.users):
            return RequestLog(request, STRANGER, arrival, False)
        sensitive = demand.sensitive is not None and bool(demand.sensitive[request])
        information = bool(demand.needs_user_information[request])
        return RequestLog(request, int(demand.users[request]), arrival, information, sensitive)

    def _revoked(self, token: str, effective: float) -> None:
        self.thefts.revoked(self.population, token, effective)

    def _beyond(self) -> Mapping[str, Resource]:
        """What issuers may have called besides their store before the run: receivers and the shared store."""
        pushed = {
            f"{site.receive_target}#{number}": self.handlers.receive(site)(PastReplica(number))
            for site in self.sites
            if site.receives
            for number in range(site.replicas)
        }
        return {**pushed, SHARED: lambda request: self.shared.execute(request, 0.0)}

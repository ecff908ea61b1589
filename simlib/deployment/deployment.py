"""Deployment of a design: its parts, servers, clients and stores, for one replication of a scenario.

A user's calls go to the authorization server of the user's home region.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from simlib.deployment.authorization_servers import ServerRuntime, ServersByUser, build_authorization_server
from simlib.deployment.browser_backend import build_backend
from simlib.deployment.demand import Demand, draw_demand
from simlib.deployment.enforcement_points import build_enforcement_points, list_subscribers
from simlib.deployment.fault_schedule import FaultSchedule
from simlib.deployment.faulty_services import build_endpoint_fault
from simlib.deployment.handlers import EndpointFault, Handlers
from simlib.deployment.offline_run import OfflineReplica, Resource
from simlib.deployment.parts import build_deployment_config, build_parts
from simlib.deployment.population import Population, RecordedTokens
from simlib.deployment.revocations import IndexedStore, Revocations, SessionEnds
from simlib.deployment.sign_in import build_sign_ins
from simlib.deployment.topology import Topology
from simlib.flows import Backend
from simlib.scenario.design import Design
from simlib.scenario.effects import Call, Flow, Once
from simlib.scenario.hosts import BACKEND, CLIENT, name_in_region
from simlib.scenario.messages import (
    StoreConsume,
    StoreGet,
    StorePut,
    StoreRequest,
    StoreRevoke,
    StoreRevokedSince,
)
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import Sink, keeps_rows
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
"""Names in the cost profile of requests to a store in the server's process."""


class Deployment:
    """One replication of one design, ready to run. ``stores``: region of an authorization server -> its token store."""

    def __init__(
        self, scenario: Scenario, design: Design, variates: Variates, make_store: Callable[[], TokenStore], sink: Sink
    ) -> None:
        self.scenario = scenario
        self.world = scenario.world
        self.variates = variates
        self.demand: Demand = draw_demand(scenario, variates, keeps_rows(sink))
        self.schedule = FaultSchedule(scenario, variates)
        subscribers: dict[str, tuple[str, ...]] = {}
        self.parts = build_parts(design, build_deployment_config(scenario, design, variates, subscribers))
        self.regions = self.world.regions.names if self.world.regions is not None else ("",)
        self.enforcement_points = build_enforcement_points(self.parts, self.world, self.regions)
        subscribers.update(
            list_subscribers(self.enforcement_points)
        )  # parts hold the mapping; it is complete before anything runs
        self.topology = Topology(self.world, self.parts, self.enforcement_points)
        self.shared = SharedStore()
        self.servers = {
            region: ServerRuntime(
                region, self._build_issuer(region), self._build_store(make_store), self._list_further_resources
            )
            for region in self.topology.as_regions
        }
        self._store_operations = {kind: f"store.{self.world.store.kind}.{verb}" for kind, verb in VERBS.items()}
        self.revocations = self._build_revocations(sink)
        self.population = self._build_population(sink)
        self.handlers = Handlers(self.world, self.parts, self.population.find_token)
        self.authorization_servers = {
            region: self._build_authorization_server(server) for region, server in self.servers.items()
        }
        self._backends: dict[str, Backend] = {}
        self.initial_pushes: list[tuple[str, Any]] | None = None  # of tokens from before the run, where they are noted
        self.session_ends = SessionEnds(self.population, sink.open_writer("revocations"))

    def _build_issuer(self, region: str) -> Issuer:
        return self.parts.build_issuer(region, self.schedule.list_key_changes())

    def _build_store(self, make_store: Callable[[], TokenStore]) -> TokenStore:
        return IndexedStore(make_store()) if self.schedule.list_logouts() else make_store()

    def _build_authorization_server(self, server: ServerRuntime) -> AuthorizationServer:
        tokens = RecordedTokens(server.issuer, self.population, self._note_revoked)
        return build_authorization_server(self.world, self.parts, server, tokens, self.demand, self.variates)

    def close(self) -> None:
        """Let go of the token stores."""
        for server in self.servers.values():
            server.store.close()

    # --- users -------------------------------------------------------------------------------------------------------

    def _build_population(self, sink: Sink) -> Population:
        return Population(
            self.demand,
            self.variates,
            self.parts.presenter,
            self.parts.wrappers,
            ServersByUser(self.servers, self.regions, self.demand),
            self.parts.config.scope,
            build_sign_ins(self.world, self.parts, self.demand, self.variates),
            sink.open_writer("tokens"),
            self.schedule.ends_sessions,
        )

    def _build_revocations(self, sink: Sink) -> Revocations:
        return Revocations(
            self.world.revocations.rate,
            self.scenario.horizon_s,
            self.demand,
            self.variates,
            self.parts.presenter.authorization,
            sink.open_writer("revocations"),
        )

    def find_client_host(self, user: int) -> str:
        return name_in_region(CLIENT, self.find_home(user))

    def find_home(self, user: int) -> str:
        """The home region of a user; the first for one who is none of the population."""
        if self.demand.homes is not None and user >= len(self.demand.homes):
            return self.regions[0]
        return self.regions[0] if self.demand.homes is None else self.regions[self.demand.homes[user]]

    def route_home(self, user: int, flow: Flow[Any]) -> Flow[Any]:
        """A client's generator with its calls sent to the servers of its user's home region that every region has.

        A backend keeps sessions to itself, so a browser goes to the one at home wherever its user is.
        """
        if len(self.regions) == 1:
            return flow
        return route_to_region(
            flow, AT_HOME | frozenset(ENDPOINTS if len(self.servers) > 1 else ()), self.find_home(user)
        )

    def find_backend(self, region: str) -> Backend | None:
        """The backend for the browser apps of a region, as it is when the run begins; None in a world without."""
        if self.world.backend is None:
            return None
        if region not in self._backends:
            self._backends[region] = build_backend(self.world, self.parts, self.variates)
        return self._backends[region]

    def build_endpoint_fault(self, region: str) -> EndpointFault:
        """Faults inside an authorization server."""
        return build_endpoint_fault(self.schedule, self.servers[region].issuer, self.find_store_operation())

    def find_store_operation(self) -> Callable[[StoreRequest], str] | None:
        """Operation of a request to the token store at its server; None when the store is on its own host."""
        return self._store_operation if self.world.store.database is None else None

    def _store_operation(self, request: StoreRequest) -> str:
        return self._store_operations[type(request)]

    def _note_revoked(self, token: str, effective: float) -> None:
        self.revocations.note_revoked(self.population, token, effective)

    def _list_further_resources(self) -> Mapping[str, Resource]:
        """Resources that issuers may have called besides their store before the run: receivers and the shared store."""
        pushed = {
            name: partial(self._push_initially, name, self.handlers.bind_receiver(point)(OfflineReplica(number)))
            for point in self.enforcement_points
            if point.receives
            for number in range(point.replicas)
            for name in [f"{point.receive_target}#{number}"]
        }
        return {**pushed, SHARED: lambda request: self.shared.execute(request, 0.0)}

    def _push_initially(self, name: str, receive: Resource, request: Any) -> Any:
        if self.initial_pushes is not None:
            self.initial_pushes.append((name, request))
        return receive(request)


def route_to_region(flow: Flow[Any], targets: frozenset[str], region: str) -> Flow[Any]:
    """The generator with its calls of some targets made in a region, those in shared work included."""
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        if isinstance(effect, Call) and effect.target in targets:
            effect = effect._replace(target=name_in_region(effect.target, region))
        elif isinstance(effect, Once):
            effect = effect._replace(work=partial(_route_shared, effect.work, targets, region))
        answer = yield effect


def _route_shared(work: Callable[[], Flow[Any]], targets: frozenset[str], region: str) -> Flow[Any]:
    return route_to_region(work(), targets, region)

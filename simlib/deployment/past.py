"""Past of a deployment: requests that its real parts answered before the run began, outside simulated time."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from simlib.deployment.clients import name_subject
from simlib.deployment.deployment import SHARED, Deployment
from simlib.deployment.enforcement_points import EnforcementPoint, name_inner_target
from simlib.deployment.handlers import Handlers
from simlib.deployment.offline_run import PastClock, PastContext, Resource, perform_offline, run_offline
from simlib.engine.answers import convert_failure
from simlib.engine.hosts import Handler
from simlib.scenario.effects import Answer, Call, Failed, Reply
from simlib.scenario.hosts import BACKEND, GATEWAY, name_in_region
from simlib.scenario.messages import HttpRequest
from simlib.services import ENDPOINTS
from simlib.strategies import ClientToken, CommonFetcher, Endpoint, Grant, Issued, UserClient

UNREACHABLE = Failed("unreachable")
PLAIN = HttpRequest()
CALLED_BY_SERVERS = frozenset(ENDPOINTS)
Messages = list[tuple[str, Any]]
"""Names of resources and the requests sent to them."""


class Visit(NamedTuple):
    """One request at an enforcement point: its answer, operations and calls by name, and the requests that it made to
    the points behind it, by their targets there.
    """

    answer: Answer
    counts: Counter[str]
    onward: tuple[tuple[str, HttpRequest], ...]


class ClientVisits(NamedTuple):
    """One request of a client: its last answer, its own operations and calls, and its visits (more after a refusal)."""

    answer: Answer
    counts: Counter[str]
    visits: tuple[Visit, ...]


class Past:
    """Runs requests at instants before the run. ``reachable`` false: the authorization server answers nothing."""

    def __init__(
        self, deployment: Deployment, handlers: Handlers | None = None, clock: PastClock | None = None
    ) -> None:
        self.deployment = deployment
        self.handlers = handlers or deployment.handlers
        self.clock = clock or PastClock(deployment.variates)
        self.reachable = True
        self._context = PastContext(self.clock)
        self._bound: dict[tuple[str, int], Handler] = {}
        self._behind: dict[str, Mapping[str, Resource]] = {}
        self._endpoints: dict[tuple[str, str], Endpoint] = {}

    def set_clock(self, instant: float, subject: int) -> None:
        """The instant (seconds) and the user of what is run next."""
        self.clock.instant, self.clock.subject = instant, subject

    def forget(self, point: EnforcementPoint) -> None:
        """Forget what the replicas of a point remember."""
        self.handlers.forget(point.host)
        self._bound.clear()

    # --- requests ------------------------------------------------------------------------------------------------

    def request(
        self, client: UserClient, point: EnforcementPoint, replica: int, request: HttpRequest = PLAIN
    ) -> ClientVisits:
        """Make one request of a client, which reaches one replica of the first enforcement point."""
        visits: list[Visit] = []
        counts: Counter[str] = Counter()

        def serve(received: HttpRequest) -> Answer:
            visits.append(self.visit(point, replica, received))
            return _convert(visits[-1].answer)

        region = self._find_home(client.user)
        resources = {**self.list_servers(region), "api": serve}
        backend = self.deployment.find_backend(region)
        if backend is not None:
            resources[BACKEND] = lambda received: _convert(
                run_offline(backend(self._context, received), resources, None, self.clock)
            )
        presenter = self.deployment.parts.presenter
        flow = presenter.request(self._context, client, request)
        answer = run_offline(flow, resources, lambda name: counts.update((name,)), self.clock)
        return ClientVisits(answer, counts, tuple(visits))

    def fetch_as_client(self, fetcher: CommonFetcher) -> None:
        """Let a client fetch what serves all of its users, from the servers of the first region."""
        servers = self.list_servers(self.deployment.regions[0])
        run_offline(fetcher.fetch_common(self._context), servers, None, self.clock)

    def visit(self, point: EnforcementPoint, replica: int, request: HttpRequest) -> Visit:
        """Let one replica of a point serve a request; the points behind it answer 200."""
        counts: Counter[str] = Counter()
        onward: list[tuple[str, HttpRequest]] = []

        def capture(target: str, sent: HttpRequest) -> Reply:
            onward.append((target, sent))
            return Reply(200)

        behind: dict[str, Resource] = {target: partial(capture, target) for target in list_targets_behind(point)}
        resources = {**self.list_servers(point.region), **behind}
        handler = self._find_handler(point, replica)
        answer = run_offline(handler(request), resources, lambda name: counts.update((name,)), self.clock)
        return Visit(answer, counts, tuple(onward))

    def issue(self, user: int, region: str, messages: Messages | None = None) -> ClientToken:
        """An access token issued at the present instant of the past, of which no row is written.

        ``messages`` receives what the server sends elsewhere meanwhile, as a split token does; see `repeat`.
        """
        server = self.deployment.servers[self.deployment.topology.find_server_region(region)]
        config = self.deployment.parts.config
        grant = Grant(name_subject(user), config.client.client_id, config.scope)
        for wrapper in self.deployment.parts.wrappers:
            grant = wrapper.adjust_initial_grant(user, grant)
        flow = server.issuer.issue(self._context, grant)
        resources = self._list_resources(server.region)
        if messages is not None:
            sent = {name: partial(_record, messages, name, to) for name, to in resources.items() if name != "store"}
            resources = {**resources, **sent}
        issued: Issued = run_offline(flow, resources, None, self.clock)
        return ClientToken(issued.token, issued.expires_at)

    def repeat(self, messages: Messages, region: str) -> None:
        """Send again what the authorization server of a client's region sent when it issued a token."""
        resources = self._list_resources(self.deployment.topology.find_server_region(region))
        for name, request in messages:
            perform_offline(Call(name, request), resources, None, self.clock)

    def revoke(self, region: str, token: str) -> None:
        """Have a token revoked by the server that issued it."""
        server = self.deployment.authorization_servers[region]
        run_offline(server.tokens.revoke(self._context, token), self._list_resources(region), None, self.clock)

    # --- servers -------------------------------------------------------------------------------------------------

    def list_servers(self, region: str) -> dict[str, Resource]:
        """Resources of hosts in a region: endpoints of its own authorization server and of all, the shared store."""
        own = self.deployment.topology.find_server_region(region)
        named = {
            name_in_region(name, server): partial(self._serve, server, name)
            for server in self.deployment.authorization_servers
            for name in ENDPOINTS
        }
        return {**named, **{name: partial(self._serve, own, name) for name in ENDPOINTS}, SHARED: self._use_shared}

    def _serve(self, region: str, name: str, request: HttpRequest) -> Answer:
        if not self.reachable and name in CALLED_BY_SERVERS:
            return UNREACHABLE
        endpoint = self._endpoints.get((region, name))
        if endpoint is None:
            fault = self.deployment.build_endpoint_fault(region)
            endpoint = self.deployment.handlers.wrap_endpoint(name, ENDPOINTS[name], fault)
            self._endpoints[region, name] = endpoint
        flow = endpoint(self._context, request, self.deployment.authorization_servers[region])
        return _convert(run_offline(flow, self._list_resources(region), None, self.clock))

    def _use_shared(self, request: Any) -> Any:
        return self.deployment.shared.execute(request, self.clock.instant)

    def _list_resources(self, region: str) -> Mapping[str, Resource]:
        """Resources that an authorization server calls: its store, the receivers of its pushes, the shared store."""
        if region not in self._behind:
            self._behind[region] = self._build_resources(region)
        return self._behind[region]

    def _build_resources(self, region: str) -> Mapping[str, Resource]:
        pushed = {
            f"{point.receive_target}#{number}": partial(self._receive, point, number)
            for point in self.deployment.enforcement_points
            if point.receives
            for number in range(point.replicas)
        }
        return {"store": self.deployment.servers[region].store.execute, SHARED: self._use_shared, **pushed}

    def _receive(self, point: EnforcementPoint, replica: int, request: HttpRequest) -> Any:
        return self.handlers.bind_receiver(point)(PastContext(self.clock, replica))(request)

    def _find_handler(self, point: EnforcementPoint, replica: int) -> Handler:
        handler = self._bound.get((point.host, replica))
        if handler is None:
            context: Any = PastContext(self.clock, replica)
            handler = self._bound[point.host, replica] = self.handlers.bind_enforcement_point(point)(context)
        return handler

    def _find_home(self, user: int) -> str:
        return self.deployment.find_home(user)


def list_targets_behind(point: EnforcementPoint) -> tuple[str, ...]:
    """The names by which a point calls those behind it."""
    behind = tuple(name_inner_target(name) for name in point.calls)
    return ("api", *behind) if point.place == GATEWAY else behind


def _record(messages: Messages, name: str, resource: Resource, request: Any) -> Any:
    messages.append((name, request))
    return resource(request)


def _convert(answer: Any) -> Answer:
    """An answer as the caller sees it."""
    seen: Answer = convert_failure(answer)
    return seen

"""Handlers of the hosts of a design: the real services, with the design's parts in them."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

from simlib.deployment.enforcement_points import EnforcementPoint, name_inner_target
from simlib.deployment.instrumentation import record_token_exchange, record_validation
from simlib.deployment.parts import Parts
from simlib.engine.hosts import Handler, HostContext
from simlib.engine.network import Bind
from simlib.scenario.effects import Compute, Context, Failed, Flow, Verdict, new_tuple
from simlib.scenario.hosts import GATEWAY, Service
from simlib.scenario.messages import HttpRequest, SharedRequest, StoreReply
from simlib.scenario.world import World
from simlib.services import (
    ENDPOINTS,
    AuthorizationServer,
    Gateway,
    ResourceServer,
    limit_rate,
    list_claim_names,
    serve_api,
    serve_gateway,
)
from simlib.stores import SharedStore
from simlib.strategies import BackgroundWorker, Endpoint, PresentedToken, PushReceiver, Validator

TokenId = Callable[[str], int]
EndpointFault = Callable[[str, Endpoint], Endpoint]
"""Name of an endpoint and what it does -> what it does when something is wrong with it."""

BucketLevels = Callable[[str, HostContext, str], float]
"""Endpoint, replica of an authorization server and caller -> tokens in the bucket of its rate limit at instant 0."""


class ReplicaContext(Context, Protocol):
    """Context of a host with the number of its replica."""

    replica: int


class Handlers:
    """Binds of one run. Each replica of an enforcement point has one state for its API, its pushes and its pollers.

    ``bucket_levels``: how full the buckets of a rate limit are when the run begins; full without.
    """

    def __init__(self, world: World, parts: Parts, token_id: TokenId) -> None:
        self._world = world
        self._parts = parts
        self._token_id = token_id
        self._states: dict[tuple[str, int], Any] = {}
        self._propagator_states: dict[tuple[str, int], Any] = {}
        self._continued: dict[tuple[str, int], Callable[[HostContext], tuple[Flow[None], ...]]] = {}
        self.bucket_levels: BucketLevels | None = None

    @property
    def states(self) -> Mapping[tuple[str, int], Any]:
        """Host and replica -> the state of its validator, for the replicas that have been bound."""
        return MappingProxyType(self._states)

    def forget(self, host: str) -> None:
        """Forget the states of a host's replicas; they begin anew when they are bound again."""
        for kept in (self._states, self._propagator_states, self._continued):
            for key in [key for key in kept if key[0] == host]:
                kept.pop(key)

    def _state(self, point: EnforcementPoint, ctx: ReplicaContext) -> Any:
        return self.find_state(point, ctx.replica)

    def find_state(self, point: EnforcementPoint, replica: int) -> Any:
        """The state of one replica's validator, kept from before the run or from its beginning on."""
        key = (point.host, replica)
        if key not in self._states:
            self._states[key] = None if point.validator is None else point.validator.create_state()
        return self._states[key]

    # --- enforcement points --------------------------------------------------------------------------------------

    def bind_enforcement_point(self, point: EnforcementPoint) -> Bind:
        """A gateway or a service."""
        return partial(self._bind_gateway if point.place == GATEWAY else self._bind_api, point)

    def _bind_gateway(self, point: EnforcementPoint, ctx: HostContext) -> Handler:
        listening = point.listening
        resource = Gateway(
            self._build_validate(point, point.validator, ctx) if point.validator is not None else None,
            head_bytes=self._world.network.request_head_bytes,
            header_limit_bytes=listening.header_limit_bytes,
        )
        return lambda request: serve_gateway(ctx, request, resource)

    def _bind_api(self, point: EnforcementPoint, ctx: HostContext) -> Handler:
        listening: Any = point.listening
        assert point.validator is not None
        first = isinstance(listening, Service)
        resource = ResourceServer(
            self._build_validate(point, point.validator, ctx),
            first and self._parts.config.user_information == "userinfo",
            list_claim_names(1)[0],
            bytes(listening.reply_bytes),
            head_bytes=self._world.network.request_head_bytes,
            header_limit_bytes=listening.header_limit_bytes,
            calls=tuple((name_inner_target(name), self._world.inner_services[name].audience) for name in point.calls),
            credential=self._build_obtain_credential(point, ctx),
        )
        return lambda request: serve_api(ctx, request, resource)

    def _build_validate(
        self, point: EnforcementPoint, validator: Validator, ctx: HostContext
    ) -> Callable[[HttpRequest], Flow[Verdict]]:
        state = self._state(point, ctx)

        def validate(request: HttpRequest) -> Flow[Verdict]:
            presented = read_presented_token(request, point.scope, point.uri)
            flow = validator.validate(ctx, state, presented)
            token = self._token_id(presented.token) if point.edge else -1
            return record_validation(flow, ctx.replica, token, point.edge)

        return validate

    def _build_obtain_credential(
        self, point: EnforcementPoint, ctx: HostContext
    ) -> Callable[[str, str], Flow[str | Failed]]:
        propagator = self._parts.propagator
        if propagator is None:
            return _need_no_credential
        key = (point.host, ctx.replica)
        if key not in self._propagator_states:
            self._propagator_states[key] = propagator.create_state()
        state = self._propagator_states[key]
        return lambda token, audience: record_token_exchange(propagator.obtain_credential(ctx, state, token, audience))

    def bind_receiver(self, point: EnforcementPoint) -> Callable[[ReplicaContext], Handler]:
        """Receiver of the authorization server's pushes at an enforcement point."""

        def bind(ctx: ReplicaContext) -> Handler:
            validator, state = point.validator, self._state(point, ctx)
            assert isinstance(validator, PushReceiver)
            return lambda request: validator.receive(ctx, state, request)

        return bind

    def list_background_tasks(self, point: EnforcementPoint) -> Callable[[HostContext], tuple[Flow[None], ...]]:
        """Background work of the replicas of an enforcement point."""

        def make(ctx: HostContext) -> tuple[Flow[None], ...]:
            continued = self._continued.pop((point.host, ctx.replica), None)
            if continued is not None:
                return continued(ctx)
            validator = point.validator
            return (
                validator.list_background_tasks(ctx, self._state(point, ctx))
                if isinstance(validator, BackgroundWorker)
                else ()
            )

        return make

    def continue_background(
        self, host: str, replica: int, flows: Callable[[HostContext], tuple[Flow[None], ...]]
    ) -> None:
        """Background work of a replica that began before the run, instead of its beginning."""
        self._continued[host, replica] = flows

    # --- the authorization server and what is behind ---------------------------------------------------------------

    def bind_endpoints(
        self, server: AuthorizationServer, around: EndpointFault, endpoints: Mapping[str, Endpoint] = ENDPOINTS
    ) -> dict[str, Bind]:
        """Name -> endpoint of one authorization server, with what may go wrong there around it."""
        return {
            name: partial(self._bind_endpoint, name, endpoint, server, around) for name, endpoint in endpoints.items()
        }

    def wrap_endpoint(self, name: str, endpoint: Endpoint, around: EndpointFault) -> Endpoint:
        """One endpoint with the design's wrappers and with what may go wrong around it."""
        for wrapper in self._parts.wrappers:
            endpoint = wrapper.wrap_endpoint(name, endpoint)
        return around(name, endpoint)

    def _bind_endpoint(
        self, name: str, endpoint: Endpoint, server: AuthorizationServer, around: EndpointFault, ctx: HostContext
    ) -> Handler:
        endpoint = self.wrap_endpoint(name, endpoint, around)
        limit = self._world.authorization_server.rate_limit
        if limit is not None:
            begin = None if self.bucket_levels is None else partial(self.bucket_levels, name, ctx)
            endpoint = limit_rate(endpoint, limit.requests_per_s, limit.burst, begin)
        return lambda request: endpoint(ctx, request, server)


def bind_shared_store(store: SharedStore) -> Bind:
    """A shared key-value store on a host of its own: the time is the scenario's, the answers are real."""

    def bind(ctx: HostContext) -> Handler:
        def serve(request: SharedRequest) -> Flow[StoreReply]:
            answer = yield Compute("shared.work", lambda: store.execute(request, ctx.now()))
            return StoreReply(answer)

        return serve

    return bind


def read_presented_token(request: HttpRequest, scope: str, uri: str) -> PresentedToken:
    """The token of a request and what came with it; of another scheme than Bearer and DPoP there is none."""
    authorization, _, needs_user_information, sensitive, dpop, _, certificate = request
    scheme, _, token = authorization.partition(" ")
    known = scheme.lower()
    if known not in ("bearer", "dpop"):
        token = ""
    fields = (token, scope, sensitive, known, dpop, certificate, "GET", uri, needs_user_information)
    return new_tuple(PresentedToken, fields)


def _need_no_credential(token: str, audience: str) -> Flow[str | Failed]:
    """Credential of a service without inner services: none."""
    yield Compute("nothing")
    return ""

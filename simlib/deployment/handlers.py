"""What every host of a design does when it is called: the real services, with the design's parts in them.

The backends of single-page apps in a run: real flows inside, and the design's presenter towards the API.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

from simlib.deployment.enforcement_points import EnforcementPoint, name_inner_target
from simlib.deployment.instrumentation import record_token_exchange, record_validation
from simlib.deployment.parts import Parts
from simlib.engine.hosts import Handler, HostContext
from simlib.engine.network import Bind
from simlib.scenario.effects import Compute, Context, Failed, Flow, Verdict
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


class ReplicaContext(Context, Protocol):
    """A host that knows which of its replicas it is."""

    replica: int


class Handlers:
    """Binds of one run. Each replica of a site has one state, which its API, its pushes and its pollers share."""

    def __init__(self, world: World, parts: Parts, token_id: TokenId) -> None:
        self._world = world
        self._parts = parts
        self._token_id = token_id
        self._states: dict[tuple[str, int], Any] = {}

    @property
    def states(self) -> Mapping[tuple[str, int], Any]:
        """Host and replica -> what its validator knows, for the replicas that have been bound."""
        return MappingProxyType(self._states)

    def forget(self, host: str) -> None:
        """What the replicas of a host know; who binds them again finds them as they began."""
        for key in [key for key in self._states if key[0] == host]:
            del self._states[key]

    def _state(self, site: EnforcementPoint, ctx: ReplicaContext) -> Any:
        return self.find_state(site, ctx.replica)

    def find_state(self, site: EnforcementPoint, replica: int) -> Any:
        """What the validator of one replica knows, from the beginning of the run on or from before."""
        key = (site.host, replica)
        if key not in self._states:
            self._states[key] = None if site.validator is None else site.validator.create_state()
        return self._states[key]

    # --- sites -------------------------------------------------------------------------------------------------------

    def bind_site(self, site: EnforcementPoint) -> Bind:
        """A gateway or a service."""
        return partial(self._bind_gateway if site.place == GATEWAY else self._bind_api, site)

    def _bind_gateway(self, site: EnforcementPoint, ctx: HostContext) -> Handler:
        listening = site.listening
        resource = Gateway(
            self._build_validate(site, site.validator, ctx) if site.validator is not None else None,
            head_bytes=self._world.network.request_head_bytes,
            header_limit_bytes=listening.header_limit_bytes,
        )
        return lambda request: serve_gateway(ctx, request, resource)

    def _bind_api(self, site: EnforcementPoint, ctx: HostContext) -> Handler:
        listening: Any = site.listening
        assert site.validator is not None
        first = isinstance(listening, Service)
        resource = ResourceServer(
            self._build_validate(site, site.validator, ctx),
            first and self._parts.config.user_information == "userinfo",
            list_claim_names(1)[0],
            bytes(listening.reply_bytes),
            head_bytes=self._world.network.request_head_bytes,
            header_limit_bytes=listening.header_limit_bytes,
            calls=tuple((name_inner_target(name), self._world.inner_services[name].audience) for name in site.calls),
            credential=self._build_obtain_credential(ctx),
        )
        return lambda request: serve_api(ctx, request, resource)

    def _build_validate(
        self, site: EnforcementPoint, validator: Validator, ctx: HostContext
    ) -> Callable[[HttpRequest], Flow[Verdict]]:
        state = self._state(site, ctx)

        def validate(request: HttpRequest) -> Flow[Verdict]:
            presented = read_presented_token(request, site.scope, site.uri)
            flow = validator.validate(ctx, state, presented)
            token = self._token_id(presented.token) if site.edge else -1
            return record_validation(flow, ctx.replica, token, site.edge)

        return validate

    def _build_obtain_credential(self, ctx: HostContext) -> Callable[[str, str], Flow[str | Failed]]:
        propagator = self._parts.propagator
        if propagator is None:
            return _need_no_credential
        state = propagator.create_state()
        return lambda token, audience: record_token_exchange(propagator.obtain_credential(ctx, state, token, audience))

    def bind_receiver(self, site: EnforcementPoint) -> Callable[[ReplicaContext], Handler]:
        """What a site does with pushes of the authorization server."""

        def bind(ctx: ReplicaContext) -> Handler:
            validator, state = site.validator, self._state(site, ctx)
            assert isinstance(validator, PushReceiver)
            return lambda request: validator.receive(ctx, state, request)

        return bind

    def list_background_tasks(self, site: EnforcementPoint) -> Callable[[HostContext], tuple[Flow[None], ...]]:
        """What the replicas of a site do by themselves."""

        def make(ctx: HostContext) -> tuple[Flow[None], ...]:
            validator = site.validator
            return (
                validator.list_background_tasks(ctx, self._state(site, ctx))
                if isinstance(validator, BackgroundWorker)
                else ()
            )

        return make

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
            endpoint = limit_rate(endpoint, limit.requests_per_s, limit.burst)
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
    scheme, _, token = request.authorization.partition(" ")
    known = scheme.lower()
    return PresentedToken(
        token if known in ("bearer", "dpop") else "",
        scope,
        request.sensitive,
        known,
        request.dpop,
        request.certificate,
        "GET",
        uri,
        request.needs_user_information,
    )


def _need_no_credential(token: str, audience: str) -> Flow[str | Failed]:
    """A service that calls nobody needs no credential."""
    yield Compute("nothing")
    return ""

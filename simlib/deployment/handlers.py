"""What every host of a design does when it is called: the real services, with the design's parts in them.

The backends of single-page apps in a run: real flows inside, and the design's presenter towards the API.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from simlib.deployment.clients import CLIENT_IDS, REDIRECTS, secret_of
from simlib.deployment.enforcement_points import Site, inner_target
from simlib.deployment.instrumentation import observed_exchange, observed_validation
from simlib.deployment.parts import Parts
from simlib.engine.hosts import Handler, HostContext
from simlib.engine.network import Bind
from simlib.flows import Backend, Begin, Client, Obtained, RefreshToken
from simlib.scenario.effects import Answer, Compute, Context, Failed, Flow, Reply, Verdict
from simlib.scenario.hosts import GATEWAY, Service
from simlib.scenario.messages import HttpRequest, SharedRequest, Stored, TokenResponse
from simlib.scenario.variates import Variates
from simlib.scenario.world import World
from simlib.services import ENDPOINTS, Api, AuthorizationServer, Gateway, api, claim_names, gateway, limited
from simlib.stores import SharedStore
from simlib.strategies import Background, Endpoint, Presented, Receiver, UserClient, Validator

TokenId = Callable[[str], int]
AroundEndpoint = Callable[[str, Endpoint], Endpoint]
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

    def _state(self, site: Site, ctx: ReplicaContext) -> Any:
        return self.state_of(site, ctx.replica)

    def state_of(self, site: Site, replica: int) -> Any:
        """What the validator of one replica knows, from the beginning of the run on or from before."""
        key = (site.host, replica)
        if key not in self._states:
            self._states[key] = None if site.validator is None else site.validator.initial_state()
        return self._states[key]

    # --- sites -------------------------------------------------------------------------------------------------------

    def site(self, site: Site) -> Bind:
        """A gateway or a service."""
        return partial(self._gateway if site.place == GATEWAY else self._api, site)

    def _gateway(self, site: Site, ctx: HostContext) -> Handler:
        listening = site.listening
        resource = Gateway(
            self._validate(site, site.validator, ctx) if site.validator is not None else None,
            head_bytes=self._world.network.request_head_bytes,
            header_limit_bytes=listening.header_limit_bytes,
        )
        return lambda request: gateway(ctx, request, resource)

    def _api(self, site: Site, ctx: HostContext) -> Handler:
        listening: Any = site.listening
        assert site.validator is not None
        first = isinstance(listening, Service)
        resource = Api(
            self._validate(site, site.validator, ctx),
            first and self._parts.deployment.user_information == "userinfo",
            claim_names(1)[0],
            bytes(listening.reply_bytes),
            head_bytes=self._world.network.request_head_bytes,
            header_limit_bytes=listening.header_limit_bytes,
            calls=tuple((inner_target(name), self._world.inner_services[name].audience) for name in site.calls),
            credential=self._credential(ctx),
        )
        return lambda request: api(ctx, request, resource)

    def _validate(self, site: Site, validator: Validator, ctx: HostContext) -> Callable[[HttpRequest], Flow[Verdict]]:
        state = self._state(site, ctx)

        def validate(request: HttpRequest) -> Flow[Verdict]:
            presented = presented_in(request, site.scope, site.uri)
            flow = validator.validate(ctx, state, presented)
            token = self._token_id(presented.token) if site.edge else -1
            return observed_validation(flow, ctx.replica, token, site.edge)

        return validate

    def _credential(self, ctx: HostContext) -> Callable[[str, str], Flow[str | Failed]]:
        propagator = self._parts.propagator
        if propagator is None:
            return _nothing
        state = propagator.initial_state()
        return lambda token, audience: observed_exchange(propagator.credential(ctx, state, token, audience))

    def receive(self, site: Site) -> Callable[[ReplicaContext], Handler]:
        """What a site does with pushes of the authorization server."""

        def bind(ctx: ReplicaContext) -> Handler:
            validator, state = site.validator, self._state(site, ctx)
            assert isinstance(validator, Receiver)
            return lambda request: validator.receive(ctx, state, request)

        return bind

    def backgrounds(self, site: Site) -> Callable[[HostContext], tuple[Flow[None], ...]]:
        """What the replicas of a site do by themselves."""

        def make(ctx: HostContext) -> tuple[Flow[None], ...]:
            validator = site.validator
            return validator.backgrounds(ctx, self._state(site, ctx)) if isinstance(validator, Background) else ()

        return make

    # --- the authorization server and what is behind ---------------------------------------------------------------

    def endpoints(
        self, server: AuthorizationServer, around: AroundEndpoint, endpoints: Mapping[str, Endpoint] = ENDPOINTS
    ) -> dict[str, Bind]:
        """Name -> endpoint of one authorization server, with what may go wrong there around it."""
        return {name: partial(self._endpoint, name, endpoint, server, around) for name, endpoint in endpoints.items()}

    def endpoint(self, name: str, endpoint: Endpoint, around: AroundEndpoint) -> Endpoint:
        """One endpoint with the design's wrappers and with what may go wrong around it."""
        for wrapper in self._parts.wrappers:
            endpoint = wrapper.around_endpoint(name, endpoint)
        return around(name, endpoint)

    def _endpoint(
        self, name: str, endpoint: Endpoint, server: AuthorizationServer, around: AroundEndpoint, ctx: HostContext
    ) -> Handler:
        endpoint = self.endpoint(name, endpoint, around)
        limit = self._world.authorization_server.rate_limit
        if limit is not None:
            endpoint = limited(endpoint, limit.requests_per_s, limit.burst)
        return lambda request: endpoint(ctx, request, server)


def shared_store(store: SharedStore) -> Bind:
    """A shared key-value store on a host of its own: the time is the scenario's, the answers are real."""

    def bind(ctx: HostContext) -> Handler:
        def serve(request: SharedRequest) -> Flow[Stored]:
            answer = yield Compute("shared.work", lambda: store.execute(request, ctx.now()))
            return Stored(answer)

        return serve

    return bind


def presented_in(request: HttpRequest, scope: str, uri: str) -> Presented:
    """The token of a request and what came with it; of another scheme than Bearer and DPoP there is none."""
    scheme, _, token = request.authorization.partition(" ")
    known = scheme.lower()
    return Presented(
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


def _nothing(token: str, audience: str) -> Flow[str | Failed]:
    """A service that calls nobody needs no credential."""
    yield Compute("nothing")
    return ""


TIMEOUT_S = 30.0
LONGEST = 1.0 - 1e-9
"""As good as no session is longer than the quantile at this probability."""


def backend(world: World, parts: Parts, variates: Variates) -> Bind:
    """The backend of a region; each replica has sessions of its own."""
    scope = parts.deployment.scope
    client = Client(
        client_id=CLIENT_IDS["spa_bff"],
        secret=secret_of(CLIENT_IDS["spa_bff"], variates),
        issuer=parts.deployment.issuer,
        redirect_uri=REDIRECTS["spa_bff"],
        scope=f"openid {scope}" if parts.needs("id_token") else scope,
    )
    # Browsers end their sessions themselves, each when its own is over: this is only the end of the longest.
    sessions = next(kind.session for kind in world.clients if kind.kind == "spa_bff")
    session_s = float(sessions.seconds(np.array([LONGEST]))[0])

    def bind(ctx: HostContext) -> Handler:
        handler = Backend(client, session_s, _beginner(client, parts), _forwarder(parts), TIMEOUT_S)
        return lambda request: handler(ctx, request)

    return bind


def _beginner(client: Client, parts: Parts) -> Begin:
    numbers = iter(range(10**9, 10**12))

    def refresh(ctx: Context, refresh_token: str) -> Flow[Obtained]:
        flow = RefreshToken(RefreshToken.Settings(), replace(client, refresh_token=refresh_token))
        return (yield from flow.obtain(ctx))

    def begin(ctx: Context, redeeming: Flow[Obtained]) -> Flow[tuple[Obtained, UserClient]]:
        state = UserClient(next(numbers), "", None, refresh=refresh, client_id=client.client_id)
        # By the presenter, so that what binds tokens to the client binds the first ones too.
        obtained = yield from parts.presenter.on_behalf(ctx, state, redeeming)
        if isinstance(obtained, TokenResponse):
            state.sign_in = partial(_take, [obtained])
        return obtained, state

    return begin


def _take(left: list[TokenResponse], ctx: Context) -> Flow[Obtained]:
    """The tokens that the browser's sign-in brought, once; after that only the browser can sign in again."""
    yield from ()
    return left.pop() if left else Reply(401)


def _forwarder(parts: Parts) -> Callable[[Context, Any, HttpRequest], Flow[Answer]]:
    def forward(ctx: Context, state: UserClient, request: HttpRequest) -> Flow[Answer]:
        answer: Answer = yield from parts.presenter.request(ctx, state, request)
        return answer

    return forward

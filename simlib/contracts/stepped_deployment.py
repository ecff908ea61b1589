"""Stepped deployment: one authorization server and one resource server of the real parts, services and stores, stepped
by hand at a clock that a test sets."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from typing import Any
from urllib.parse import urlencode

from simlib.contracts.configuration import (
    API,
    CLIENT,
    PUSHED,
    SCOPE,
    SHARED,
    URI,
    PlainPresenter,
    build_client,
    build_config,
    build_request,
    build_server,
    format_basic,
    make_key,
    read_presented_token,
)
from simlib.contracts.misissuing import build_change, change_answer, misissue
from simlib.contracts.stepping import Host, Route, StartedFlow, Stepper
from simlib.scenario.effects import Answer, Compute, Failed, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest, SharedRequest, StorePut, TokenRow
from simlib.services import ENDPOINTS, AuthorizationServer
from simlib.stores import MemoryStore, SharedStore, TokenStore
from simlib.strategies import (
    VALIDATORS,
    BackgroundWorker,
    Credentials,
    Endpoint,
    Grant,
    Issued,
    Issuer,
    PresentedToken,
    Presenter,
    PushReceiver,
    UserClient,
    Validator,
)
from simlib.tokens import SigningKey, generate_shared_secret, make_store_key, read_header


class SteppedDeployment:
    """``validator``, ``issuer`` and ``wrappers`` are classes of parts; instants are those of ``stepper.now``, seconds.

    Nothing takes time unless a test sets it: ``stepper.delay`` for calls, ``rs.costs`` and ``server_host.costs`` for
    work. ``answer`` and ``alter`` replace an endpoint, ``cut`` the links between the servers, until ``restore``. The
    resource server may be a gateway.
    """

    def __init__(
        self,
        validator: type[Any],
        issuer: type[Any],
        wrappers: tuple[type[Any], ...] = (),
        *,
        settings: Any = None,
        issuer_settings: Any = None,
        wrapper_settings: tuple[Any, ...] = (),
        lifetime_s: float = 300.0,
        information: str | None = None,
        store: TokenStore | None = None,
        now: float = 0.0,
    ) -> None:
        sources = validator.user_information_sources
        place = "gateway" if hasattr(validator, "forwards") else "service"
        config = build_config(lifetime_s, information or sources[0])
        self.deployment = replace(config, subscribers={place: (PUSHED,)})
        self.settings = settings if settings is not None else validator.Settings()
        self.wrappers = [
            kind(chosen or kind.Settings(), self.deployment) for kind, chosen in zip_longest(wrappers, wrapper_settings)
        ]
        self.validator_kind = validator
        self.validator: Validator = validator(self.settings, self.deployment)
        for wrapper in self.wrappers:
            self.validator = wrapper.wrap_validator(self.validator)
        self._issuer_kind = issuer
        self._issuer_settings = issuer_settings if issuer_settings is not None else issuer.Settings()
        self.issuer: Issuer = self._wrap_issuer(issuer(self._issuer_settings, self.deployment))
        self.token_format = issuer.token_format
        self.store = store if store is not None else MemoryStore()
        self.shared = SharedStore()
        self.stepper = Stepper(now)
        self.server_host = Host(self.stepper, local={"store": self.store.execute})
        self.shared_host = Host(self.stepper)
        self.rs = Host(self.stepper)
        self.client = Host(self.stepper, routes={API: Route(self.rs, self._serve, inside=True)})
        self.presenter: Presenter = PlainPresenter(format_basic(CLIENT))
        for wrapper in self.wrappers:
            self.presenter = wrapper.wrap_presenter(self.presenter)
        self.clients: dict[tuple[str, int], UserClient] = {}
        self.state = self.validator.create_state()
        self.served: tuple[SigningKey, ...] = self.issuer.list_keys()
        self.server = self._build_server()
        self.restore()
        if isinstance(self.validator, BackgroundWorker):
            for flow in self.validator.list_background_tasks(self.rs, self.state):
                self.stepper.start_endless(flow, self.rs)

    def _wrap_issuer(self, issuer: Issuer) -> Issuer:
        for wrapper in self.wrappers:
            issuer = wrapper.wrap_issuer(issuer)
        return issuer

    def _build_server(self) -> AuthorizationServer:
        return build_server(self.issuer, self.deployment, lambda: self.served)

    # --- clock, network and answers ----------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """The present instant, seconds."""
        return self.stepper.now

    @property
    def calls(self) -> Mapping[str, int]:
        """Number of calls by target."""
        return self.stepper.calls

    def at(self, instant: float) -> "SteppedDeployment":
        """Run until an instant."""
        self.stepper.run(instant)
        return self

    def restore(self) -> None:
        """Restore every endpoint and every link between the servers."""
        for target in ENDPOINTS:
            route = Route(self.server_host, partial(self._call_endpoint, target))
            self.rs.routes[target] = self.client.routes[target] = route
        shared = Route(self.shared_host, self._execute)
        self.rs.routes[SHARED] = self.server_host.routes[SHARED] = shared
        self.server_host.routes[PUSHED] = Route(self.rs, self._receive)

    def answer(self, target: str, answer: Answer) -> None:
        """Give this answer to all calls of a target by the resource server."""
        self.rs.routes[target] = Route(self.server_host, lambda request: _return_answer(answer))

    def answer_all(self, answer: Answer) -> None:
        """Give this answer to every call of the resource server."""
        for target in (*ENDPOINTS, SHARED):
            self.answer(target, answer)

    def cut(self, *targets: str) -> None:
        """Make these targets unreachable for the authorization server: ``PUSHED``, ``SHARED`` or both."""
        for target in targets or (PUSHED, SHARED):
            self.server_host.routes[target] = Route(self.rs, lambda request: _return_answer(Failed("unreachable")))

    def alter(self, target: str, change: Callable[[dict[str, Any]], Any]) -> None:
        """Change the claims that a target answers, in JSON or a signed JWT."""

        def handler(request: HttpRequest) -> Flow[Reply]:
            reply = yield from self._call_endpoint(target, request)
            return reply._replace(body=change_answer(reply.body, change, self.served))

        self.rs.routes[target] = Route(self.server_host, handler)

    def _call_endpoint(self, target: str, request: HttpRequest) -> Flow[Reply]:
        endpoint: Endpoint = ENDPOINTS[target]
        for wrapper in self.wrappers:
            endpoint = wrapper.wrap_endpoint(target, endpoint)
        return endpoint(self.server_host, request, self.server)

    def _execute(self, request: SharedRequest) -> Flow[Any]:
        answer = yield Compute("shared.work", lambda: self.shared.execute(request, self.shared_host.now()))
        return answer

    def _receive(self, request: HttpRequest) -> Flow[Reply]:
        if isinstance(self.validator, PushReceiver):
            return (yield from self.validator.receive(self.rs, self.state, request))
        return Reply(404)

    # --- at the authorization server -----------------------------------------------------------------------------

    def ask(self, target: str, request: HttpRequest) -> Reply:
        """Send a request to an endpoint and return its reply."""
        reply: Reply = self.stepper.finish(self._call_endpoint(target, request), self.server_host)
        return reply

    def post(self, target: str, credentials: Credentials | None = CLIENT, /, **form: str) -> Reply:
        """Send a form to an endpoint and return its reply."""
        authorization = format_basic(credentials) if credentials else ""
        return self.ask(target, HttpRequest(authorization, urlencode(form).encode()))

    def grant(self, subject: str = "user-1", scope: str = SCOPE, user: int = 0) -> Grant:
        """Build the grant of a token of a user's client."""
        grant = Grant(subject, CLIENT.client_id, scope)
        for wrapper in self.wrappers:
            grant = wrapper.adjust_initial_grant(user, grant)
        return grant

    def issue(self, subject: str = "user-1", scope: str = SCOPE, user: int = 0) -> Issued:
        """Issue an access token."""
        flow = self.issuer.issue(self.server_host, self.grant(subject, scope, user))
        issued: Issued = self.stepper.finish(flow, self.server_host)
        return issued

    def misissue(self, **changes: Any) -> str:
        """Issue a token with these claims, and have them confirmed by introspection; ``...`` removes a claim.

        Until `restore` introspection answers so about every token.
        """
        change = build_change(changes)
        flow = misissue(self.issuer.issue(self.server_host, self.grant()), change)
        token: str = self.stepper.finish(flow, self.server_host).token
        self.alter("introspect", change)
        return token

    def revoke(self, token: str) -> None:
        """Revoke a token now, by a request of its client."""
        assert self.post("revoke", token=token).status == 200

    def refresh_token(self, token: str = "refresh-1", **changes: Any) -> str:
        """Store a refresh token of the client with a long life."""
        row = TokenRow("refresh", "user-1", CLIENT.client_id, f"{SCOPE} more", "", 0.0, 1e9)
        self.store.execute(StorePut(make_store_key(token), row._replace(**changes)))
        return token

    def rotate(self, kid: str, keep: bool = True) -> None:
        """Sign with a new key from now on; with ``keep`` the key set still has the old one."""
        old = self.served if keep else ()
        secret = partial(generate_shared_secret, kid)
        config = replace(self.deployment, make_key=partial(make_key, name=kid), shared_secret=secret)
        self.issuer = self._wrap_issuer(self._issuer_kind(self._issuer_settings, config))
        self.served = (*old, *self.issuer.list_keys())
        self.server = self._build_server()

    # --- at the client and the resource server -------------------------------------------------------------------

    def begin(self, token: str, scope: str = SCOPE, *, user: int = 0, **request: bool) -> StartedFlow:
        """Start to present a token now; ``request`` has ``sensitive`` and ``needs_user_information``."""
        return self.stepper.start(self._present(token, scope, user, request), self.client)

    def present(self, token: str, scope: str = SCOPE, *, user: int = 0, **request: bool) -> Verdict:
        """Present a token as the client of a user, and wait for the verdict."""
        verdict: Verdict = self.stepper.finish(self._present(token, scope, user, request), self.client)
        return verdict

    def present_bare(self, token: str, scope: str = SCOPE) -> Verdict:
        """Present a token without any proof by its client's key."""
        presented = PresentedToken(token, scope, uri=URI)
        verdict: Verdict = self.stepper.finish(self._validate(presented), self.rs)
        return verdict

    def _present(self, token: str, scope: str, user: int, request: Mapping[str, bool]) -> Flow[Verdict]:
        client = self.clients.setdefault((token, user), build_client(token, user))
        answer = yield from self.presenter.request(self.client, client, build_request(scope, **request))
        verdict: Verdict = answer.body
        return verdict

    def _serve(self, request: HttpRequest) -> Flow[Reply]:
        verdict = yield from self._validate(read_presented_token(request, URI))
        return Reply(verdict.status, verdict, verdict.challenge, verdict.nonce)

    def _validate(self, presented: PresentedToken) -> Flow[Verdict]:
        flow: Flow[Verdict] = self.validator.validate(self.rs, self.state, presented)
        return flow

    def present_inward(self, forwarded: str, scope: str = SCOPE) -> Verdict:
        """Present a credential that a gateway passes inwards to a service of its format."""
        kind = next(kind for kind in VALIDATORS.values() if kind.token_format == self.validator_kind.forwards)
        inner: Validator = kind(kind.Settings(), self.deployment)
        flow = inner.validate(self.rs, inner.create_state(), PresentedToken(forwarded, scope))
        verdict: Verdict = self.stepper.finish(flow, self.rs)
        return verdict


def read_kid(token: str) -> Any:
    """Read the ``kid`` of the key that a token is signed with."""
    return read_header(token).get("kid")


def _return_answer(answer: Answer) -> Flow[Answer]:
    yield Compute("nothing")
    return answer

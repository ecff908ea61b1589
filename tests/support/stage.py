"""One authorization server and one resource server, made of the real parts, services and stores, stepped by hand."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from typing import Any
from urllib.parse import quote, urlencode

from simlib.scenario.effects import Answer, Compute, Failed, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest, SharedRequest, StorePut, TokenRow
from simlib.services import ENDPOINTS, AuthorizationServer, digest_secret, make_user_claims
from simlib.stores import MemoryStore, SharedStore, TokenStore
from simlib.strategies import (
    GATEWAY_VALIDATORS,
    VALIDATORS,
    BackgroundWorker,
    Credentials,
    DeploymentConfig,
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
from simlib.tokens import KeySet, SigningKey, generate_shared_secret, make_store_key, read_header
from support.keys import key
from support.misissuing import changed_answer, changing, misissuing
from support.presenting import AT_ONCE, Plain, client_with, presented_in, template
from support.stepping import Handler, Host, Route, Started, Stepper

ISSUER, AUDIENCE = "https://as.example", "https://api.example"
SCOPE = "catalogue:read"
ELSEWHERE = "https://elsewhere.example"
URI = f"{AUDIENCE}/"
PUSHED, SHARED = "push", "shared"

# Every reserved character has to survive Basic authentication (RFC 6749 section 2.3.1, appendix B).
RESOURCE_SERVER = Credentials("resource server/1", "s:e+c r%t&=?/ü€")
CLIENT = Credentials("shop", "client secret:1")
OTHER_CLIENT = Credentials("other", "other secret")


def basic(credentials: Credentials) -> str:
    """An Authorization header, written here from the RFC and not by the code under test."""
    pair = quote(credentials.client_id, safe="") + ":" + quote(credentials.client_secret, safe="")
    return "Basic " + b64encode(pair.encode()).decode()


def deployment(lifetime_s: float = 300.0, information: Any = "userinfo", kid: str = "current") -> DeploymentConfig:
    """What the parts of the tests are told."""
    return DeploymentConfig(
        issuer=ISSUER,
        audience=AUDIENCE,
        scope=SCOPE,
        token_lifetime_s=lifetime_s,
        user_information=information,
        resource_server=RESOURCE_SERVER,
        client=CLIENT,
        user_claims=lambda subject: make_user_claims(subject, 2, 8),
        make_key=lambda algorithm: key(algorithm, kid),
    )


class Stage:
    """``validator``, ``issuer`` and ``wrappers`` are classes of the catalogue; instants are those of ``stepper.now``.

    Nothing costs time unless the test says so: ``stepper.delay`` for calls, ``rs.costs`` and ``server_host.costs`` for
    work. ``answer``, ``alter`` and ``restore`` put something else in the place of an endpoint; ``cut`` and ``restore``
    do so with what is between the servers. The resource server may be a gateway.
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
        place = "gateway" if validator in GATEWAY_VALIDATORS.values() else "service"
        told = deployment(lifetime_s, information or sources[0])
        self.deployment = replace(told, subscribers={place: (PUSHED,)})
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
        self.issuer: Issuer = self._around(issuer(self._issuer_settings, self.deployment))
        self.token_format = issuer.token_format
        self.store = store if store is not None else MemoryStore()
        self.shared = SharedStore()
        self.stepper = Stepper(now)
        self.server_host = Host(self.stepper, local={"store": self.store.execute})
        self.shared_host = Host(self.stepper)
        self.rs = Host(self.stepper)
        self.client = Host(self.stepper, routes={AT_ONCE: Route(self.rs, self._serve, inside=True)})
        self.presenter: Presenter = Plain(basic(CLIENT))
        for wrapper in self.wrappers:
            self.presenter = wrapper.wrap_presenter(self.presenter)
        self.clients: dict[tuple[str, int], UserClient] = {}
        self.state = self.validator.create_state()
        self.served: tuple[SigningKey, ...] = self.issuer.list_keys()
        self.server = self._server()
        self.restore()
        if isinstance(self.validator, BackgroundWorker):
            for flow in self.validator.list_background_tasks(self.rs, self.state):
                self.stepper.start_endless(flow, self.rs)

    def _around(self, issuer: Issuer) -> Issuer:
        for wrapper in self.wrappers:
            issuer = wrapper.wrap_issuer(issuer)
        return issuer

    def _server(self) -> AuthorizationServer:
        return AuthorizationServer(
            issuer=ISSUER,
            tokens=self.issuer,
            clients={c.client_id: digest_secret(c.client_secret) for c in (RESOURCE_SERVER, CLIENT, OTHER_CLIENT)},
            may_introspect=frozenset({RESOURCE_SERVER.client_id}),
            user_claims=self.deployment.user_claims,
            answers_with_claims=self.deployment.user_information != "userinfo",
            jwks=lambda: KeySet(tuple(signing.verification_key for signing in self.served)).to_jwks(),
            make_grant=Grant,
            sign=getattr(self.issuer, "sign", None),
            status_list=getattr(self.issuer, "status_list", None),
        )

    # --- the world -----------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """The instant, seconds."""
        return self.stepper.now

    @property
    def calls(self) -> Mapping[str, int]:
        """How often each target was called."""
        return self.stepper.calls

    def at(self, instant: float) -> "Stage":
        """Let time pass until an instant."""
        self.stepper.run(instant)
        return self

    def restore(self) -> None:
        """Every endpoint answers as it should, and everything between the servers is there."""
        for target in ENDPOINTS:
            route = Route(self.server_host, partial(self._endpoint, target))
            self.rs.routes[target] = self.client.routes[target] = route
        shared = Route(self.shared_host, self._execute)
        self.rs.routes[SHARED] = self.server_host.routes[SHARED] = shared
        self.server_host.routes[PUSHED] = Route(self.rs, self._receive)

    def answer(self, target: str, answer: Answer) -> None:
        """Let calls of a target by the resource server get this answer, whatever they ask."""
        self.rs.routes[target] = Route(self.server_host, lambda request: _returning(answer))

    def answer_all(self, answer: Answer) -> None:
        """Let every call of the resource server get this answer."""
        for target in (*ENDPOINTS, SHARED):
            self.answer(target, answer)

    def cut(self, *targets: str) -> None:
        """Let the authorization server reach nobody at these targets: ``PUSHED``, ``SHARED`` or both."""
        for target in targets or (PUSHED, SHARED):
            self.server_host.routes[target] = Route(self.rs, lambda request: _returning(Failed("unreachable")))

    def alter(self, target: str, change: Callable[[dict[str, Any]], Any]) -> None:
        """Let a change be made to what a target answers, be it JSON or a signed JWT."""

        def handler(request: HttpRequest) -> Flow[Reply]:
            reply = yield from self._endpoint(target, request)
            return reply._replace(body=changed_answer(reply.body, change, self.served))

        self.rs.routes[target] = Route(self.server_host, handler)

    def _endpoint(self, target: str, request: HttpRequest) -> Flow[Reply]:
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
        """What an endpoint answers, at once."""
        reply: Reply = self.stepper.finish(self._endpoint(target, request), self.server_host)
        return reply

    def post(self, target: str, credentials: Credentials | None = CLIENT, /, **form: str) -> Reply:
        """What an endpoint answers to a form."""
        authorization = basic(credentials) if credentials else ""
        return self.ask(target, HttpRequest(authorization, urlencode(form).encode()))

    def grant(self, subject: str = "user-1", scope: str = SCOPE, user: int = 0) -> Grant:
        """What a token of a user's client is issued for."""
        grant = Grant(subject, CLIENT.client_id, scope)
        for wrapper in self.wrappers:
            grant = wrapper.adjust_initial_grant(user, grant)
        return grant

    def issue(self, subject: str = "user-1", scope: str = SCOPE, user: int = 0) -> Issued:
        """A new access token."""
        flow = self.issuer.issue(self.server_host, self.grant(subject, scope, user))
        issued: Issued = self.stepper.finish(flow, self.server_host)
        return issued

    def misissue(self, **changes: Any) -> str:
        """A token of which the authorization server says what it should not; ``...`` leaves a claim out.

        Until `restore` it says so of every token that it is asked about.
        """
        change = changing(changes)
        flow = misissuing(self.issuer.issue(self.server_host, self.grant()), change)
        token: str = self.stepper.finish(flow, self.server_host).token
        self.alter("introspect", change)
        return token

    def revoke(self, token: str) -> None:
        """Revoke a token at this instant, as its client does."""
        assert self.post("revoke", token=token).status == 200

    def refresh_token(self, token: str = "refresh-1", **changes: Any) -> str:
        """A refresh token of the client that lives long."""
        row = TokenRow("refresh", "user-1", CLIENT.client_id, f"{SCOPE} more", "", 0.0, 1e9)
        self.store.execute(StorePut(make_store_key(token), row._replace(**changes)))
        return token

    def rotate(self, kid: str, keep: bool = True) -> None:
        """Sign with a new key from now on; the key set still has the old one when it is kept."""
        old = self.served if keep else ()
        secret = partial(generate_shared_secret, kid)
        told = replace(self.deployment, make_key=partial(key, name=kid), shared_secret=secret)
        self.issuer = self._around(self._issuer_kind(self._issuer_settings, told))
        self.served = (*old, *self.issuer.list_keys())
        self.server = self._server()

    # --- at the client and the resource server -------------------------------------------------------------------

    def begin(self, token: str, scope: str = SCOPE, *, user: int = 0, **request: bool) -> Started:
        """Present a token and let no time pass; ``request`` says whether it is sensitive or needs user information."""
        return self.stepper.start(self._present(token, scope, user, request), self.client)

    def present(self, token: str, scope: str = SCOPE, *, user: int = 0, **request: bool) -> Verdict:
        """Present a token as the client of a user does, and wait for the verdict."""
        verdict: Verdict = self.stepper.finish(self._present(token, scope, user, request), self.client)
        return verdict

    def present_bare(self, token: str, scope: str = SCOPE) -> Verdict:
        """Present a token as somebody does who has nothing but its characters."""
        presented = PresentedToken(token, scope, uri=URI)
        verdict: Verdict = self.stepper.finish(self._validate(presented), self.rs)
        return verdict

    def _present(self, token: str, scope: str, user: int, request: Mapping[str, bool]) -> Flow[Verdict]:
        client = self.clients.setdefault((token, user), client_with(token, user))
        answer = yield from self.presenter.request(self.client, client, template(scope, **request))
        verdict: Verdict = answer.body
        return verdict

    def _serve(self, request: HttpRequest) -> Flow[Reply]:
        verdict = yield from self._validate(presented_in(request, URI))
        return Reply(verdict.status, verdict, verdict.challenge, verdict.nonce)

    def _validate(self, presented: PresentedToken) -> Flow[Verdict]:
        flow: Flow[Verdict] = self.validator.validate(self.rs, self.state, presented)
        return flow

    def present_inward(self, forwarded: str, scope: str = SCOPE) -> Verdict:
        """Present what a gateway passes inwards to a service that takes its format."""
        kind = next(kind for kind in VALIDATORS.values() if kind.token_format == self.validator_kind.forwards)
        inner: Validator = kind(kind.Settings(), self.deployment)
        flow = inner.validate(self.rs, inner.create_state(), PresentedToken(forwarded, scope))
        verdict: Verdict = self.stepper.finish(flow, self.rs)
        return verdict


def kid_of(token: str) -> Any:
    """The name of the key that a token says it was signed with."""
    return read_header(token).get("kid")


def _returning(answer: Answer) -> Flow[Answer]:
    yield Compute("nothing")
    return answer


__all__ = ["Handler", "Stage", "basic", "deployment", "kid_of"]

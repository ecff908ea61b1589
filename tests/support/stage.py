"""One authorization server and one resource server, made of the real parts, services and stores, stepped by hand."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from simlib.scenario.effects import Answer, Compute, Flow, Reply
from simlib.scenario.messages import HttpRequest, StorePut, TokenRow
from simlib.scenario.verdict import Verdict
from simlib.services import ENDPOINTS, AuthorizationServer, digest_of, user_claims
from simlib.stores import MemoryStore, TokenStore
from simlib.strategies import Credentials, Deployment, Grant, Issued, Presented
from simlib.tokens import KeySet, SigningKey, header_of, store_key
from support.forging import claims_of, signed
from support.keys import key
from support.stepping import Handler, Host, Route, Started, Stepper

ISSUER, AUDIENCE = "https://as.example", "https://api.example"
SCOPE = "catalogue:read"
ELSEWHERE = "https://elsewhere.example"

# Every reserved character has to survive Basic authentication (RFC 6749 section 2.3.1, appendix B).
RESOURCE_SERVER = Credentials("resource server/1", "s:e+c r%t&=?/ü€")
CLIENT = Credentials("shop", "client secret:1")
OTHER_CLIENT = Credentials("other", "other secret")


def basic(credentials: Credentials) -> str:
    """An Authorization header, written here from the RFC and not by the code under test."""
    pair = quote(credentials.client_id, safe="") + ":" + quote(credentials.client_secret, safe="")
    return "Basic " + b64encode(pair.encode()).decode()


def deployment(lifetime_s: float = 300.0, information: Any = "userinfo", kid: str = "current") -> Deployment:
    """What the parts of the tests are told."""
    return Deployment(
        issuer=ISSUER,
        audience=AUDIENCE,
        scope=SCOPE,
        token_lifetime_s=lifetime_s,
        user_information=information,
        resource_server=RESOURCE_SERVER,
        client=CLIENT,
        user_claims=lambda subject: user_claims(subject, 2, 8),
        make_key=lambda algorithm: key(algorithm, kid),
    )


class Stage:
    """``validator`` and ``issuer`` are classes of the catalogue; instants are those of ``stepper.now``.

    Nothing costs time unless the test says so: ``stepper.delay`` for calls, ``rs.costs`` and ``server_host.costs`` for
    work. ``answer``, ``alter`` and ``restore`` put something else in the place of an endpoint.
    """

    def __init__(
        self,
        validator: type[Any],
        issuer: type[Any],
        *,
        settings: Any = None,
        issuer_settings: Any = None,
        lifetime_s: float = 300.0,
        information: str | None = None,
        store: TokenStore | None = None,
    ) -> None:
        self.deployment = deployment(lifetime_s, information or validator.user_information_sources[0])
        self.settings = settings if settings is not None else validator.Settings()
        self.validator = validator(self.settings, self.deployment)
        self._issuer_settings = issuer_settings if issuer_settings is not None else issuer.Settings()
        self.issuer = issuer(self._issuer_settings, self.deployment)
        self.token_format = issuer.token_format
        self.store = store if store is not None else MemoryStore()
        self.stepper = Stepper()
        self.server_host = Host(self.stepper, local={"store": self.store.execute})
        self.rs = Host(self.stepper)
        self.state = self.validator.initial_state()
        self.served: tuple[SigningKey, ...] = self.issuer.keys()
        self.server = AuthorizationServer(
            issuer=ISSUER,
            tokens=self.issuer,
            clients={c.client_id: digest_of(c.client_secret) for c in (RESOURCE_SERVER, CLIENT, OTHER_CLIENT)},
            may_introspect=frozenset({RESOURCE_SERVER.client_id}),
            user_claims=self.deployment.user_claims,
            answers_with_claims=self.deployment.user_information == "introspection",
            jwks=lambda: KeySet(tuple(signing.verification_key for signing in self.served)).to_jwks(),
            make_grant=Grant,
        )
        self.restore()

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
        """Every endpoint answers as it should."""
        for target in ENDPOINTS:
            self.rs.routes[target] = Route(self.server_host, partial(self._endpoint, target))

    def answer(self, target: str, answer: Answer) -> None:
        """Let calls of a target get this answer, whatever they ask."""
        self.rs.routes[target] = Route(self.server_host, lambda request: _returning(answer))

    def answer_all(self, answer: Answer) -> None:
        """Let every call to the authorization server get this answer."""
        for target in ENDPOINTS:
            self.answer(target, answer)

    def alter(self, target: str, change: Callable[[dict[str, Any]], Any]) -> None:
        """Let a change be made to the JSON of what a target answers."""

        def handler(request: HttpRequest) -> Flow[Reply]:
            reply = yield from self._endpoint(target, request)
            return reply._replace(body=json.dumps(change(json.loads(reply.body))).encode())

        self.rs.routes[target] = Route(self.server_host, handler)

    def _endpoint(self, target: str, request: HttpRequest) -> Flow[Reply]:
        return ENDPOINTS[target](self.server_host, request, self.server)

    # --- at the authorization server -----------------------------------------------------------------------------

    def ask(self, target: str, request: HttpRequest) -> Reply:
        """What an endpoint answers, at once."""
        reply: Reply = self.stepper.finish(self._endpoint(target, request), self.server_host)
        return reply

    def post(self, target: str, credentials: Credentials | None = CLIENT, /, **form: str) -> Reply:
        """What an endpoint answers to a form."""
        authorization = basic(credentials) if credentials else ""
        return self.ask(target, HttpRequest(authorization, urlencode(form).encode()))

    def issue(self, subject: str = "user-1", scope: str = SCOPE) -> Issued:
        """A new access token."""
        grant = Grant(subject, CLIENT.client_id, scope)
        issued: Issued = self.stepper.finish(self.issuer.issue(self.server_host, grant), self.server_host)
        return issued

    def misissue(self, **changes: Any) -> str:
        """A token of which the authorization server says what it should not; ``...`` leaves a claim out."""
        token = self.issue().token
        if self.token_format == "jwt":
            claims = claims_of(token)
            return signed(_changed(claims, changes), self.issuer.keys()[0])
        self.alter("introspect", lambda answer: _changed(answer, changes))
        return token

    def revoke(self, token: str) -> None:
        """Revoke a token at this instant, as its client does."""
        assert self.post("revoke", token=token).status == 200

    def refresh_token(self, token: str = "refresh-1", **changes: Any) -> str:
        """A refresh token of the client that lives long."""
        row = TokenRow("refresh", "user-1", CLIENT.client_id, f"{SCOPE} more", "", 0.0, 1e9)
        self.store.execute(StorePut(store_key(token), row._replace(**changes)))
        return token

    def rotate(self, kid: str, keep: bool = True) -> None:
        """Sign with a new key from now on; the key set still has the old one when it is kept."""
        old = self.served if keep else ()
        self.issuer = type(self.issuer)(
            self._issuer_settings, replace(self.deployment, make_key=partial(key, name=kid))
        )
        self.served = (*old, *self.issuer.keys())
        self.server = replace(self.server, tokens=self.issuer)

    # --- at the resource server ----------------------------------------------------------------------------------

    def begin(self, token: str, scope: str = SCOPE) -> Started:
        """Present a token and let no time pass."""
        return self.stepper.start(self._validate(token, scope), self.rs)

    def present(self, token: str, scope: str = SCOPE) -> Verdict:
        """Present a token and wait for the verdict."""
        verdict: Verdict = self.stepper.finish(self._validate(token, scope), self.rs)
        return verdict

    def _validate(self, token: str, scope: str) -> Flow[Verdict]:
        flow: Flow[Verdict] = self.validator.validate(self.rs, self.state, Presented(token, scope))
        return flow


def kid_of(token: str) -> Any:
    """The name of the key that a token says it was signed with."""
    return header_of(token).get("kid")


def _changed(claims: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**claims, **changes}.items() if value is not ...}


def _returning(answer: Answer) -> Flow[Answer]:
    yield Compute("nothing")
    return answer


__all__ = ["Handler", "Stage", "basic", "deployment", "kid_of"]

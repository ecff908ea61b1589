"""Clients of every kind at a real authorization server, stepped by hand, where a test can look at each message."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from simlib.flows import Client
from simlib.scenario.design import RefreshPolicy
from simlib.scenario.effects import Answer, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services import DEVICE_CODE, ENDPOINTS, TOKEN_EXCHANGE, AuthorizationServer, Registration, digest_secret
from simlib.stores import MemoryStore
from simlib.strategies import Grant, JwtAccessToken
from simlib.tokens import KeySet, SigningKey
from support.stage import AUDIENCE, ISSUER, deployment
from support.stepping import Host, Route, Stepper

INNER = "https://inner.example"
USER, PASSWORD = "user-1", "correct horse"
SIGN_IN = frozenset({"authorization_code", "refresh_token"})
WEB = Client("web app/1", "web secret+1", ISSUER, "https://web.example/callback", "openid read", USER, PASSWORD)
SPA = Client("spa", "", ISSUER, "https://spa.example/", "openid read", USER, PASSWORD)
MOBILE = Client("mobile", "", ISSUER, "com.example.app:/callback?from=as", "openid read", USER, PASSWORD)
MACHINE = Client("machine", "machine secret", ISSUER, "", "read")
DEVICE = Client("device", "", ISSUER, "", "read", USER, PASSWORD, approval_s=12.0)
REGISTERED: Mapping[str, frozenset[str]] = {
    WEB.client_id: SIGN_IN,
    SPA.client_id: SIGN_IN,
    MOBILE.client_id: SIGN_IN,
    MACHINE.client_id: frozenset({"client_credentials", TOKEN_EXCHANGE}),
    DEVICE.client_id: frozenset({DEVICE_CODE, "refresh_token"}),
}
KNOWN = (WEB, SPA, MOBILE, MACHINE, DEVICE)
EVERYTHING = "openid profile read write"


class SignInStage:
    """``said`` are the messages in their order: target, the form that was sent, and the answer.

    ``alter`` puts another answer in the place of what a target gave.
    """

    def __init__(self, rotation: bool = False, issuer: Any = None) -> None:
        self.stepper = Stepper()
        self.client_host = Host(self.stepper)
        self.server_host = Host(self.stepper, local={"store": MemoryStore().execute})
        self.issuer = issuer or JwtAccessToken(JwtAccessToken.Settings(algorithm="ES256"), deployment())
        self.server = _server(self.issuer, rotation)
        self.said: list[tuple[str, dict[str, str], Answer]] = []
        self.alter: Callable[[str, Reply], Answer] = lambda target, reply: reply
        for target in ENDPOINTS:
            self.client_host.routes[target] = Route(self.server_host, partial(self._call_endpoint, target))

    def obtain(self, kind: type[Any], client: Client, **settings: Any) -> Any:
        """What a flow comes to."""
        flow = kind(kind.Settings(**settings), client)
        return self.stepper.finish(flow.obtain(self.client_host), self.client_host)

    def messages(self) -> list[str]:
        """The targets of all messages, in their order."""
        return [target for target, _, _ in self.said]

    def sent(self, target: str) -> list[dict[str, str]]:
        """The forms that were sent to a target."""
        return [form for name, form, _ in self.said if name == target]

    def _call_endpoint(self, target: str, request: HttpRequest) -> Flow[Answer]:
        reply = yield from ENDPOINTS[target](self.server_host, request, self.server)
        answer = self.alter(target, reply)
        self.said.append((target, dict(parse_qsl(request.body.decode())), answer))
        return answer


def _server(issuer: Any, rotation: bool) -> AuthorizationServer:
    served: tuple[SigningKey, ...] = issuer.list_keys()
    return AuthorizationServer(
        issuer=ISSUER,
        tokens=issuer,
        clients={client.client_id: digest_secret(client.secret) for client in KNOWN if client.secret},
        may_introspect=frozenset(),
        user_claims=deployment().user_claims,
        answers_with_claims=False,
        jwks=lambda: KeySet(tuple(signing.verification_key for signing in served)).to_jwks(),
        make_grant=Grant,
        public_clients=frozenset(client.client_id for client in KNOWN if not client.secret),
        registrations={
            client.client_id: Registration(
                REGISTERED[client.client_id], frozenset({client.redirect_uri} - {""}), EVERYTHING
            )
            for client in KNOWN
        },
        audiences=frozenset({AUDIENCE, INNER}),
        refresh=RefreshPolicy(rotation),
        sign=getattr(issuer, "sign", None),
        sign_in=lambda login, password: (login, password) == (USER, PASSWORD),
    )

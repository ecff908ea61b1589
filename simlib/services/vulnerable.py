"""Vulnerable authorization servers: endpoints that each lack one check, as attack targets; no scenario can name one.

The implicit grant (RFC 6749 section 4.2; RFC 9700 section 2.1.2), the password grant (RFC 6749 section 4.3; RFC 9700
section 2.4), redirect URIs compared by prefix (RFC 9700 section 4.1), introspection without authentication (RFC 7662
section 2.1), codes valid for several uses (RFC 6749 section 4.1.2), no PKCE (RFC 9700 section 2.1.1), and refresh
tokens of public clients without rotation (RFC 9700 section 2.2.2). `VULNERABLE_SERVERS` lists them by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from simlib.scenario.design import RefreshPolicy
from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest, StoreConsume, StoreGet, TokenRow
from simlib.scenario.world import ClientKind
from simlib.services.authorization_code import authorize, make_code_key
from simlib.services.authorization_server import AuthorizationServer, Registration
from simlib.services.client_authentication import digest_secret, identify
from simlib.services.http import parse_form, reply_error, reply_json
from simlib.services.issuance import issue_access_token
from simlib.services.token_endpoint import GRANTS, redeem_grant
from simlib.services.token_verification import introspect


def read_form(request: HttpRequest) -> dict[str, str]:
    """Parse the form of a request."""
    return dict(parse_qsl(request.body.decode("ascii", "replace")))


def replace_form(request: HttpRequest, form: Mapping[str, str]) -> HttpRequest:
    """Return the request with another form."""
    return request._replace(body=urlencode(form).encode())


def grant_implicitly(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Authorize with the implicit grant too: response_type=token is answered with the token in the redirect."""
    parameters = yield from parse_form(request.body)
    if parameters.get("response_type") != "token":
        return (yield from authorize(ctx, request, server))
    client_id, redirect_uri = parameters.get("client_id", ""), parameters.get("redirect_uri", "")
    scope = server.resolve_scope(client_id, parameters.get("scope"))
    login, password = parameters.get("login", ""), parameters.get("password", "")
    is_user = yield Compute("user.authenticate", partial(server.sign_in, login, password))
    if redirect_uri not in server.find_registration(client_id).redirect_uris or scope is None or not is_user:
        return (yield from reply_error(400, "invalid_request"))
    _, answer = yield from issue_access_token(ctx, server, server.make_grant(login, client_id, scope))
    fragment = urlencode({**answer, "state": parameters.get("state", "")})
    return Reply(302, f"{redirect_uri}#{fragment}".encode())


class _RedirectUriPrefixes(frozenset[str]):
    """Contains every URI that begins with the scheme and host of one of its elements."""

    def __contains__(self, uri: object) -> bool:
        return isinstance(uri, str) and any(uri.startswith(_find_origin(registered)) for registered in self)


def authorize_without_exact_redirects(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Authorize, with redirect URIs compared by prefix."""
    loose = {name: _loosen(registered) for name, registered in server.registrations.items()}
    return (yield from authorize(ctx, request, replace(server, registrations=loose)))


def _loosen(registered: Registration) -> Registration:
    return replace(registered, redirect_uris=_RedirectUriPrefixes(registered.redirect_uris))


def _find_origin(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


GUEST = "guest"
_GUEST_CREDENTIALS = "Basic Z3Vlc3Q6Z3Vlc3Q="  # guest:guest


def introspect_without_authentication(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Introspect, with a caller without credentials accepted as a guest."""
    if request.authorization:
        return (yield from introspect(ctx, request, server))
    guests = {**server.clients, GUEST: digest_secret(GUEST)}
    loose = replace(server, clients=guests, may_introspect=server.may_introspect | {GUEST})
    return (yield from introspect(ctx, request._replace(authorization=_GUEST_CREDENTIALS), loose))


def redeem_password(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Redeem a grant, with the password grant accepted too."""
    caller = yield from identify(request, server)
    if caller is None or caller.parameters.get("grant_type") != "password":
        return (yield from redeem_grant(ctx, request, server))
    login, password = caller.parameters.get("username", ""), caller.parameters.get("password", "")
    is_user = yield Compute("user.authenticate", partial(server.sign_in, login, password))
    scope = server.resolve_scope(caller.client_id, caller.parameters.get("scope"))
    if not is_user or scope is None:
        return (yield from reply_error(400, "invalid_grant"))
    _, answer = yield from issue_access_token(ctx, server, server.make_grant(login, caller.client_id, scope))
    return (yield from reply_json(answer))


CODE_KEY_PREFIX = make_code_key("")[: len("code:")]


def redeem_repeatedly(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Redeem a grant, with codes read instead of consumed."""
    flow, answer = redeem_grant(ctx, request, server), None
    while True:
        try:
            effect: Any = flow.send(answer)
        except StopIteration as stop:
            reply: Reply = stop.value
            return reply
        if isinstance(effect, Call) and isinstance(effect.request, StoreConsume) and _is_code(effect.request.key):
            row = yield effect._replace(request=StoreGet(effect.request.key))
            answer = None if row is None else TokenRow(*row)._replace(revoked_at=None)
        else:
            answer = yield effect


def _is_code(key: str) -> bool:
    return key.startswith(CODE_KEY_PREFIX)


PKCE_PARAMETERS = frozenset({"code_challenge", "code_challenge_method", "code_verifier"})


def authorize_without_pkce(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Authorize, with the code challenge dropped and required from no client."""
    form = {name: value for name, value in read_form(request).items() if name not in PKCE_PARAMETERS}
    clients = {**server.clients, **dict.fromkeys(server.public_clients, b"")}
    return (yield from authorize(ctx, replace_form(request, form), replace(server, clients=clients)))


def redeem_without_pkce(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Redeem a grant, with the code verifier dropped."""
    caller = yield from identify(request, server)
    if caller is None or caller.parameters.get("grant_type") != "authorization_code":
        return (yield from redeem_grant(ctx, request, server))
    parameters = {name: value for name, value in caller.parameters.items() if name not in PKCE_PARAMETERS}
    # As a confidential client: of a public one the grant requires PKCE, which this server does not implement.
    client = caller._replace(is_public=False, parameters=parameters)
    return (yield from GRANTS["authorization_code"](ctx, client, server))


def refresh_without_rotation(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Redeem a grant, with every client that refreshes treated as a confidential one."""
    caller = yield from identify(request, server)
    if caller is None or caller.parameters.get("grant_type") != "refresh_token":
        return (yield from redeem_grant(ctx, request, server))
    loose = replace(server, refresh=RefreshPolicy(False, server.refresh.lifetime_s))
    return (yield from GRANTS["refresh_token"](ctx, caller._replace(is_public=False), loose))


class VulnerableServer(NamedTuple):
    """Endpoints that replace the secure ones of the same targets.

    ``kinds``: the kinds of client with which it is attacked; none for servers that only serve a vulnerable flow.
    """

    name: str
    summary: str
    endpoints: Mapping[str, Callable[[Context, HttpRequest, AuthorizationServer], Flow[Reply]]]
    kinds: tuple[ClientKind, ...] = ()


VULNERABLE_SERVERS: Mapping[str, VulnerableServer] = MappingProxyType(
    {
        server.name: server
        for server in (
            VulnerableServer("implicit_grant", "answers with tokens in redirects", {"authorize": grant_implicitly}),
            VulnerableServer("password_grant", "accepts users' passwords from clients", {"token": redeem_password}),
            VulnerableServer(
                "without_pkce",
                "does not implement PKCE",
                {"authorize": authorize_without_pkce, "token": redeem_without_pkce},
            ),
            VulnerableServer("reusable_codes", "accepts a code repeatedly", {"token": redeem_repeatedly}, ("web",)),
            VulnerableServer(
                "without_rotation", "accepts a refresh token repeatedly", {"token": refresh_without_rotation}, ("spa",)
            ),
            VulnerableServer(
                "lax_redirects",
                "compares redirect URIs by prefix",
                {"authorize": authorize_without_exact_redirects},
                ("web", "spa"),
            ),
            VulnerableServer(
                "open_introspection",
                "introspects without authentication",
                {"introspect": introspect_without_authentication},
                ("web",),
            ),
        )
    }
)

__all__ = ["VULNERABLE_SERVERS", "VulnerableServer"]

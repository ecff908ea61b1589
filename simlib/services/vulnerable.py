"""Authorization servers that lack one check, to show what goes wrong without it. No scenario can name one.

Forms taken apart and put together again, for endpoints that leave something out.

A victim: a server that still does the implicit grant (RFC 6749 section 4.2; RFC 9700 section 2.1.2).

A victim: takes any redirect URI that begins like a registered one (RFC 9700 section 4.1).

A victim: tells everybody what a token stands for (RFC 7662 section 2.1 wants to know who asks).

A victim: a server that still takes users' passwords from clients (RFC 6749 section 4.3; RFC 9700 section 2.4).

A victim: codes are good as often as they come (RFC 6749 section 4.1.2 wants one use).

A victim: a server that has never heard of PKCE (RFC 9700 section 2.1.1).

A victim: refresh tokens of public clients are good as often as they come (RFC 9700 section 2.2.2).
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
from simlib.services.authorization_server import AuthorizationServer, Registration
from simlib.services.authorize import authorize
from simlib.services.client_authentication import digest_secret, identify
from simlib.services.grants import GRANTS
from simlib.services.grants.authorization_code import make_code_key
from simlib.services.grants.issuance import issue_access_token
from simlib.services.http import parse_form, reply_error, reply_json
from simlib.services.introspect import introspect
from simlib.services.token import redeem_grant


def read_form(request: HttpRequest) -> dict[str, str]:
    """The parameters of a form."""
    return dict(parse_qsl(request.body.decode("ascii", "replace")))


def replace_form(request: HttpRequest, form: Mapping[str, str]) -> HttpRequest:
    """The same request with another form."""
    return request._replace(body=urlencode(form).encode())


def authorize_with_implicit_grant(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The authorization endpoint, which answers response_type=token with the token itself, in the address."""
    parameters = yield from parse_form(request.body)
    if parameters.get("response_type") != "token":
        return (yield from authorize(ctx, request, server))
    client_id, redirect_uri = parameters.get("client_id", ""), parameters.get("redirect_uri", "")
    scope = server.resolve_scope(client_id, parameters.get("scope"))
    login, password = parameters.get("login", ""), parameters.get("password", "")
    known = yield Compute("user.authenticate", partial(server.sign_in, login, password))
    if redirect_uri not in server.find_registration(client_id).redirect_uris or scope is None or not known:
        return (yield from reply_error(400, "invalid_request"))
    _, answer = yield from issue_access_token(ctx, server, server.make_grant(login, client_id, scope))
    fragment = urlencode({**answer, "state": parameters.get("state", "")})
    return Reply(302, f"{redirect_uri}#{fragment}".encode())


class _RedirectUriPrefixes(frozenset[str]):
    """Contains every text that begins with the scheme and host of one of its own."""

    def __contains__(self, asked: object) -> bool:
        return isinstance(asked, str) and any(asked.startswith(_find_origin(known)) for known in self)


def authorize_without_exact_redirects(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The authorization endpoint of a server that compares redirect URIs by their beginnings."""
    lax = {name: _loosen(registered) for name, registered in server.registrations.items()}
    return (yield from authorize(ctx, request, replace(server, registrations=lax)))


def _loosen(registered: Registration) -> Registration:
    return replace(registered, redirect_uris=_RedirectUriPrefixes(registered.redirect_uris))


def _find_origin(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


GUEST = "guest"
_GUEST_CREDENTIALS = "Basic Z3Vlc3Q6Z3Vlc3Q="  # guest:guest


def introspect_without_authentication(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The introspection endpoint, at which whoever does not say who it is counts as a guest."""
    if request.authorization:
        return (yield from introspect(ctx, request, server))
    guests = {**server.clients, GUEST: digest_secret(GUEST)}
    lax = replace(server, clients=guests, may_introspect=server.may_introspect | {GUEST})
    return (yield from introspect(ctx, request._replace(authorization=_GUEST_CREDENTIALS), lax))


def redeem_password(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The token endpoint, which knows one grant more."""
    caller = yield from identify(request, server)
    if caller is None or caller.parameters.get("grant_type") != "password":
        return (yield from redeem_grant(ctx, request, server))
    login, password = caller.parameters.get("username", ""), caller.parameters.get("password", "")
    known = yield Compute("user.authenticate", partial(server.sign_in, login, password))
    scope = server.resolve_scope(caller.client_id, caller.parameters.get("scope"))
    if not known or scope is None:
        return (yield from reply_error(400, "invalid_grant"))
    _, answer = yield from issue_access_token(ctx, server, server.make_grant(login, caller.client_id, scope))
    return (yield from reply_json(answer))


CODE_KEY_PREFIX = make_code_key("")[: len("code:")]


def redeem_reusable_code(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The token endpoint, which reads a code instead of using it up."""
    flow, answer = redeem_grant(ctx, request, server), None
    while True:
        try:
            effect: Any = flow.send(answer)
        except StopIteration as stop:
            reply: Reply = stop.value
            return reply
        if isinstance(effect, Call) and isinstance(effect.request, StoreConsume) and _is_code(effect.request.key):
            found = yield effect._replace(request=StoreGet(effect.request.key))
            answer = None if found is None else TokenRow(*found)._replace(revoked_at=None)
        else:
            answer = yield effect


def _is_code(key: str) -> bool:
    return key.startswith(CODE_KEY_PREFIX)


PKCE_PARAMETERS = frozenset({"code_challenge", "code_challenge_method", "code_verifier"})


def authorize_without_pkce(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The authorization endpoint, which drops the challenge and asks nobody for one."""
    asked = {name: value for name, value in read_form(request).items() if name not in PKCE_PARAMETERS}
    everybody = {**server.clients, **dict.fromkeys(server.public_clients, b"")}
    return (yield from authorize(ctx, replace_form(request, asked), replace(server, clients=everybody)))


def redeem_without_pkce(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The token endpoint, which drops the verifier."""
    caller = yield from identify(request, server)
    if caller is None or caller.parameters.get("grant_type") != "authorization_code":
        return (yield from redeem_grant(ctx, request, server))
    sent = {name: value for name, value in caller.parameters.items() if name not in PKCE_PARAMETERS}
    # As if it had a secret: from a public client the grant would want the proof that this server does not know.
    known = caller._replace(is_public=False, parameters=sent)
    return (yield from GRANTS["authorization_code"](ctx, known, server))


def refresh_without_rotation(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The token endpoint, which treats every client that refreshes as one with a secret."""
    caller = yield from identify(request, server)
    if caller is None or caller.parameters.get("grant_type") != "refresh_token":
        return (yield from redeem_grant(ctx, request, server))
    lenient = replace(server, refresh=RefreshPolicy(False, server.refresh.lifetime_s))
    return (yield from GRANTS["refresh_token"](ctx, caller._replace(is_public=False), lenient))


class VulnerableServer(NamedTuple):
    """Endpoints that stand in the place of the sound ones of the same target.

    ``kinds``: the clients with which its carelessness is shown; none for servers that only play along with a flow.
    """

    name: str
    summary: str
    endpoints: Mapping[str, Callable[[Context, HttpRequest, AuthorizationServer], Flow[Reply]]]
    kinds: tuple[ClientKind, ...] = ()


VULNERABLE_SERVERS: Mapping[str, VulnerableServer] = MappingProxyType(
    {
        server.name: server
        for server in (
            VulnerableServer(
                "implicit_grant", "answers with tokens in addresses", {"authorize": authorize_with_implicit_grant}
            ),
            VulnerableServer("password_grant", "takes users' passwords from clients", {"token": redeem_password}),
            VulnerableServer(
                "without_pkce",
                "has never heard of PKCE",
                {"authorize": authorize_without_pkce, "token": redeem_without_pkce},
            ),
            VulnerableServer(
                "reusable_codes", "takes a code as often as it comes", {"token": redeem_reusable_code}, ("web",)
            ),
            VulnerableServer(
                "without_rotation",
                "takes a refresh token as often as it comes",
                {"token": refresh_without_rotation},
                ("spa",),
            ),
            VulnerableServer(
                "lax_redirects",
                "compares redirect URIs by their beginnings",
                {"authorize": authorize_without_exact_redirects},
                ("web", "spa"),
            ),
            VulnerableServer(
                "open_introspection",
                "tells everybody what a token stands for",
                {"introspect": introspect_without_authentication},
                ("web",),
            ),
        )
    }
)

__all__ = ["VULNERABLE_SERVERS", "VulnerableServer"]

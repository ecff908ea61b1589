"""A victim: a server that has never heard of PKCE (RFC 9700 section 2.1.1)."""

from dataclasses import replace

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.authorize import authorize
from simlib.services.client_authentication import identify
from simlib.services.grants import GRANTS
from simlib.services.token import token
from simlib.services.victims.messages import form_of, with_form

IGNORED = frozenset({"code_challenge", "code_challenge_method", "code_verifier"})


def authorize_without_pkce(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The authorization endpoint, which drops the challenge and asks nobody for one."""
    asked = {name: value for name, value in form_of(request).items() if name not in IGNORED}
    everybody = {**server.clients, **dict.fromkeys(server.public_clients, b"")}
    return (yield from authorize(ctx, with_form(request, asked), replace(server, clients=everybody)))


def token_without_pkce(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The token endpoint, which drops the verifier."""
    caller = yield from identify(request, server)
    if caller is None or caller.parameters.get("grant_type") != "authorization_code":
        return (yield from token(ctx, request, server))
    sent = {name: value for name, value in caller.parameters.items() if name not in IGNORED}
    # As if it had a secret: from a public client the grant would want the proof that this server does not know.
    known = caller._replace(public=False, parameters=sent)
    return (yield from GRANTS["authorization_code"](ctx, known, server))

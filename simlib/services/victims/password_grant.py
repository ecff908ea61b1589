"""A victim: a server that still takes users' passwords from clients (RFC 6749 section 4.3; RFC 9700 section 2.4)."""

from functools import partial

from simlib.scenario.effects import Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import identify
from simlib.services.grants.issuing import access_token
from simlib.services.http import error, json_reply
from simlib.services.token import token


def password_grant(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The token endpoint, which knows one grant more."""
    caller = yield from identify(request, server)
    if caller is None or caller.parameters.get("grant_type") != "password":
        return (yield from token(ctx, request, server))
    login, password = caller.parameters.get("username", ""), caller.parameters.get("password", "")
    known = yield Compute("user.authenticate", partial(server.sign_in, login, password))
    scope = server.scope_for(caller.client_id, caller.parameters.get("scope"))
    if not known or scope is None:
        return (yield from error(400, "invalid_grant"))
    _, answer = yield from access_token(ctx, server, server.make_grant(login, caller.client_id, scope))
    return (yield from json_reply(answer))

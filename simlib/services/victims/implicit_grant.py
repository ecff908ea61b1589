"""A victim: a server that still does the implicit grant (RFC 6749 section 4.2; RFC 9700 section 2.1.2)."""

from functools import partial
from urllib.parse import urlencode

from simlib.scenario.effects import Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.authorize import authorize
from simlib.services.grants.issuing import access_token
from simlib.services.http import error, form


def implicit_grant(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The authorization endpoint, which answers response_type=token with the token itself, in the address."""
    parameters = yield from form(request.body)
    if parameters.get("response_type") != "token":
        return (yield from authorize(ctx, request, server))
    client_id, redirect_uri = parameters.get("client_id", ""), parameters.get("redirect_uri", "")
    scope = server.scope_for(client_id, parameters.get("scope"))
    login, password = parameters.get("login", ""), parameters.get("password", "")
    known = yield Compute("user.authenticate", partial(server.sign_in, login, password))
    if redirect_uri not in server.registration(client_id).redirect_uris or scope is None or not known:
        return (yield from error(400, "invalid_request"))
    _, answer = yield from access_token(ctx, server, server.make_grant(login, client_id, scope))
    fragment = urlencode({**answer, "state": parameters.get("state", "")})
    return Reply(302, f"{redirect_uri}#{fragment}".encode())

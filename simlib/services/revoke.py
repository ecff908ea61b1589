"""The revocation endpoint (RFC 7009)."""

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import authenticate
from simlib.services.http import error, form


def revoke(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Authenticate the client and let the token be inactive; an unknown token is no error (section 2.2)."""
    client_id = yield from authenticate(request.authorization, server.clients)
    if client_id is None:
        return (yield from error(401, "invalid_client"))
    parameters = yield from form(request.body)
    token = parameters.get("token")
    if not token:
        return (yield from error(400, "invalid_request"))
    row = yield from server.tokens.inspect(ctx, token)
    if row is not None and row.client_id == client_id:
        yield from server.tokens.revoke(ctx, token)
    return Reply(200)

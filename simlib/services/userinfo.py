"""The userinfo endpoint (OpenID Connect Core section 5.3): claims about the user for whoever holds the access token."""

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.http import json_reply


def userinfo(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Look the access token up and answer with the user's claims."""
    scheme, _, token = request.authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        return Reply(401, b"", "Bearer")  # no error code for who presented no token (RFC 6750 section 3.1)
    row = yield from server.tokens.inspect(ctx, token)
    if row is None:
        return Reply(401, b"", 'Bearer error="invalid_token"')
    return (yield from json_reply({"sub": row.subject, **server.user_claims(row.subject)}))

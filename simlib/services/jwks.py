"""The key set endpoint (RFC 7517 section 5, found through RFC 8414 metadata)."""

from simlib.scenario.effects import Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer


def serve_jwks(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The public keys; open to everybody."""
    body = yield Compute("jwks.serve", server.jwks)
    return Reply(200, body)

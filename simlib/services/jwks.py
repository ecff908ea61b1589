"""JWKS endpoint: publishes the key set (RFC 7517 section 5; ``jwks_uri`` of RFC 8414 section 2)."""

from simlib.scenario.effects import Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer


def serve_jwks(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Reply with the public keys, without authentication."""
    body = yield Compute("jwks.serve", server.jwks)
    return Reply(200, body)

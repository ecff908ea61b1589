"""Status list endpoint: publishes the Status List Token (draft-ietf-oauth-status-list section 8.1)."""

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer


def serve_status_list(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Reply with the signed list, without authentication because it identifies no user; 404 when there is none."""
    if server.status_list is None:
        return Reply(404)
    body = yield from server.status_list(ctx)
    return Reply(200, body)

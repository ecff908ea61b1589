"""Where the Status List Token is fetched (draft-ietf-oauth-status-list): the list of which tokens are still good."""

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer


def serve_status_list(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The signed list, open to everybody because it names nobody; 404 when this server keeps none."""
    if server.status_list is None:
        return Reply(404)
    body = yield from server.status_list(ctx)
    return Reply(200, body)

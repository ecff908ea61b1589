"""A victim: refresh tokens of public clients are good as often as they come (RFC 9700 section 2.2.2)."""

from dataclasses import replace

from simlib.scenario.design import RefreshPolicy
from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import identify
from simlib.services.grants import GRANTS
from simlib.services.token import token


def without_rotation(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The token endpoint, which treats every client that refreshes as one with a secret."""
    caller = yield from identify(request, server)
    if caller is None or caller.parameters.get("grant_type") != "refresh_token":
        return (yield from token(ctx, request, server))
    lenient = replace(server, refresh=RefreshPolicy(False, server.refresh.lifetime_s))
    return (yield from GRANTS["refresh_token"](ctx, caller._replace(public=False), lenient))

"""The token endpoint (RFC 6749 section 3.2): what a client redeems there is a grant, one file each in ``grants``."""

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import identify
from simlib.services.grants import GRANTS
from simlib.services.http import reply_error, reply_invalid_client


def redeem_grant(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Find out which client calls and hand over to the grant that it names, if the client may use it."""
    caller = yield from identify(request, server)
    if caller is None:
        return (yield from reply_invalid_client())
    kind = caller.parameters.get("grant_type")
    if kind not in GRANTS:
        return (yield from reply_error(400, "unsupported_grant_type" if kind else "invalid_request"))
    if kind not in server.find_registration(caller.client_id).grant_types:
        return (yield from reply_error(400, "unauthorized_client"))
    return (yield from GRANTS[kind](ctx, caller, server))

"""Token endpoint (RFC 6749 section 3.2): a client redeems a grant; each grant type has a file in ``grants``."""

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import identify
from simlib.services.grants import GRANTS
from simlib.services.http import reply_error, reply_invalid_client


def redeem_grant(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Identify the client and redeem the grant that it requests, if it may use that grant type."""
    caller = yield from identify(request, server)
    if caller is None:
        return (yield from reply_invalid_client())
    grant_type = caller.parameters.get("grant_type")
    if grant_type not in GRANTS:
        return (yield from reply_error(400, "unsupported_grant_type" if grant_type else "invalid_request"))
    if grant_type not in server.find_registration(caller.client_id).grant_types:
        return (yield from reply_error(400, "unauthorized_client"))
    return (yield from GRANTS[grant_type](ctx, caller, server))

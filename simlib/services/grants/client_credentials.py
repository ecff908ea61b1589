"""Client credentials grant (RFC 6749 section 4.4): no user, and no refresh token (section 4.4.3)."""

from simlib.scenario.effects import Context, Flow, Reply
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import Caller
from simlib.services.grants.issuance import issue_access_token
from simlib.services.http import reply_error, reply_json


def redeem_client_credentials(ctx: Context, caller: Caller, server: AuthorizationServer) -> Flow[Reply]:
    """Issue an access token whose subject is the client itself (RFC 9068 section 2.2), to confidential clients only."""
    if caller.is_public:
        return (yield from reply_error(400, "unauthorized_client"))
    scope = server.resolve_scope(caller.client_id, caller.parameters.get("scope"))
    if scope is None:
        return (yield from reply_error(400, "invalid_scope"))
    _, answer = yield from issue_access_token(ctx, server, server.make_grant(caller.client_id, caller.client_id, scope))
    return (yield from reply_json(answer))

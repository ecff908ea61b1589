"""Token endpoint (RFC 6749 section 3.2): a client redeems a grant of one of the types in `GRANTS`."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_code import redeem_authorization_code
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import Caller, identify
from simlib.services.device_authorization import DEVICE_CODE, redeem_device_code
from simlib.services.http import reply_error, reply_invalid_client
from simlib.services.machine_to_machine import exchange_token, redeem_client_credentials
from simlib.services.refresh_token import redeem_refresh_token

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"

GRANTS: Mapping[str, Callable[[Context, Caller, AuthorizationServer], Flow[Reply]]] = MappingProxyType(
    {
        "authorization_code": redeem_authorization_code,
        "client_credentials": redeem_client_credentials,
        "refresh_token": redeem_refresh_token,
        DEVICE_CODE: redeem_device_code,
        TOKEN_EXCHANGE: exchange_token,
    }
)
"""Grant types by their names on the wire.

Without the implicit and the password grant, on purpose (RFC 9700 sections 2.1.2 and 2.4).
"""


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

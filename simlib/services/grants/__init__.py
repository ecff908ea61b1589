"""Grant types of the token endpoint, one per file, by their names on the wire."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from simlib.scenario.effects import Context, Flow, Reply
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import Caller
from simlib.services.grants.authorization_code import redeem_authorization_code
from simlib.services.grants.client_credentials import redeem_client_credentials
from simlib.services.grants.device_code import redeem_device_code
from simlib.services.grants.refresh_token import redeem_refresh_token
from simlib.services.grants.token_exchange import exchange_token

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
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
"""Without the implicit and the password grant, on purpose (RFC 9700 sections 2.1.2 and 2.4)."""

__all__ = ["DEVICE_CODE", "GRANTS", "TOKEN_EXCHANGE"]

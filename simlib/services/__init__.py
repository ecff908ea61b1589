"""What the servers answer: one endpoint per file, each a generator of effects.

``ENDPOINTS`` maps the targets of the authorization server to their generators.
"""

from collections.abc import Callable, Mapping

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.api import Api, api
from simlib.services.authorization_server import AuthorizationServer, Registration
from simlib.services.authorize import authorize
from simlib.services.client_authentication import digest_of
from simlib.services.device_authorization import device_authorization, device_verification
from simlib.services.gateway import Gateway, gateway
from simlib.services.grants import DEVICE_CODE, GRANTS, TOKEN_EXCHANGE
from simlib.services.http import presented_token
from simlib.services.introspect import introspect
from simlib.services.jwks import jwks
from simlib.services.operations import ENDPOINT_OPERATIONS, FAMILY_ENDED, GRANT_OPERATIONS, ROTATION
from simlib.services.rate_limit import limited
from simlib.services.revocations import revocations
from simlib.services.revoke import revoke
from simlib.services.status_list import status_list
from simlib.services.token import token
from simlib.services.userinfo import claim_names, user_claims, userinfo

Endpoint = Callable[[Context, HttpRequest, AuthorizationServer], Flow[Reply]]

ENDPOINTS: Mapping[str, Endpoint] = {
    "authorize": authorize,
    "device_authorization": device_authorization,
    "device_verification": device_verification,
    "token": token,
    "introspect": introspect,
    "revoke": revoke,
    "revocations": revocations,
    "status_list": status_list,
    "jwks": jwks,
    "userinfo": userinfo,
}

__all__ = [
    "DEVICE_CODE",
    "ENDPOINTS",
    "ENDPOINT_OPERATIONS",
    "FAMILY_ENDED",
    "GRANTS",
    "GRANT_OPERATIONS",
    "ROTATION",
    "TOKEN_EXCHANGE",
    "Api",
    "AuthorizationServer",
    "Gateway",
    "Registration",
    "api",
    "claim_names",
    "digest_of",
    "gateway",
    "limited",
    "presented_token",
    "user_claims",
]

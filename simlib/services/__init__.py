"""Endpoints of the servers, each a generator of effects from a request to a reply.

``ENDPOINTS`` maps the targets of the authorization server to their generators.
"""

from collections.abc import Callable, Mapping

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.api import ResourceServer, serve_api
from simlib.services.authorization_code import authorize
from simlib.services.authorization_server import AuthorizationServer, Registration
from simlib.services.client_authentication import digest_secret
from simlib.services.device_authorization import DEVICE_CODE, authorize_device, verify_user_code
from simlib.services.gateway import Gateway, serve_gateway
from simlib.services.http import parse_authorization
from simlib.services.operations import ENDPOINT_OPERATIONS, FAMILY_REVOCATION, GRANT_OPERATIONS, ROTATION
from simlib.services.rate_limit import limit_rate
from simlib.services.revocation import list_revocations, revoke, serve_status_list
from simlib.services.token_endpoint import GRANTS, TOKEN_EXCHANGE, redeem_grant
from simlib.services.token_verification import introspect, serve_jwks
from simlib.services.userinfo import list_claim_names, make_user_claims, serve_userinfo

Endpoint = Callable[[Context, HttpRequest, AuthorizationServer], Flow[Reply]]

ENDPOINTS: Mapping[str, Endpoint] = {
    "authorize": authorize,
    "device_authorization": authorize_device,
    "device_verification": verify_user_code,
    "token": redeem_grant,
    "introspect": introspect,
    "revoke": revoke,
    "revocations": list_revocations,
    "status_list": serve_status_list,
    "jwks": serve_jwks,
    "userinfo": serve_userinfo,
}

__all__ = [
    "DEVICE_CODE",
    "ENDPOINTS",
    "ENDPOINT_OPERATIONS",
    "FAMILY_REVOCATION",
    "GRANTS",
    "GRANT_OPERATIONS",
    "ROTATION",
    "TOKEN_EXCHANGE",
    "AuthorizationServer",
    "Gateway",
    "Registration",
    "ResourceServer",
    "digest_secret",
    "limit_rate",
    "list_claim_names",
    "make_user_claims",
    "parse_authorization",
    "serve_api",
    "serve_gateway",
]

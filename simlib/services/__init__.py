"""What the servers answer: one endpoint per file, each a generator of effects.

``ENDPOINTS`` maps the targets of the authorization server to their generators.
"""

from collections.abc import Callable, Mapping

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.api import Api, api
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import digest_of
from simlib.services.introspect import introspect
from simlib.services.jwks import jwks
from simlib.services.revoke import revoke
from simlib.services.token import token
from simlib.services.user_claims import claim_names, user_claims
from simlib.services.userinfo import userinfo

Endpoint = Callable[[Context, HttpRequest, AuthorizationServer], Flow[Reply]]

ENDPOINTS: Mapping[str, Endpoint] = {
    "token": token,
    "introspect": introspect,
    "revoke": revoke,
    "jwks": jwks,
    "userinfo": userinfo,
}

__all__ = ["ENDPOINTS", "Api", "AuthorizationServer", "api", "claim_names", "digest_of", "user_claims"]

"""Authentication of clients: confidential clients and resource servers use HTTP Basic (RFC 6749 section 2.3.1), public
clients have no secret and only send their client_id (section 3.2.1).
"""

import hmac
from base64 import b64decode
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from simlib.scenario.effects import Compute, Flow, new_tuple
from simlib.scenario.encodings import decode_form_value
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.http import parse_form

_UNKNOWN_CLIENT = sha256(b"").digest()


class Caller(NamedTuple):
    """The calling client, whether it is a public one, and the parameters of its form."""

    client_id: str
    is_public: bool
    parameters: Mapping[str, str]


def digest_secret(secret: str) -> bytes:
    """Return the digest that the server stores; a plain hash suffices because a secret is random, not a password."""
    return sha256(secret.encode()).digest()


def authenticate(authorization: str, registered: Mapping[str, bytes]) -> Flow[str | None]:
    """Return the id of the authenticated client, or None; ``registered`` maps ids to digests of their secrets."""
    check = partial(_check_credentials, authorization, registered)
    client_id: str | None = yield new_tuple(Compute, ("client.authenticate", check))
    return client_id


def identify(request: HttpRequest, server: AuthorizationServer) -> Flow[Caller | None]:
    """Authenticate a confidential client or identify a public one; None when it is neither."""
    client_id = yield from authenticate(request.authorization, server.clients)
    if client_id is None and (request.authorization or not server.public_clients):
        return None
    parameters = yield from parse_form(request.body)
    if client_id is not None:
        return Caller(client_id, False, parameters)
    claimed_id = parameters.get("client_id", "")
    # A client with a secret must use it: its name alone is no proof.
    is_public = claimed_id in server.public_clients and claimed_id not in server.clients
    return Caller(claimed_id, True, parameters) if is_public else None


def _check_credentials(authorization: str, registered: Mapping[str, bytes]) -> str | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    client_id = decode_form_value(client_id)
    # Compared in constant time, also for unknown ids, so that the time taken reveals nothing.
    matches = hmac.compare_digest(registered.get(client_id, _UNKNOWN_CLIENT), digest_secret(decode_form_value(secret)))
    return client_id if colon and client_id in registered and matches else None

"""Who is calling: clients and resource servers authenticate with HTTP Basic (RFC 6749 section 2.3.1)."""

import hmac
from base64 import b64decode
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from urllib.parse import unquote_plus

from simlib.scenario.effects import Compute, Flow

_NOBODY = sha256(b"").digest()


def digest_of(secret: str) -> bytes:
    """What the server keeps of a client secret; a plain hash will do because the secret is random, not a password."""
    return sha256(secret.encode()).digest()


def authenticate(authorization: str, registered: Mapping[str, bytes]) -> Flow[str | None]:
    """The client's id, or None; ``registered`` maps ids to `digest_of` their secrets."""
    client_id: str | None = yield Compute("client.authenticate", partial(_check, authorization, registered))
    return client_id


def _check(authorization: str, registered: Mapping[str, bytes]) -> str | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    client_id = unquote_plus(client_id)
    # Compared in constant time, and also for unknown ids, so that the time taken tells nothing.
    matches = hmac.compare_digest(registered.get(client_id, _NOBODY), digest_of(unquote_plus(secret)))
    return client_id if colon and client_id in registered and matches else None

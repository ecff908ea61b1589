"""Userinfo endpoint (OpenID Connect Core section 5.3) and the claims that it returns for an access token.

The claims have the number and length that the world sets; they differ by user and are the same in every run.
"""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from types import MappingProxyType

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.http import reply_json


def serve_userinfo(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Look the access token up and reply with the user's claims."""
    scheme, _, token = request.authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        return Reply(401, b"", "Bearer")  # no error code without a token (RFC 6750 section 3.1)
    row = yield from server.tokens.inspect(ctx, token)
    if row is None:
        return Reply(401, b"", 'Bearer error="invalid_token"')
    return (yield from reply_json({"sub": row.subject, **server.user_claims(row.subject)}))


CLAIMS = ("name", "given_name", "family_name", "email", "preferred_username", "locale", "zoneinfo", "phone_number")
"""Standard claims of OpenID Connect Core section 5.1; additional ones are numbered."""


def list_claim_names(count: int) -> tuple[str, ...]:
    """Return the names of the first ``count`` claims."""
    return (*CLAIMS[:count], *(f"claim_{number:03d}" for number in range(len(CLAIMS), count)))


@lru_cache(maxsize=65_536)
def make_user_claims(subject: str, count: int, value_bytes: int) -> Mapping[str, str]:
    """Return ``count`` claims of a user with values of ``value_bytes`` characters."""
    return MappingProxyType({name: _make_value(f"{subject}/{name}", value_bytes) for name in list_claim_names(count)})


def _make_value(seed: str, length: int) -> str:
    text = ""
    while len(text) < length:
        text += blake2b(f"{seed}/{len(text)}".encode(), digest_size=32).hexdigest()
    return text[:length]
